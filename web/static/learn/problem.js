// What went wrong, and what can be done about it.

import { ApiError } from './api.js'
import { h } from './dom.js'
import { t } from './i18n.js'

/** @import { Word } from './i18n.js' */
/** @import { Page } from './router.js' */

/** @type {Record<string, Word>} */
const words = {
  NETWORK: 'problem.network', UNAVAILABLE: 'problem.unavailable', INTERNAL: 'problem.internal', NOT_FOUND: 'problem.notFound',
  FORBIDDEN: 'problem.forbidden', UNAUTHENTICATED: 'problem.signedOut', REQUEST_TIMEOUT: 'problem.unavailable',
}

/**
 * A sentence for a person. What the API says of their input it says best itself.
 *
 * @param {unknown} error
 */
export function explain(error) {
  if (!(error instanceof ApiError)) return t('problem.internal')
  if (error.code === 'RATE_LIMITED') return t('problem.limited', { n: error.retryAfter ?? 60 })
  const word = words[error.code]
  return word ? t(word) : error.message
}

/**
 * A page that says so, with a button to try again where that may help.
 *
 * @param {unknown} error
 * @param {() => void} again
 * @returns {Page}
 */
export function problem(error, again) {
  const missing = error instanceof ApiError && ['NOT_FOUND', 'FORBIDDEN', 'BAD_USER_INPUT'].includes(error.code)
  const title = t(missing ? 'problem.title.missing' : 'problem.title')
  const content = h('div', { class: 'empty' },
    h('h1', {}, title),
    h('p', {}, explain(error)),
    h('p', { class: 'row' },
      !missing && h('button', { type: 'button', click: again }, t('again')),
      h('a', { class: missing ? 'button' : '', href: '/learn/' }, t('toCatalog'))))
  return { title, content }
}

/**
 * Runs what a button does: it can be pressed once at a time, and what fails is said beside it.
 *
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} told an element with role "alert" or "status"
 * @param {() => Promise<void>} work
 */
export async function press(button, told, work) {
  button.disabled = true
  told.textContent = ''
  try {
    await work()
  } catch (error) {
    told.textContent = explain(error)
  } finally {
    button.disabled = false
  }
}
