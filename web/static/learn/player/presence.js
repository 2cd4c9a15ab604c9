// Reports that somebody is in a lesson that is not played: every minute, and when the page is left.

import { Signs } from './signs.js'

/** @import { Outbox } from './outbox.js' */

const every = 60_000

/**
 * Follows a person until the signal ends.
 *
 * @param {{ enrollmentId: string, lessonId: string }} lesson
 * @param {Outbox} outbox
 * @param {AbortSignal} signal
 */
export function attend({ enrollmentId, lessonId }, outbox, signal) {
  const signs = new Signs()
  const sign = () => signs.sign(performance.now())
  const keep = (/** @type {boolean} */ there) =>
    outbox.add({ enrollmentId, lessonId, segments: [], positionMs: null, signs: signs.take(performance.now(), there), at: Date.now() })
  const leave = () => {
    if (document.visibilityState !== 'hidden') return
    keep(true)
    outbox.leave()
  }
  const options = { signal, passive: true }
  for (const life of ['pointermove', 'pointerdown', 'keydown', 'scroll', 'focus']) addEventListener(life, sign, { ...options, capture: true })
  document.addEventListener('visibilitychange', leave, options)
  addEventListener('pagehide', leave, options)
  const timer = setInterval(() => {
    keep(false)
    void outbox.flush()
  }, every)
  sign()
  signal.addEventListener('abort', () => {
    clearInterval(timer)
    keep(true)
    void outbox.flush()
  })
}
