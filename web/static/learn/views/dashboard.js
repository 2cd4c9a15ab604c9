// What the person learns: in progress, completed, certificates.

import { fill, h, icon } from '../dom.js'
import { due } from '../due.js'
import { date } from '../format.js'
import { t } from '../i18n.js'
import { follow } from '../live.js'
import { progressBar } from '../outline.js'
import { places } from '../places.js'
import { href } from '../router.js'
import { answers, coming, ended, standing } from '../standing.js'
import { engagement } from './engagement.js'

/** @import { App } from '../app.js' */
/** @import { Place } from '../places.js' */
/** @import { Page, Visit } from '../router.js' */

/**
 * @param {App} app
 * @param {Visit} visit
 * @returns {Promise<Page>}
 */
export async function dashboard(app, { signal }) {
  const content = h('div', {})
  const [all, earned] = await Promise.all([places(signal), engagement(signal)])
  const refresh = () => void places(signal).then((all) => draw(content, all, earned, refresh), () => {})
  draw(content, all, earned, refresh)
  // A certificate that was being made is there when its notification arrives.
  app.inbox?.addEventListener('arrived', refresh, { signal })
  // What happens in another window, or on another device, shows here too.
  void follow('enrollment-changed', {}, { onData: refresh, signal })
  return { title: t('my'), content, wide: true }
}

/**
 * @param {HTMLElement} content
 * @param {Place[]} all
 * @param {HTMLElement | null} earned
 * @param {() => void} refresh
 */
function draw(content, all, earned, refresh) {
  const waiting = all.filter(({ state }) => coming.includes(state))
  const active = all.filter(({ state }) => state === 'ACTIVE')
  const done = all.filter(({ state }) => state === 'COMPLETED')
  const over = all.filter(({ state }) => ended.includes(state))
  const certified = all.filter(({ certificate }) => certificate)
  const heading = content.querySelector('h1') ?? h('h1', {}, t('my'))
  fill(content, heading,
    waiting.length + active.length + done.length === 0 && h('div', { class: 'empty' }, h('p', {}, t('my.nothing')), h('a', { class: 'button', href: href('/') }, t('toCatalog'))),
    group('waiting', t('my.waiting'), waiting.map((place) => waitingCard(place, refresh))),
    group('active', t('my.active'), active.map(activeCard)),
    earned,
    group('done', t('my.done'), done.map(doneCard)),
    group('certificates', t('my.certificates'), certified.map(certificateCard)),
    group('over', t('my.over'), over.map(overCard)))
}

/**
 * @param {string} id
 * @param {string} title
 * @param {Node[]} cards
 */
function group(id, title, cards) {
  if (cards.length === 0) return null
  return h('section', { 'aria-labelledby': id }, h('h2', { id }, title), h('ul', { class: 'cards' }, cards))
}

/**
 * @param {Place} place
 * @param {() => void} refresh
 */
function waitingCard(place, refresh) {
  const { course } = place
  return h('li', { class: 'card' },
    h('h3', {}, h('a', { href: href(`/courses/${course.slug}`) }, course.title)),
    h('p', {}, standing(place)),
    answers(place, course.title, refresh))
}

/** @param {Place} place */
function overCard(place) {
  return h('li', { class: 'card' },
    h('h3', {}, h('a', { href: href(`/courses/${place.course.slug}`) }, place.course.title)),
    h('p', {}, standing(place)))
}

/** @param {Place} place */
function activeCard({ course, progress, nextLesson, dueAt }) {
  const to = nextLesson ? `/courses/${course.slug}/lessons/${nextLesson.id}` : `/courses/${course.slug}`
  return h('li', { class: 'card' },
    h('h3', {}, h('a', { href: href(`/courses/${course.slug}`) }, course.title)),
    course.instructor && h('p', { class: 'facts' }, course.instructor.name),
    progressBar(progress.percent).element,
    due(dueAt),
    nextLesson && h('p', { class: 'next' }, t('course.next', { title: nextLesson.title })),
    h('a', { class: 'button', href: href(to), 'aria-label': `${t(progress.state === 'NOT_STARTED' ? 'course.start' : 'course.continue')}: ${course.title}` },
      t(progress.state === 'NOT_STARTED' ? 'course.start' : 'course.continue')))
}

/** @param {Place} place */
function doneCard({ course, completedAt }) {
  return h('li', { class: 'card' },
    h('h3', {}, h('a', { href: href(`/courses/${course.slug}`) }, course.title)),
    h('p', { class: 'good' }, icon('check'), completedAt ? t('my.completedOn', { date: date(completedAt) }) : t('course.completed')))
}

/** @param {Place} place */
function certificateCard({ course, certificate }) {
  if (!certificate) return h('li')
  const revoked = certificate.status === 'REVOKED'
  return h('li', { class: 'card' },
    h('h3', {}, course.title),
    revoked && h('p', { class: 'bad' }, t('my.revoked')),
    certificate.status === 'EXPIRED' && h('p', { class: 'bad' }, t('my.expired')),
    h('p', { class: 'row' },
      h('a', { class: 'button', href: new URL(certificate.verifyUrl, location.href).pathname, 'aria-label': `${t('certificate')}: ${course.title}` }, icon('award'), t('certificate')),
      certificate.pdfUrl && !revoked && h('a', { href: certificate.pdfUrl, 'aria-label': `${t('my.pdf')}: ${course.title}` }, t('my.pdf'))))
}
