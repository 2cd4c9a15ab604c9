// Reports what is played, in batches: every 30 seconds, on every pause, and when the page is left.

import { Played } from './segments.js'
import { Signs } from './signs.js'

/** @import { Outbox } from './outbox.js' */

const every = 30_000

/**
 * Follows a video element until the signal ends. What is kept from the API is kept in the outbox.
 *
 * @param {HTMLVideoElement} video
 * @param {{ enrollmentId: string, lessonId: string }} lesson
 * @param {Outbox} outbox
 * @param {AbortSignal} signal
 */
export function report(video, { enrollmentId, lessonId }, outbox, signal) {
  const played = new Played()
  const signs = new Signs()
  const sign = () => signs.sign(performance.now())
  const look = () => {
    if (video.paused || video.seeking || video.readyState <= 2) return
    played.tick(video.currentTime * 1000, performance.now(), video.playbackRate)
    sign()
  }
  const keep = () => {
    look()
    outbox.add({
      enrollmentId, lessonId, segments: played.take(), positionMs: Math.floor(video.currentTime * 1000),
      signs: signs.take(performance.now(), !video.paused), at: Date.now(),
    })
  }
  const send = () => {
    keep()
    void outbox.flush()
  }
  const leave = () => {
    if (document.visibilityState !== 'hidden') return
    keep()
    outbox.leave()
  }
  // Where the film stood when it was paused is the end of what was played, which the last look has not seen.
  const pause = () => {
    if (!video.seeking && video.readyState > 0) played.tick(video.currentTime * 1000, performance.now(), video.playbackRate)
    played.stop()
    send()
  }
  const options = { signal }
  video.addEventListener('timeupdate', look, options)
  video.addEventListener('pause', pause, options)
  video.addEventListener('ended', pause, options)
  for (const jump of ['seeking', 'waiting', 'emptied', 'ratechange']) video.addEventListener(jump, () => played.stop(), options)
  for (const life of ['pointermove', 'keydown']) addEventListener(life, sign, { ...options, passive: true })
  document.addEventListener('visibilitychange', leave, options)
  addEventListener('pagehide', leave, options)
  const timer = setInterval(() => {
    if (!video.paused) send()
  }, every)
  signal.addEventListener('abort', () => {
    clearInterval(timer)
    send()
  })
}
