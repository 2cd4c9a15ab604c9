// Learning paths: those on offer, and one with its courses, how far the person is, and the way on and off it.

import { ApiError, ask } from '../api.js'
import { fill, h, icon } from '../dom.js'
import { due } from '../due.js'
import { date } from '../format.js'
import { t } from '../i18n.js'
import { follow } from '../live.js'
import { progressBar } from '../outline.js'
import { press } from '../problem.js'
import { go, href } from '../router.js'
import { session } from '../session.js'

/** @import { LearningPathQuery, LearningPathsQuery, LearningPathsQueryVariables } from '../../../types/api.js' */
/** @import { Page, Visit } from '../router.js' */
/** @typedef {LearningPathsQuery['learningPaths']['nodes'][number]} Offer */
/** @typedef {NonNullable<LearningPathQuery['learningPath']>} Path */
/** @typedef {NonNullable<Path['enrollment']>} Mine */
/** @typedef {Mine['steps'][number]} Step */

/** How many paths are shown at a time. */
const pageSize = 20

/**
 * @param {Visit} visit
 * @returns {Promise<Page>}
 */
export async function pathsPage({ signal }) {
  const list = h('ul', { class: 'cards' })
  const more = h('p', { class: 'row' })
  const told = h('p', { role: 'alert', class: 'alert' })
  /** @param {string | null} after */
  const show = async (after) => {
    /** @type {LearningPathsQueryVariables} */
    const wanted = { first: pageSize, after }
    const { learningPaths: { nodes, pageInfo } } = await ask('learning-paths', wanted, { signal })
    list.append(...nodes.map(offerCard))
    const button = h('button', { type: 'button', class: 'quiet', click: () => press(button, told, () => show(pageInfo.endCursor)) }, t('paths.more'))
    fill(more, pageInfo.hasNextPage && button)
  }
  await show(null)
  const nothing = list.childElementCount === 0 && h('p', { class: 'empty' }, t('paths.nothing'))
  return { title: t('paths'), content: h('div', {}, h('h1', {}, t('paths.title')), nothing, list, more, told), wide: true }
}

/** @param {Offer} path */
function offerCard({ slug, title, description, courses, enrollment }) {
  return h('li', { class: 'card' },
    h('h2', {}, h('a', { href: href(`/paths/${slug}`) }, title)),
    h('p', { class: 'lead' }, description),
    h('p', { class: 'facts' }, h('span', {}, t('paths.courses', { n: courses.length }))),
    enrollment?.state === 'COMPLETED' && h('p', { class: 'good' }, icon('check'), t('paths.completed')),
    enrollment?.state === 'ACTIVE' && [
      progressBar(percent(enrollment)).element,
      h('p', { class: 'facts' }, t('paths.reached', { done: enrollment.reachedCount, of: enrollment.neededCount }))])
}

/** @param {{ reachedCount: number, neededCount: number }} place */
function percent({ reachedCount, neededCount }) {
  return neededCount === 0 ? 0 : Math.round(100 * reachedCount / neededCount)
}

/**
 * @param {string} pathSlug
 * @param {AbortSignal} signal
 * @returns {Promise<Path>}
 */
async function read(pathSlug, signal) {
  const { learningPath } = await ask('learning-path', { pathSlug }, { signal })
  if (!learningPath) throw new ApiError('NOT_FOUND', 'There is no such learning path.')
  return learningPath
}

/**
 * @param {Visit} visit
 * @returns {Promise<Page>}
 */
export async function pathPage({ params, signal }) {
  const slug = params.path ?? ''
  const path = await read(slug, signal)
  const content = h('article', { class: 'coursepage' })
  const refresh = () => void read(slug, signal).then((now) => draw(content, now), () => {})
  draw(content, path)
  // A course that is completed elsewhere opens the next one here.
  if (session() && path.enrollment?.state === 'ACTIVE') void follow('enrollment-changed', {}, { onData: refresh, signal })
  return { title: path.title, content, wide: true }
}

/**
 * @param {HTMLElement} content
 * @param {Path} path
 */
function draw(content, path) {
  const mine = path.enrollment
  const on = mine?.state === 'ACTIVE' || mine?.state === 'COMPLETED'
  const heading = content.querySelector('h1') ?? h('h1', {}, path.title)
  fill(content,
    h('header', { class: 'hero' }, heading, h('p', { class: 'lead' }, path.description), h('p', { class: 'facts' }, rule(path))),
    h('div', { class: 'columns' },
      h('section', { 'aria-labelledby': 'steps' }, h('h2', { id: 'steps' }, t('paths.steps')),
        h('ol', { class: 'steps' }, mine && on ? mine.steps.map(stepRow) : path.courses.map(courseRow))),
      h('aside', { class: 'card side', 'aria-label': t('paths.yours') }, mine && on ? standing(mine, path) : wayIn(path))))
}

/** @param {Path} path */
function rule({ need, count, ordered }) {
  const asked = need === 'ALL' ? t('paths.needAll') : t('paths.needSome', { n: need === 'ANY' ? 1 : count })
  return [h('span', {}, asked), ordered && h('span', {}, t('paths.ordered'))]
}

/** @param {Path['courses'][number]} part */
function courseRow({ required, course }) {
  return h('li', { class: 'card' }, name(course), about(course, required))
}

/** @param {{ slug: string, title: string } | null} course */
function name(course) {
  return h('h3', {}, course ? h('a', { href: href(`/courses/${course.slug}`) }, course.title) : t('paths.away'))
}

/**
 * @param {{ summary?: string } | null} course
 * @param {boolean} required
 */
function about(course, required) {
  return [course?.summary && h('p', {}, course.summary), !required && h('p', { class: 'facts' }, h('span', {}, t('outline.optional')))]
}

/** @param {Step} step */
function stepRow({ state, required, course, enrollment }) {
  const known = course ?? enrollment?.course ?? null
  const learning = state === 'OPEN' && enrollment?.state === 'ACTIVE'
  return h('li', { class: 'card', 'data-state': state },
    name(known), about(course, required),
    state === 'COMPLETED' && h('p', { class: 'good' }, icon('check'), t('state.COMPLETED')),
    state === 'LOCKED' && h('p', { class: 'facts' }, icon('lock'), t('paths.locked')),
    learning && progressBar(enrollment.progress.percent).element)
}

/**
 * @param {Mine} mine
 * @param {Path} path
 */
function standing(mine, path) {
  const done = mine.state === 'COMPLETED'
  const told = h('p', { role: 'alert', class: 'alert' })
  const leave = h('button', { type: 'button', class: 'quiet', click: () => press(leave, told, async () => {
    await ask('withdraw-from-path', { pathEnrollmentId: mine.id })
    again()
  }) }, t('paths.leave'))
  const next = mine.steps.find(({ state, course }) => state === 'OPEN' && course)?.course
  return [
    progressBar(done ? 100 : percent(mine)).element,
    h('p', {}, t('paths.reached', { done: mine.reachedCount, of: mine.neededCount })),
    done && h('p', { class: 'good' }, icon('check'), mine.completedAt ? t('my.completedOn', { date: date(mine.completedAt) }) : t('paths.completed')),
    !done && due(mine.dueAt),
    !done && next && h('a', { class: 'button', href: href(`/courses/${next.slug}`), 'aria-label': `${t('paths.next')}: ${next.title}` }, t('paths.next')),
    !done && [leave, told],
    path.state === 'ARCHIVED' && h('p', { class: 'facts' }, t('paths.archived')),
  ]
}

/** @param {Path} path */
function wayIn(path) {
  if (path.enrollment?.state === 'REVOKED') return h('p', { class: 'note' }, t('paths.revoked'))
  if (path.state !== 'PUBLISHED') return h('p', { class: 'note' }, t('paths.archived'))
  if (!path.selfEnroll) return h('p', { class: 'note' }, t('paths.byStaff'))
  if (!session()) return h('a', { class: 'button', href: href('/sign-in', { to: location.pathname }) }, t('paths.signIn'))
  const told = h('p', { role: 'alert', class: 'alert' })
  const button = h('button', { type: 'button', click: () => press(button, told, async () => {
    await ask('enroll-in-path', { pathId: path.id })
    again()
  }) }, t('paths.enroll'))
  return [button, told]
}

function again() {
  go(location.pathname, { replace: true, focus: false })
}
