// A quiz: its attempts, the one that is open, and what came of it.

import { ApiError, ask } from '../api.js'
import { fill, h } from '../dom.js'
import { duration, percent } from '../format.js'
import { t } from '../i18n.js'
import { explain, press } from '../problem.js'
import { Answers } from './answers.js'
import { countdown } from './countdown.js'
import { prose } from './prose.js'
import { questionField } from './question.js'

/** @import { AttemptQuery, StartAttemptMutation } from '../../../types/api.js' */
/** @import { Content, Desk } from '../views/lesson.js' */
/** @import { State } from './answers.js' */
/** @typedef {Extract<Content, { __typename: 'QuizContent' }>} Quiz */
/** @typedef {NonNullable<AttemptQuery['attempt']>} Attempt */

/**
 * @param {Desk} desk
 * @param {Quiz} quiz
 */
export function quiz(desk, quiz) {
  const stage = h('div', { class: 'quiz' })
  intro(stage, desk, quiz)
  return h('div', {}, prose(desk, quiz.html), stage)
}

/**
 * @param {HTMLElement} stage
 * @param {Desk} desk
 * @param {Quiz} quiz
 */
function intro(stage, desk, quiz) {
  const open = quiz.attempts.some(({ state }) => state === 'IN_PROGRESS')
  const left = quiz.attemptsAllowed === null ? Infinity : quiz.attemptsAllowed - quiz.attempts.length
  const told = h('p', { role: 'alert', class: 'alert' })
  const button = h('button', { type: 'button', click: () => press(button, told, async () => {
    const { startAttempt } = await ask('start-attempt', { enrollmentId: desk.enrollmentId ?? '', lessonId: desk.lesson.id })
    take(stage, desk, quiz, startAttempt.attempt)
  }) }, t(open ? 'quiz.resume' : quiz.attempts.length > 0 ? 'quiz.again' : 'quiz.start'))
  fill(stage,
    h('ul', { class: 'rules' },
      h('li', {}, t('quiz.questions', { n: quiz.questionCount })),
      h('li', {}, t('quiz.pass', { percent: percent(quiz.passMark) })),
      quiz.timeLimitSeconds && h('li', {}, t('quiz.limit', { time: duration(quiz.timeLimitSeconds * 1000) })),
      quiz.attemptsAllowed && h('li', {}, t('quiz.attempts', { n: quiz.attemptsAllowed }))),
    desk.enrollmentId && (open || left > 0) && h('div', { class: 'row' }, button, told),
    desk.enrollmentId && !open && left <= 0 && h('p', { class: 'note' }, t('quiz.noneLeft')),
    past(stage, desk, quiz))
}

/**
 * @param {HTMLElement} stage
 * @param {Desk} desk
 * @param {Quiz} quiz
 */
function past(stage, desk, quiz) {
  const over = quiz.attempts.filter(({ state }) => state !== 'IN_PROGRESS')
  if (over.length === 0) return null
  const told = h('p', { role: 'alert', class: 'alert' })
  return h('section', { 'aria-labelledby': 'past' }, h('h2', { id: 'past' }, t('quiz.past')),
    h('ul', { class: 'past' }, over.map((one) => {
      const button = h('button', { type: 'button', class: 'plain', click: () => press(button, told, async () => {
        const { attempt } = await ask('attempt', { attemptId: one.id }, { signal: desk.signal })
        if (attempt) review(stage, desk, quiz, attempt)
      }) }, t('quiz.review', { number: one.number }))
      return h('li', {}, button, ` ${points(one)} · ${t(one.passed ? 'quiz.passed' : 'quiz.failed')}`)
    })), told)
}

/** @param {{ score: number | null, maxScore: number }} attempt */
function points({ score, maxScore }) {
  return t('quiz.pointsOf', { score: score ?? 0, max: maxScore })
}

/**
 * @param {HTMLElement} stage
 * @param {Desk} desk
 * @param {Quiz} quiz
 * @param {StartAttemptMutation['startAttempt']['attempt']} attempt
 */
function take(stage, desk, quiz, attempt) {
  const ends = new AbortController()
  const signal = AbortSignal.any([desk.signal, ends.signal])
  const told = h('p', { role: 'alert', class: 'alert' })
  const saved = h('p', { class: 'facts', role: 'status' })
  const answers = new Answers(
    (questionId, response) => ask('save-answer', { attemptId: attempt.id, questionId, response }),
    (/** @type {State} */ state) => {
      if (state === 'refused') told.textContent = explain(answers.refusal)
      else saved.textContent = t(`answers.${state}`)
    })
  const submit = async () => {
    await answers.flush()
    const { submitAttempt } = await ask('submit-attempt', { attemptId: attempt.id })
    ends.abort()
    await finish(stage, desk, quiz, submitAttempt.attempt.id)
  }
  const button = h('button', { type: 'submit' }, t('quiz.submit'))
  const over = () => {
    void press(button, told, submit)
  }
  const form = h('form', { class: 'attempt', submit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    void press(button, told, submit)
  } },
    h('h2', { tabindex: -1 }, t('quiz.attempt', { number: attempt.number })),
    attempt.deadlineAt && countdown(attempt.deadlineAt, signal, over),
    attempt.questions.map((question, i) => questionField(desk, question, i + 1, (response, wait) => answers.set(question.id, response, wait))),
    h('div', { class: 'row' }, button, saved), told)
  // Who looks away may not come back.
  document.addEventListener('visibilitychange', () => void answers.flush(), { signal })
  desk.signal.addEventListener('abort', () => void answers.flush(), { once: true })
  fill(stage, form)
  form.querySelector('h2')?.focus()
}

/**
 * Shows the grade, and fetches what it did to the person's progress.
 *
 * @param {HTMLElement} stage
 * @param {Desk} desk
 * @param {Quiz} quiz
 * @param {string} attemptId
 */
async function finish(stage, desk, quiz, attemptId) {
  const { course, lesson, signal } = desk
  const [{ attempt }, { lesson: fresh }, { course: now }] = await Promise.all([
    ask('attempt', { attemptId }, { signal }), ask('lesson', { courseId: course.id, id: lesson.id }, { signal }), ask('course', { slug: course.slug }, { signal }),
  ])
  if (!attempt) throw new ApiError('NOT_FOUND', 'There is no such attempt.')
  const content = fresh?.content?.__typename === 'QuizContent' ? fresh.content : quiz
  review(stage, desk, content, attempt)
  const progress = now?.enrollment?.progress
  if (progress) desk.onRecorded({ completedLessonIds: fresh?.progress?.state === 'COMPLETED' ? [lesson.id] : [], progress })
}

/**
 * @param {HTMLElement} stage
 * @param {Desk} desk
 * @param {Quiz} quiz
 * @param {Attempt} attempt
 */
function review(stage, desk, quiz, attempt) {
  const passed = attempt.passed === true
  fill(stage,
    h('div', { class: passed ? 'outcome right' : 'outcome wrong' },
      h('h2', { tabindex: -1 }, t(passed ? 'quiz.passed' : 'quiz.failed')),
      attempt.state === 'EXPIRED' && h('p', {}, t('quiz.expired')),
      h('p', {}, points(attempt), ' · ', t('quiz.pass', { percent: percent(attempt.passMark) }))),
    attempt.questions.map((question, i) => questionField(desk, question, i + 1, null)),
    h('button', { type: 'button', class: 'quiet', click: () => intro(stage, desk, quiz) }, t('quiz.back')))
  stage.querySelector('h2')?.focus()
}
