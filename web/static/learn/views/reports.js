// For who teaches: how the learners of each course get on.

import { ask } from '../api.js'
import { fill, h } from '../dom.js'
import { clock, date, percent } from '../format.js'
import { t } from '../i18n.js'
import { explain, press } from '../problem.js'
import { href } from '../router.js'

/** @import { CourseQuery, CourseReportsQuery, LessonDropOffQuery } from '../../../types/api.js' */
/** @import { Page, Visit } from '../router.js' */
/** @typedef {CourseReportsQuery['courseDrafts']} Courses */
/** @typedef {Courses['nodes'][number]} Course */
/** @typedef {Course['report']} Report */

/** How many courses come at a time. */
const pageSize = 10

/** How many films of a course are shown at most. */
const mostFilms = 20

/**
 * @param {Visit} visit
 * @returns {Promise<Page>}
 */
export async function reports({ signal }) {
  const list = h('div', { class: 'reports' })
  const more = h('div', { class: 'row' })
  const told = h('p', { role: 'alert', class: 'alert' })
  const add = async (/** @type {string | null} */ after) => {
    const { courseDrafts } = /** @type {CourseReportsQuery} */ (await ask('course-reports', { first: pageSize, after }, { signal }))
    list.append(...courseDrafts.nodes.map((course) => section(course, signal)))
    const { hasNextPage, endCursor } = courseDrafts.pageInfo
    const button = h('button', { type: 'button', class: 'quiet', click: () => press(button, told, () => add(endCursor)) }, t('catalog.more'))
    fill(more, hasNextPage && button)
  }
  await add(null)
  const content = h('div', {}, h('h1', {}, t('reports.title')),
    list.childElementCount === 0 && h('p', { class: 'empty' }, t('reports.nothing')), list, more, told)
  return { title: t('reports'), content, wide: true }
}

/**
 * @param {Course} course
 * @param {AbortSignal} signal
 */
function section({ id: courseId, slug, title, report }, signal) {
  const id = `report-${slug}`
  return h('section', { class: 'card report', 'aria-labelledby': id },
    h('h2', { id }, h('a', { href: href(`/courses/${slug}`) }, title)),
    h('p', { class: 'facts' },
      h('span', {}, t('reports.learners', { n: report.learners })),
      h('span', {}, t('reports.lately', { n: report.completions.reduce((sum, day) => sum + day.learners, 0) })),
      report.stuckCount > 0 && h('span', { class: 'bad' }, t('reports.stuck', { n: report.stuckCount }))),
    report.learners > 0 && h('div', { class: 'figures' }, spread(report), report.stuck.length > 0 && stuck(report)),
    report.learners > 0 && films(courseId, slug, signal))
}

/**
 * How far the learners are, in words and as bars.
 *
 * @param {Report} report
 */
function spread({ learners, notStarted, completed, progress }) {
  /** @type {[string, number][]} */
  const rows = [
    [t('state.NOT_STARTED'), notStarted],
    ...progress.map((quarter) => /** @type {[string, number]} */ ([t('reports.quarter', { from: quarter.fromPercent, to: quarter.toPercent }), quarter.learners])),
    [t('state.COMPLETED'), completed],
  ]
  return h('table', { class: 'spread' }, h('caption', {}, t('reports.spread')),
    h('thead', { class: 'unseen' }, h('tr', {}, h('th', { scope: 'col' }, t('reports.done')), h('th', { scope: 'col' }, t('reports.people')))),
    h('tbody', {}, rows.map(([label, n]) => h('tr', {}, h('th', { scope: 'row' }, label), h('td', {}, bar(n, learners), String(n))))))
}

/**
 * A bar for the eye alone: the number stands beside it.
 *
 * @param {number} n
 * @param {number} of
 */
function bar(n, of) {
  return h('progress', { max: Math.max(1, of), value: n, 'aria-hidden': 'true' })
}

/** @param {Report} report */
function stuck({ stuck, stuckCount }) {
  const head = (/** @type {string} */ text) => h('th', { scope: 'col' }, text)
  return h('div', { class: 'scrolls', tabindex: 0, role: 'region', 'aria-label': t('reports.stuckTitle') },
    h('table', { class: 'stuck' }, h('caption', {}, t('reports.stuckTitle')),
      h('thead', {}, h('tr', {}, head(t('reports.person')), head(t('progress')), head(t('reports.since')), head(t('reports.failed')))),
      h('tbody', {}, stuck.map(({ enrollment, since, failedAttempts }) => h('tr', {},
        h('th', { scope: 'row' }, enrollment.learner?.name ?? t('reports.somebody')),
        h('td', {}, percent(enrollment.progress.percent)),
        h('td', {}, date(since)),
        h('td', {}, failedAttempts > 0 ? String(failedAttempts) : '–'))))),
    stuckCount > stuck.length && h('p', { class: 'facts' }, t('reports.others', { n: stuckCount - stuck.length })))
}

/**
 * Who stays in the films of a course, minute by minute: read when somebody wants to see it.
 *
 * @param {string} courseId
 * @param {string} slug
 * @param {AbortSignal} signal
 */
function films(courseId, slug, signal) {
  const inside = h('div', { 'aria-live': 'polite' })
  let asked = false
  const read = async () => {
    if (asked || !details.open) return
    asked = true
    try {
      const { course } = /** @type {CourseQuery} */ (await ask('course', { slug }, { signal }))
      const videos = (course?.modules ?? []).flatMap(({ lessons }) => lessons).filter(({ kind }) => kind === 'VIDEO').slice(0, mostFilms)
      const told = await Promise.all(videos.map(({ id }) => /** @type {Promise<LessonDropOffQuery>} */ (ask('lesson-drop-off', { courseId, lessonId: id }, { signal }))))
      fill(inside, videos.length === 0 && h('p', {}, t('reports.noFilms')),
        h('div', { class: 'figures' }, videos.map(({ title }, i) => stayed(title, told[i]?.lessonDropOff ?? null))))
    } catch (error) {
      asked = false
      if (!signal.aborted) fill(inside, h('p', { class: 'alert' }, explain(error)))
    }
  }
  const details = h('details', { toggle: () => void read() }, h('summary', {}, t('reports.films')), inside)
  return details
}

/**
 * @param {string} title
 * @param {LessonDropOffQuery['lessonDropOff']} film
 */
function stayed(title, film) {
  const { learners = null, minutes = [] } = film ?? {}
  if (learners === null) return h('p', {}, h('strong', {}, title), ' · ', t('reports.tooFew'))
  return h('table', { class: 'spread' }, h('caption', {}, `${title} · ${t('reports.watched', { n: learners })}`),
    h('thead', { class: 'unseen' }, h('tr', {}, h('th', { scope: 'col' }, t('reports.minute')), h('th', { scope: 'col' }, t('reports.people')))),
    h('tbody', {}, minutes.map((n, i) => h('tr', {}, h('th', { scope: 'row' }, clock(i * 60_000)), h('td', {}, bar(n, learners), String(n))))))
}
