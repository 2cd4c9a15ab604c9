// A course: what it is about, what is in it, and the way in.

import { ApiError, ask } from '../api.js'
import { h, icon } from '../dom.js'
import { due } from '../due.js'
import { date, duration, languageName, price } from '../format.js'
import { show } from '../html.js'
import { t } from '../i18n.js'
import { whatIsLeft } from '../left.js'
import { follow } from '../live.js'
import { lessons, outline, place, progressBar } from '../outline.js'
import { places } from '../places.js'
import { press } from '../problem.js'
import { go, href } from '../router.js'
import { session } from '../session.js'
import { answers, coming, standing } from '../standing.js'

/** @import { EnrollmentChangedSubscription } from '../../../types/api.js' */
/** @import { Standing } from '../standing.js' */
/** @import { Course } from '../outline.js' */
/** @import { Page, Visit } from '../router.js' */

/**
 * Fetches a course by its slug, or by its id, which search engines give.
 *
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<Course>}
 */
export async function readCourse(name, signal) {
  const byId = name.startsWith('crs_')
  const { course } = await ask('course', byId ? { byId: name } : { slug: name }, { signal })
  if (!course) return readKept(name, signal)
  if (byId) history.replaceState(history.state, '', location.pathname.replace(name, course.slug) + location.search)
  return course
}

/**
 * A course that has left the catalog is kept by those who have a place in it.
 *
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<Course>}
 */
async function readKept(name, signal) {
  const mine = session() ? (await places(signal)).find(({ course }) => course.slug === name || course.id === name) : undefined
  const { node } = mine ? await ask('place', { enrollmentId: mine.id }, { signal }) : { node: null }
  if (node?.__typename !== 'Enrollment') throw new ApiError('NOT_FOUND', 'There is no such course.')
  return { ...node.course, enrollment: node }
}

/**
 * @param {Visit} visit
 * @returns {Promise<Page>}
 */
export async function coursePage({ params, signal }) {
  const course = await readCourse(params.course ?? '', signal)
  const mine = place(course)
  const left = mine && mine.state !== 'COMPLETED' ? await whatIsLeft(mine.id, signal) : null
  const content = h('article', { class: 'coursepage' },
    h('header', { class: 'hero' },
      h('p', { class: 'facts' }, course.categories.map(({ slug, name }) => h('a', { href: href('/', { category: slug }) }, name)), h('span', {}, t(`level.${course.level}`)), h('span', {}, languageName(course.language))),
      h('h1', { lang: course.language }, course.title),
      h('p', { class: 'lead', lang: course.language }, course.summary),
      course.instructor && h('p', {}, t('course.by', { name: course.instructor.name }))),
    h('div', { class: 'columns' },
      h('div', {},
        course.description && h('section', { class: 'prose', lang: course.language, 'aria-label': t('course.about') }, show(h('div'), course.description)),
        h('section', { 'aria-labelledby': 'outline' }, h('h2', { id: 'outline' }, t('course.outline')), outline(course).element)),
      h('aside', { class: 'card side', 'aria-label': t('course.yours') }, entry(course), left, facts(course))))
  // A seat may become free, and a payment arrive, while somebody looks at the page.
  const held = course.enrollment
  if (held && coming.includes(held.state)) void follow('enrollment-changed', {}, { onData: (data) => void hear(data, held, signal).catch(() => {}), signal })
  return { title: course.title, content, wide: true }
}

/**
 * Shows the page again when the place is another than it was. At the start of the stream it is looked up: it may have
 * changed between the page and the stream.
 *
 * @param {EnrollmentChangedSubscription} data
 * @param {Standing} held
 * @param {AbortSignal} signal
 */
async function hear({ enrollmentChanged: { enrollment } }, held, signal) {
  const now = enrollment ?? (await ask('place', { enrollmentId: held.id }, { signal })).node
  if (now && 'state' in now && now.id === held.id && now.state !== held.state) again()
}

function again() {
  go(location.pathname, { replace: true, focus: false })
}

/** @param {Course} course */
function entry(course) {
  const mine = place(course)
  if (mine) return [mine.state === 'COMPLETED' ? completed(course) : goOn(course)]
  const held = course.enrollment
  const stands = held && standing(held)
  const note = stands && h('p', { class: 'note' }, stands)
  if (held && coming.includes(held.state)) return [held.state === 'PENDING_PAYMENT' && cost(course), note, answers(held, course.title, again)]
  if (held?.state === 'REVOKED') return [note]
  return [note, wayIn(course)]
}

/** @param {Course} course */
function wayIn(course) {
  const missing = course.prerequisites.filter(({ enrollment }) => enrollment?.state !== 'COMPLETED')
  const before = missing.length > 0 && h('div', { class: 'note' }, h('p', {}, t('course.before')),
    h('ul', {}, missing.map(({ slug, title }) => h('li', {}, h('a', { href: href(`/courses/${slug}`) }, title)))))
  if (!session()) {
    return [cost(course), before, h('a', { class: 'button', href: href('/sign-in', { to: location.pathname }) }, t('course.signIn'))]
  }
  const told = h('p', { role: 'alert', class: 'alert' })
  const button = h('button', { type: 'button', click: () => press(button, told, async () => {
    await ask('enroll', { courseId: course.id })
    again()
  }) }, t('course.enroll'))
  return [cost(course), before, button, told]
}

/** @param {Course} course */
function cost(course) {
  return h('p', { class: 'price' }, course.price ? price(course.price) : t('catalog.free'))
}

/** @param {Course} course */
function goOn(course) {
  const mine = place(course)
  if (!mine) return null
  const next = mine.nextLesson ?? lessons(course)[0]
  return h('div', {},
    progressBar(mine.progress.percent).element,
    h('p', {}, t('course.done', { done: mine.progress.completedRequired, of: mine.progress.requiredLessons })),
    due(mine.dueAt),
    next && h('a', { class: 'button', href: href(`/courses/${course.slug}/lessons/${next.id}`) },
      mine.progress.state === 'NOT_STARTED' ? t('course.start') : t('course.continue')),
    next && h('p', { class: 'next' }, t('course.next', { title: next.title })))
}

/** @param {Course} course */
function completed(course) {
  const certificate = place(course)?.certificate
  return h('div', {},
    h('p', { class: 'good' }, icon('check'), t('course.completed')),
    certificate && h('a', { class: 'button', href: new URL(certificate.verifyUrl, location.href).pathname }, icon('award'), t('certificate')),
    !certificate && course.hasCertificate && h('p', {}, t('course.certificateComes')))
}

/** @param {Course} course */
function facts(course) {
  const version = place(course)?.course ?? course
  const rows = [
    [t('course.lessons'), String(version.lessonCount)],
    [t('course.films'), version.durationMs > 0 ? duration(version.durationMs) : ''],
    [t('course.certificate'), course.hasCertificate ? t('yes') : t('no')],
    [t('course.version'), `${version.version} · ${date(course.publishedAt)}`],
  ]
  return h('dl', {}, rows.filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))))
}
