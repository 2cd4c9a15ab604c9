// A course's modules and lessons, with what is done of them.

import { h, icon } from './dom.js'
import { duration, percent as percentOf } from './format.js'
import { t } from './i18n.js'
import { href } from './router.js'

/** @import { CourseQuery, LessonKind, ProgressState } from '../../types/api.js' */
/** @import { IconName } from './dom.js' */
/** @typedef {NonNullable<CourseQuery['course']>} Course */
/** @typedef {Course['modules'][number]['lessons'][number]} OutlineLesson */

/** @type {Record<LessonKind, IconName>} */
export const kindIcons = { VIDEO: 'film', ARTICLE: 'text', QUIZ: 'quiz', FILE: 'file', LINK: 'link' }

/**
 * The person's place in the course, if it is one to learn in: see standing.js for others.
 *
 * @param {Course} course
 */
export function place(course) {
  const mine = course.enrollment
  return mine?.state === 'ACTIVE' || mine?.state === 'COMPLETED' ? mine : null
}

/**
 * The modules of the version that the person learns from.
 *
 * @param {Course} course
 */
export function modules(course) {
  return place(course)?.course.modules ?? course.modules
}

/** @param {Course} course */
export function lessons(course) {
  return modules(course).flatMap((module) => module.lessons)
}

/**
 * @param {Course} course
 * @param {string} [current] the id of the lesson that is open
 */
export function outline(course, current) {
  const open = place(course) !== null
  /** @type {Map<string, HTMLElement>} */
  const items = new Map()
  const element = h('div', { class: 'outline' }, modules(course).map((module) =>
    h('section', { class: 'module' },
      h('h3', {}, module.title),
      h('ol', {}, module.lessons.map((lesson, i) => {
        const item = row(course, lesson, open, lesson.id === current)
        items.set(lesson.id, item)
        const section = lesson.section && lesson.section !== module.lessons[i - 1]?.section
        return [section && h('li', { class: 'section' }, lesson.section), item]
      })))))
  return {
    element,
    /**
     * @param {string} lessonId
     * @param {ProgressState} state
     */
    mark: (lessonId, state) => {
      const badge = items.get(lessonId)?.querySelector('.state')
      if (badge) badge.replaceWith(stateOf(state))
    },
    /**
     * How far down a lesson stands, in pixels.
     *
     * @param {string} lessonId
     */
    offset: (lessonId) => items.get(lessonId)?.offsetTop ?? 0,
  }
}

/**
 * @param {Course} course
 * @param {OutlineLesson} lesson
 * @param {boolean} open
 * @param {boolean} current
 */
function row(course, lesson, open, current) {
  const inside = [
    icon(kindIcons[lesson.kind]),
    h('span', { class: 'name' }, h('span', { lang: course.language }, lesson.title),
      h('small', {}, [t(`kind.${lesson.kind}`), lesson.durationMs > 0 && duration(lesson.durationMs), !lesson.required && t('outline.optional'),
        !open && lesson.preview && t('outline.preview')].filter(Boolean).join(' · '))),
  ]
  const address = href(`/courses/${course.slug}/lessons/${lesson.id}`)
  if (!open && !lesson.preview) return h('li', { class: 'locked' }, h('span', { class: 'lesson' }, inside, h('span', { class: 'state' }, icon('lock'), h('span', { class: 'unseen' }, t('outline.locked')))))
  return h('li', {}, h('a', { class: 'lesson', href: address, 'aria-current': current ? 'page' : null }, inside, stateOf(lesson.progress?.state ?? 'NOT_STARTED')))
}

/** @param {ProgressState} state */
function stateOf(state) {
  return h('span', { class: `state ${state.toLowerCase()}` }, state === 'COMPLETED' && icon('check'), h('span', { class: 'unseen' }, t(`state.${state}`)))
}

/** @param {number} percent */
export function progressBar(percent) {
  const text = h('span', {}, percentOf(percent))
  const bar = h('progress', { max: 100, value: percent, 'aria-label': t('progress') })
  return {
    element: h('span', { class: 'progress' }, bar, text),
    /** @param {number} next */
    set: (next) => {
      bar.value = next
      text.textContent = percentOf(next)
    },
  }
}
