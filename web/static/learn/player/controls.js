// The buttons below a film.

import { fill, h, icon } from '../dom.js'
import { clock } from '../format.js'
import { t } from '../i18n.js'
import { speeds } from './keys.js'
import { at } from './storyboard.js'

/** @import { Caption } from './captions.js' */
/** @import { Action } from './keys.js' */
/** @import { Sounds } from './source.js' */
/** @import { Still } from './storyboard.js' */

/**
 * @param {HTMLVideoElement} video
 * @param {{ captions: readonly Caption[], act: (action: Action) => void, choose: (locale: string) => void, stills: () => readonly Still[] }} options
 */
export function controls(video, { captions, act, choose, stills }) {
  const play = h('button', { type: 'button', class: 'tool main', click: () => act('play') })
  const mute = h('button', { type: 'button', class: 'tool', click: () => act('mute') })
  const seek = h('input', { type: 'range', class: 'seek', min: 0, max: 0, step: 0.1, value: 0, 'aria-label': t('player.seek') })
  const times = h('span', { class: 'times' })
  const preview = h('span', { class: 'preview', hidden: true, 'aria-hidden': true })
  const speed = h('select', { class: 'tool speed', 'aria-label': t('player.speed') },
    speeds.map((rate) => h('option', { value: rate, selected: rate === 1 }, `${rate}×`)))
  const subtitles = h('select', { class: 'tool', 'aria-label': t('player.captions') },
    h('option', { value: '' }, t('player.captionsOff')),
    captions.map(({ locale, label }) => h('option', { value: locale }, label || locale)))
  const sounds = h('select', { class: 'tool', 'aria-label': t('player.sounds'), hidden: true })
  const bar = h('div', { class: 'controls' },
    h('div', { class: 'seekbar' }, seek, preview),
    h('div', { class: 'tools' },
      play, times, h('span', { class: 'space' }), mute,
      captions.length > 0 && h('span', { class: 'chooser' }, icon('captions'), subtitles), sounds, speed,
      h('button', { type: 'button', class: 'tool wide', 'aria-label': t('keys.title'), title: t('keys.title'), click: () => act('help') }, icon('keys')),
      h('button', { type: 'button', class: 'tool', 'aria-label': t('keys.full'), title: t('keys.full'), click: () => act('full') }, icon('full'))))

  speed.addEventListener('change', () => { video.playbackRate = Number(speed.value) })
  subtitles.addEventListener('change', () => choose(subtitles.value))
  seek.addEventListener('input', () => { video.currentTime = Number(seek.value) })
  bar.querySelector('.seekbar')?.addEventListener('pointermove', (event) => peek(/** @type {PointerEvent} */ (event)))
  bar.querySelector('.seekbar')?.addEventListener('pointerleave', () => { preview.hidden = true })

  /** @param {PointerEvent} event */
  function peek(event) {
    const { left, width } = seek.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width))
    const ms = share * (video.duration || 0) * 1000
    const still = at(stills(), ms)
    fill(preview, still && picture(still), clock(ms))
    preview.hidden = !video.duration
    // Above the ends of the film it stays within the player.
    const half = (still?.w ?? 40) / 2 + 10
    preview.style.left = `clamp(${half}px, ${share * 100}%, calc(100% - ${half}px))`
  }

  function draw() {
    const over = video.ended
    const label = over ? t('player.again') : video.paused ? t('player.play') : t('player.pause')
    fill(play, icon(over ? 'again' : video.paused ? 'play' : 'pause'))
    play.setAttribute('aria-label', label)
    play.title = label
    const loud = !(video.muted || video.volume === 0)
    fill(mute, icon(loud ? 'sound' : 'muted'))
    mute.setAttribute('aria-label', loud ? t('player.mute') : t('player.unmute'))
    mute.title = mute.getAttribute('aria-label') ?? ''
    speed.value = String(video.playbackRate)
    tick()
  }

  function tick() {
    const length = Number.isFinite(video.duration) ? video.duration : 0
    seek.max = String(length)
    seek.value = String(video.currentTime)
    seek.style.setProperty('--played', `${length ? (video.currentTime / length) * 100 : 0}%`)
    seek.setAttribute('aria-valuetext', t('player.position', { at: clock(video.currentTime * 1000), of: clock(length * 1000) }))
    times.textContent = `${clock(video.currentTime * 1000)} / ${clock(length * 1000)}`
  }

  for (const event of ['play', 'pause', 'ended', 'volumechange', 'ratechange', 'loadedmetadata', 'seeked']) video.addEventListener(event, draw)
  video.addEventListener('timeupdate', tick)
  draw()
  const showCaptions = (/** @type {string} */ locale) => { subtitles.value = locale }
  /** @type {(sounds: Sounds) => void} */
  const offerSounds = ({ names, current, choose }) => {
    sounds.hidden = names.length < 2
    fill(sounds, names.map((name, i) => h('option', { value: i, selected: i === current }, name)))
    sounds.onchange = () => choose(Number(sounds.value))
  }
  return { element: bar, showCaptions, offerSounds }
}

/** @param {Still} still */
function picture(still) {
  const part = h('span', { class: 'still' })
  Object.assign(part.style, {
    width: `${still.w}px`, height: `${still.h}px`, backgroundImage: `url("${still.url}")`, backgroundPosition: `-${still.x}px -${still.y}px`,
  })
  return part
}
