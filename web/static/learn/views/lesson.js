// A lesson, with the course's outline beside it.

import { ApiError, ask } from '../api.js'
import { announce, fill, h, icon } from '../dom.js'
import { t } from '../i18n.js'
import { article } from '../lesson/article.js'
import { file } from '../lesson/file.js'
import { link } from '../lesson/link.js'
import { quiz } from '../lesson/quiz.js'
import { video } from '../lesson/video.js'
import { lessons, outline, place, progressBar } from '../outline.js'
import { attend } from '../player/presence.js'
import { href } from '../router.js'
import { readCourse } from './course.js'

/** @import { App } from '../app.js' */
/** @import { LessonQuery, ProgressState } from '../../../types/api.js' */
/** @import { Course } from '../outline.js' */
/** @import { Page, Visit } from '../router.js' */
/**
 * @typedef {NonNullable<LessonQuery['lesson']>} Lesson
 * @typedef {NonNullable<Lesson['content']>} Content
 */
/**
 * What every kind of lesson is given.
 *
 * @typedef {object} Desk
 * @property {App} app
 * @property {Course} course
 * @property {Lesson} lesson
 * @property {string | null} enrollmentId null for somebody who only looks at a preview
 * @property {number | null} startMs where the address says that a film begins
 * @property {AbortSignal} signal ends with the visit
 * @property {(recorded: Recorded) => void} onRecorded takes what the API says of the person's progress
 * @property {() => void} goOn moves focus to what comes next, when what had it is gone
 * @typedef {{ completedLessonIds: string[], progress: { state: ProgressState, percent: number, lessons?: { lessonId: string, state: ProgressState }[] } }} Recorded
 */

/**
 * @param {App} app
 * @param {Visit} visit
 * @returns {Promise<Page>}
 */
export async function lessonPage(app, { params, query, signal }) {
  const course = await readCourse(params.course ?? '', signal)
  const id = params.lesson ?? ''
  const all = lessons(course)
  const known = all.find((lesson) => lesson.id === id)
  if (!known) throw new ApiError('NOT_FOUND', 'The course has no such lesson.')
  const mine = place(course)
  if (!mine && !known.preview) return locked(course, known.title)
  const { lesson } = await ask('lesson', { courseId: course.id, id }, { signal })
  if (!lesson?.content) throw new ApiError('NOT_FOUND', 'The course has no such lesson.')

  const side = outline(course, id)
  const bar = progressBar(mine?.progress.percent ?? 0)
  const status = h('p', { class: 'good', role: 'status' })
  const onwards = h('nav', { class: 'row onwards', 'aria-label': t('lesson.onwards') })
  const next = all[all.indexOf(known) + 1]
  const before = all[all.indexOf(known) - 1]
  const way = (/** @type {boolean} */ done) => fill(onwards,
    before && reachable(before) && h('a', { class: 'button quiet', href: address(before) }, t('lesson.previous')),
    next && reachable(next) && h('a', { class: done ? 'button' : 'button quiet', href: address(next) }, t('lesson.next', { title: next.title })),
    !next && h('a', { class: 'button quiet', href: href(`/courses/${course.slug}`) }, t('lesson.toCourse')))
  const reachable = (/** @type {{ preview: boolean }} */ one) => mine !== null || one.preview
  const address = (/** @type {{ id: string }} */ one) => href(`/courses/${course.slug}/lessons/${one.id}`)
  const done = () => {
    fill(status, icon('check'), t('lesson.completed'))
    way(true)
  }

  let finished = mine?.progress.state === 'COMPLETED'
  /** @param {Recorded} recorded */
  const onRecorded = ({ completedLessonIds, progress }) => {
    bar.set(progress.percent)
    for (const one of progress.lessons ?? []) side.mark(one.lessonId, one.state)
    for (const completed of completedLessonIds) side.mark(completed, 'COMPLETED')
    if (completedLessonIds.includes(id)) {
      done()
      announce(t('lesson.completed'))
    }
    if (progress.state === 'COMPLETED' && !finished) {
      finished = true
      finish.replaceChildren(congratulate(course))
    }
  }
  const finish = h('div', { role: 'status' })
  way(known.progress?.state === 'COMPLETED')
  if (known.progress?.state === 'COMPLETED') done()

  const start = Number.parseFloat(query.get('t') ?? '')
  /** @type {Desk} */
  const desk = {
    app, course, lesson, signal, onRecorded, enrollmentId: mine?.id ?? null, startMs: start >= 0 ? start * 1000 : null,
    goOn: () => [...onwards.querySelectorAll('a')].at(-1)?.focus(),
  }
  const beside = h('aside', { class: 'card side', 'aria-labelledby': 'outline' },
    h('h2', { id: 'outline', class: 'unseen' }, t('course.outline')), mine && bar.element, side.element)
  const content = h('div', { class: 'study' },
    h('article', { class: 'work' },
      h('p', { class: 'facts crumbs' }, h('a', { href: href(`/courses/${course.slug}`), lang: course.language }, course.title)),
      h('h1', { lang: course.language }, lesson.title), status, finish, body(desk), onwards),
    beside)
  // Of a long outline the part around this lesson is seen first.
  requestAnimationFrame(() => { beside.scrollTop = side.offset(id) - beside.clientHeight / 2 })
  return { title: lesson.title, content, wide: true }
}

/** @param {Desk} desk */
function body(desk) {
  const content = desk.lesson.content
  const { app, enrollmentId, lesson, signal } = desk
  // A film reports by itself.
  if (enrollmentId && app.outbox && content && content.__typename !== 'VideoContent') {
    attend({ enrollmentId, lessonId: lesson.id }, app.outbox, signal)
  }
  switch (content?.__typename) {
    case 'VideoContent': return video(desk, content)
    case 'QuizContent': return quiz(desk, content)
    case 'FileContent': return file(desk, content)
    case 'LinkContent': return link(desk, content)
    case 'ArticleContent': return article(desk, content)
    default: return null
  }
}

/**
 * @param {Course} course
 * @param {string} title
 * @returns {Page}
 */
function locked(course, title) {
  const content = h('div', { class: 'empty' },
    h('h1', { lang: course.language }, title),
    h('p', {}, t('lesson.locked')),
    h('a', { class: 'button', href: href(`/courses/${course.slug}`) }, t('lesson.toCourse')))
  return { title, content }
}

/** @param {Course} course */
function congratulate(course) {
  return h('div', { class: 'note celebrate' },
    h('p', {}, h('strong', {}, t('lesson.courseCompleted', { title: course.title }))),
    course.hasCertificate && h('p', {}, t('course.certificateComes')),
    h('a', { class: 'button', href: href('/my') }, t('my')))
}
