// One question of a quiz: to be answered, or graded.

import { h, icon } from '../dom.js'
import { show } from '../html.js'
import { t } from '../i18n.js'
import { prose } from './prose.js'

/** @import { AttemptQuery, ResponseInput } from '../../../types/api.js' */
/** @import { Desk } from '../views/lesson.js' */
/** @typedef {NonNullable<AttemptQuery['attempt']>['questions'][number]} Graded */
/** @typedef {Omit<Graded, 'result'> & { result?: Graded['result'] }} Question */

/** @typedef {(response: ResponseInput, wait?: number) => void} OnAnswer wait: more may come for so many milliseconds */

/** How long a person may pause between two letters, in milliseconds. */
const typing = 500

/**
 * @param {Desk} desk
 * @param {Question} question
 * @param {number} number
 * @param {OnAnswer | null} onAnswer null when it is over
 */
export function questionField(desk, question, number, onAnswer) {
  const { result } = question
  const name = `question-${question.id}`
  const prompt = show(h('div', { class: 'prompt', id: `${name}-prompt`, lang: desk.course.language }), question.prompt)
  return h('fieldset', { class: 'question card', 'aria-labelledby': `${name}-number ${name}-prompt`, disabled: onAnswer === null },
    h('p', { class: 'facts', id: `${name}-number` }, t('quiz.question', { number }), ' · ', t('quiz.points', { n: question.points })),
    prompt,
    fields(desk, question, name, onAnswer),
    onAnswer && question.hints.length > 0 && h('details', {}, h('summary', {}, t('quiz.hint')), question.hints.map((hint) => h('p', { lang: desk.course.language }, hint))),
    result && verdict(desk, result))
}

/**
 * @param {Desk} desk
 * @param {Question} question
 * @param {string} name
 * @param {OnAnswer | null} onAnswer
 */
function fields(desk, question, name, onAnswer) {
  if (question.kind === 'NUMERIC' || question.kind === 'SHORT_TEXT') return written(question, name, onAnswer)
  const many = question.kind === 'MULTIPLE_CHOICE'
  const given = question.response?.choices ?? []
  const list = h('div', { class: 'choices' }, many && h('p', { class: 'facts' }, t('quiz.several')), question.choices.map(({ key, html }) =>
    h('label', { class: 'choice' },
      h('input', { type: many ? 'checkbox' : 'radio', name, value: key, checked: given.includes(key) }),
      show(h('span', { lang: desk.course.language }), html))))
  list.addEventListener('change', () => {
    const chosen = [...list.querySelectorAll('input')].filter((input) => input.checked).map((input) => input.value)
    onAnswer?.({ choices: chosen })
  })
  return list
}

/**
 * @param {Question} question
 * @param {string} name
 * @param {OnAnswer | null} onAnswer
 */
function written(question, name, onAnswer) {
  const numeric = question.kind === 'NUMERIC'
  const given = (numeric ? question.response?.number : question.response?.text) ?? ''
  const answer = (/** @type {number} */ wait) => {
    const value = input.value.trim()
    onAnswer?.(numeric ? { number: value } : { text: value }, wait)
  }
  const input = h('input', {
    type: 'text', name, value: given, inputmode: numeric ? 'decimal' : null, autocomplete: 'off', maxlength: numeric ? 100 : 1000,
    'aria-labelledby': `${name}-number ${name}-prompt`,
    input: () => answer(typing),
    change: () => answer(0),
  })
  return input
}

/**
 * @param {Desk} desk
 * @param {NonNullable<Graded['result']>} result
 */
function verdict(desk, { correct, score, feedback, explanation }) {
  return h('div', { class: correct ? 'verdict right' : 'verdict wrong' },
    h('p', {}, h('strong', {}, correct && icon('check'), t(correct ? 'quiz.right' : 'quiz.wrong')), ` · ${t('quiz.scored', { n: score })}`),
    feedback.map((one) => prose(desk, one)),
    explanation && prose(desk, explanation))
}
