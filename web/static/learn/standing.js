// A place that one cannot learn in, or not yet: why that is so, and what can be done about it.

import { ask } from './api.js'
import { h } from './dom.js'
import { t } from './i18n.js'
import { press } from './problem.js'

/** @import { EnrollmentState } from '../../types/api.js' */
/** @import { Word } from './i18n.js' */
/** @typedef {{ id: string, state: EnrollmentState, waitlistPosition: number | null }} Standing */

/** The states in which a place may still become one to learn in, without being taken again. */
export const coming = /** @type {readonly EnrollmentState[]} */ (['INVITED', 'WAITLISTED', 'PENDING_PAYMENT'])

/** The states in which it has ended, and not by the learner's own wish. */
export const ended = /** @type {readonly EnrollmentState[]} */ (['EXPIRED', 'REVOKED'])

/** @type {Partial<Record<EnrollmentState, Word>>} */
const leaving = { INVITED: 'place.decline', WAITLISTED: 'place.leave', PENDING_PAYMENT: 'place.giveUp' }

/**
 * The sentence that says how the place stands; null for one to learn in, and for one that was given up.
 *
 * @param {Standing} mine
 */
export function standing({ state, waitlistPosition }) {
  if (state === 'WAITLISTED') return waitlistPosition ? t('place.WAITLISTED', { position: waitlistPosition }) : t('place.queued')
  if (state === 'INVITED' || state === 'PENDING_PAYMENT' || state === 'EXPIRED' || state === 'REVOKED') return t(`place.${state}`)
  return null
}

/**
 * The buttons with which the learner answers.
 *
 * @param {Standing} mine
 * @param {string} title of the course, for those who hear the buttons one by one
 * @param {() => void} onChange
 */
export function answers(mine, title, onChange) {
  const told = h('p', { role: 'alert', class: 'alert' })
  /** @type {(word: Word, work: () => Promise<unknown>, quiet?: boolean) => HTMLElement} */
  const action = (word, work, quiet = false) => {
    const pressed = () => press(button, told, async () => {
      await work()
      onChange()
    })
    const button = h('button', { type: 'button', class: quiet ? 'quiet' : null, 'aria-label': `${t(word)}: ${title}`, click: pressed }, t(word))
    return button
  }
  const leave = leaving[mine.state]
  if (!leave) return null
  const answer = (/** @type {boolean} */ accept) => ask('answer-invitation', { enrollmentId: mine.id, accept })
  return h('div', {},
    h('p', { class: 'row' },
      mine.state === 'INVITED' && action('place.accept', () => answer(true)),
      action(leave, () => mine.state === 'INVITED' ? answer(false) : ask('withdraw', { enrollmentId: mine.id }), true)),
    told)
}
