// Plays a film: controls, captions, keys, resuming, and a new address before the old one ends.

import { serverNow } from '../api.js'
import { announce, fill, h } from '../dom.js'
import { clock } from '../format.js'
import { language, t } from '../i18n.js'
import * as captions from './captions.js'
import { controls } from './controls.js'
import { help } from './help.js'
import { action, nextSpeed } from './keys.js'
import { abilities, attach, choose, fallback, givenUp, renewIn } from './source.js'
import { parse } from './storyboard.js'

/** @import { Action } from './keys.js' */
/** @import { Attached, Film, Source } from './source.js' */
/** @import { Still } from './storyboard.js' */

/** How far the letters and the arrows jump, in seconds. */
const jump = 10
const step = 5

/** What is so near to the end is begun anew, in milliseconds. */
const nearEnd = 3000

/**
 * @typedef {object} Options
 * @property {Film} film
 * @property {string} title
 * @property {number} resumeMs where to begin
 * @property {() => Promise<Film | null>} again asks the API for the film once more
 * @property {AbortSignal} signal ends with the visit
 */

export class Player {
  #film
  #again
  #signal
  #captions
  /** @type {Attached | null} */
  #attached = null
  /** @type {Still[]} */
  #stills = []
  #locale = ''
  #renewing = false
  /** @type {Source} */
  #source = { kind: 'none', url: '' }
  /** @type {number | null} */
  #lostAt = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer

  /** @param {Options} options */
  constructor({ film, title, resumeMs, again, signal }) {
    this.#film = film
    this.#again = again
    this.#signal = signal
    this.#captions = captions.all(film)
    this.video = h('video', { playsinline: true, preload: 'metadata', 'aria-label': title, poster: film.posterUrl || null })
    this.dialog = help()
    this.message = h('p', { class: 'told', role: 'alert', hidden: true })
    this.controls = controls(this.video, {
      captions: this.#captions, act: (what) => this.act(what), choose: (locale) => this.#choose(locale), stills: () => this.#stills,
    })
    this.resumed = h('p', { class: 'resumed', hidden: true })
    this.element = h('section', { class: 'player', tabindex: -1, 'aria-label': t('player.label', { title }), keydown: (/** @type {KeyboardEvent} */ e) => this.#key(e) },
      h('div', { class: 'screen' }, this.video, this.message), this.controls.element, this.resumed, this.dialog)
    this.video.addEventListener('click', () => {
      this.element.focus({ preventScroll: true })
      this.act('play')
    })
    captions.add(this.video, this.#captions, signal)
    this.#choose(captions.preferred(this.#captions))
    this.#resume(resumeMs)
    signal.addEventListener('abort', () => {
      clearTimeout(this.#timer)
      this.video.pause()
      this.#attached?.close()
    })
  }

  /** @param {Source} source */
  async open(source = choose(this.#film, abilities(this.video))) {
    this.#source = source
    this.#attached = await attach(this.video, source, { onFatal: () => void this.#lost(), onSounds: (sounds) => this.controls.offerSounds(sounds) })
    if (this.#signal.aborted) {
      this.#attached.close()
      return
    }
    this.#plan()
    void this.#loadStills()
  }

  /** @param {number} ms */
  #resume(ms) {
    if (ms <= 0) return
    const begin = () => {
      if (ms > this.video.duration * 1000 - nearEnd) return
      this.video.currentTime = ms / 1000
      const over = h('button', { type: 'button', class: 'plain', click: () => {
        this.video.currentTime = 0
        this.resumed.hidden = true
        this.element.focus()
      } }, t('player.fromStart'))
      fill(this.resumed, t('player.resumed', { at: clock(ms) }), ' ', over)
      this.resumed.hidden = false
    }
    this.video.addEventListener('loadedmetadata', begin, { once: true })
    this.video.addEventListener('play', () => { this.resumed.hidden = true }, { once: true })
  }

  /** Asks for a new address before this one ends. */
  #plan() {
    clearTimeout(this.#timer)
    if (!this.#film.expiresAt) return
    const wait = renewIn(Date.parse(this.#film.expiresAt), serverNow())
    this.#timer = setTimeout(() => void this.#renew(), Math.max(1000, wait))
  }

  async #renew() {
    if (this.#renewing) return
    this.#renewing = true
    try {
      const film = await this.#again()
      if (!film || this.#signal.aborted) return
      this.#film = film
      await this.#attached?.renew(film)
      this.message.hidden = true
      this.#plan()
    } catch {
      // Offline, perhaps: what is loaded plays on.
      this.#timer = setTimeout(() => void this.#renew(), 5000)
    } finally {
      this.#renewing = false
    }
  }

  /** Nothing more comes: with a new address it may. */
  async #lost() {
    if (this.#renewing || this.#signal.aborted) return
    if (navigator.onLine && await this.#fallBack()) return
    this.message.textContent = navigator.onLine ? t('player.lost') : t('player.offline')
    this.message.hidden = false
    if (!navigator.onLine) {
      addEventListener('online', () => void this.#renew(), { once: true, signal: this.#signal })
      return
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#renew(), 2000)
  }

  /** Gives a stream up that stays lost, and reports whether the film goes on as it was uploaded. */
  async #fallBack() {
    const before = this.#lostAt
    this.#lostAt = Date.now()
    const other = fallback(this.#film, this.#source)
    if (!other || !givenUp(before, this.#lostAt)) return false
    const { currentTime, playbackRate, paused } = this.video
    this.#attached?.close()
    this.video.addEventListener('loadedmetadata', () => {
      if (currentTime > 0) this.video.currentTime = currentTime
      this.video.playbackRate = playbackRate
      if (!paused) void this.video.play().catch(() => {})
    }, { once: true })
    await this.open(other)
    this.message.hidden = true
    announce(t('player.asUploaded'))
    return true
  }

  async #loadStills() {
    const address = this.#film.storyboardUrl
    if (!address) return
    try {
      const response = await fetch(address, { signal: this.#signal, credentials: 'omit' })
      if (response.ok) this.#stills = parse(await response.text(), response.url)
    } catch {
      // The seek bar then shows times alone.
    }
  }

  /** @param {string} locale */
  #choose(locale) {
    this.#locale = locale || this.#locale
    captions.choose(this.video, locale)
    this.controls.showCaptions(locale)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.dialog.open) return
    const what = action(event, kindOf(event.target))
    if (!what) return
    event.preventDefault()
    this.act(what)
  }

  /** @param {Action} what */
  act(what) {
    const { video } = this
    switch (what) {
      case 'play': return void (video.paused ? video.play().catch(() => {}) : video.pause())
      case 'back': return this.#seek(-jump)
      case 'forward': return this.#seek(jump)
      case 'stepBack': return this.#seek(-step)
      case 'stepForward': return this.#seek(step)
      case 'start': return this.#seek(-Infinity)
      case 'end': return this.#seek(Infinity)
      case 'mute': video.muted = !video.muted; return announce(t(video.muted ? 'player.muted' : 'player.unmuted'))
      case 'captions': return this.#toggleCaptions()
      case 'full': return void this.#full()
      case 'slower': return this.#speed(-1)
      case 'faster': return this.#speed(1)
      case 'help': return this.dialog.showModal()
    }
  }

  /** @param {number} seconds */
  #seek(seconds) {
    const length = this.video.duration || 0
    this.video.currentTime = Math.min(length, Math.max(0, this.video.currentTime + seconds))
    announce(clock(this.video.currentTime * 1000))
  }

  /** @param {1 | -1} direction */
  #speed(direction) {
    this.video.playbackRate = nextSpeed(this.video.playbackRate, direction)
    announce(t('player.speedIs', { rate: this.video.playbackRate }))
  }

  #toggleCaptions() {
    if (this.#captions.length === 0) return announce(t('player.noCaptions'))
    const showing = [...this.video.textTracks].some((track) => track.mode === 'showing')
    this.#choose(showing ? '' : this.#locale || captions.likely(this.#captions, language))
    announce(t(showing ? 'player.captionsAreOff' : 'player.captionsAreOn'))
  }

  async #full() {
    if (document.fullscreenElement) await document.exitFullscreen()
    else await this.element.requestFullscreen?.().catch(() => {})
  }
}

/** @param {EventTarget | null} target */
function kindOf(target) {
  if (target instanceof HTMLInputElement) return target.type
  return target instanceof HTMLElement ? target.localName : ''
}
