// The time that is left, by the server's clock.

import { serverNow } from '../api.js'
import { announce, h } from '../dom.js'
import { clock } from '../format.js'
import { t } from '../i18n.js'

/** When it is said aloud how much is left, in seconds. */
const said = [300, 60, 10]

/**
 * @param {string} deadline RFC 3339
 * @param {AbortSignal} signal
 * @param {() => void} onOver
 */
export function countdown(deadline, signal, onOver) {
  const ends = Date.parse(deadline)
  const text = h('strong', {})
  const element = h('p', { class: 'countdown', role: 'timer', 'aria-live': 'off' }, t('quiz.left'), ' ', text)
  let before = Infinity
  const tick = () => {
    const left = Math.max(0, ends - serverNow())
    text.textContent = clock(left + 999)
    const seconds = Math.ceil(left / 1000)
    const crossed = said.find((mark) => before > mark && seconds <= mark)
    if (crossed && before !== Infinity) announce(t('quiz.leftSaid', { time: clock(seconds * 1000) }))
    element.classList.toggle('soon', seconds <= 60)
    before = seconds
    if (left > 0) return
    clearInterval(timer)
    onOver()
  }
  const timer = setInterval(tick, 1000)
  signal.addEventListener('abort', () => clearInterval(timer))
  tick()
  return element
}
