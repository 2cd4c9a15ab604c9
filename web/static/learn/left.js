// What is left of a course for its learner, in the words of the API.

import { ask } from './api.js'
import { h } from './dom.js'
import { t } from './i18n.js'

/** @import { LeftFragment } from '../../types/api.js' */
/** @typedef {LeftFragment['missing'][number]} Condition */

/**
 * The list of what is missing, null when nothing is: what completes the course, and below each of its modules what
 * completes that.
 *
 * @param {string} enrollmentId
 * @param {AbortSignal} signal
 */
export async function whatIsLeft(enrollmentId, signal) {
  const { node } = await ask('what-is-left', { enrollmentId }, { signal })
  if (!node || !('progress' in node) || node.progress.completion.missing.length === 0) return null
  const { completion, modules } = node.progress
  const below = new Map(modules.map((module) => [module.moduleId, module.completion.missing]))
  return h('details', { class: 'left' }, h('summary', {}, t('course.left')),
    list(completion.missing, (/** @type {Condition} */ { partId }) => list(below.get(partId ?? '') ?? [], () => null)))
}

/**
 * @param {Condition[]} missing
 * @param {(condition: Condition) => Node | null} below
 */
function list(missing, below) {
  if (missing.length === 0) return null
  return h('ul', {}, missing.map((condition, i) => {
    const instead = i > 0 && missing[i - 1]?.group === condition.group
    return h('li', {}, instead && h('span', { class: 'or' }, t('course.or')), condition.text, below(condition))
  }))
}
