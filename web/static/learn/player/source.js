// Where a film comes from, and how its signed address is renewed. What the API says of a film is read here alone.

/** @import { LessonQuery } from '../../../types/api.js' */
/** @import HlsPlayer from 'hls.js' */
/**
 * @typedef {Extract<NonNullable<NonNullable<LessonQuery['lesson']>['content']>, { __typename: 'VideoContent' }>} Film
 * @typedef {{ kind: 'hls' | 'native' | 'file' | 'elsewhere' | 'none', url: string }} Source
 * @typedef {{ names: string[], current: number, choose: (index: number) => void }} Sounds the languages that are spoken
 * @typedef {{ renew(film: Film): Promise<void>, close(): void }} Attached
 * @typedef {{ onFatal: (message: string) => void, onSounds: (sounds: Sounds) => void }} Listener
 * onFatal is told when nothing more will come without a new address
 */

const hlsType = 'application/vnd.apple.mpegurl'
const library = '/static/hls/hls.min.mjs'

/**
 * How a film is to be played. Of what lies elsewhere, only a file can be.
 *
 * @param {Film} film
 * @param {{ nativeHls: boolean, mediaSource: boolean }} browser
 * @returns {Source}
 */
export function choose(film, browser) {
  if (film.hlsUrl && browser.nativeHls) return { kind: 'native', url: film.hlsUrl }
  if (film.hlsUrl && browser.mediaSource) return { kind: 'hls', url: film.hlsUrl }
  if (film.url) return { kind: 'file', url: film.url }
  if (film.externalUrl) return { kind: 'elsewhere', url: film.externalUrl }
  return { kind: 'none', url: '' }
}

/**
 * How a film is to be played whose stream does not play: as it was uploaded. Null when there is no other way.
 *
 * @param {Film} film
 * @param {Source} source that does not play
 * @returns {Source | null}
 */
export function fallback(film, source) {
  if (source.kind !== 'hls' && source.kind !== 'native' || !film.url) return null
  return { kind: 'file', url: film.url }
}

/** How long a stream that was lost must play before it may be lost again, in milliseconds. */
const steady = 60_000

/**
 * Whether a stream that is lost now is given up: it was lost shortly before, and asking for a new address did not help.
 *
 * @param {number | null} before when it was lost last
 * @param {number} now both in milliseconds
 */
export function givenUp(before, now) {
  return before !== null && now - before < steady
}

/**
 * The address under which a film is played in the same way as before.
 *
 * @param {Film} film
 * @param {Source['kind']} kind
 */
export function addressOf(film, kind) {
  if (kind === 'file') return film.url ?? ''
  return (kind === 'elsewhere' ? film.externalUrl : film.hlsUrl) ?? ''
}

/**
 * What the browser can do. Native HLS is Safari's: others that claim it show fewer tracks than hls.js.
 *
 * @param {HTMLVideoElement} video
 */
export function abilities(video) {
  const mediaSource = 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis
  const safari = 'webkitSetPresentationMode' in video
  return { mediaSource, nativeHls: video.canPlayType(hlsType) !== '' && (safari || !mediaSource) }
}

/**
 * Whether an address elsewhere is that of a file which a browser can play.
 *
 * @param {string} url
 */
export function playable(url) {
  try {
    const { pathname, protocol } = new URL(url)
    return protocol === 'https:' && /\.(mp4|m4v|webm|mov|ogv)$/i.test(pathname)
  } catch {
    return false
  }
}

/**
 * Gives the film to the video element.
 *
 * @param {HTMLVideoElement} video
 * @param {Source} source
 * @param {Listener} listener
 * @returns {Promise<Attached>}
 */
export async function attach(video, source, listener) {
  if (source.kind === 'hls') return attachHls(video, source.url, listener)
  video.src = source.url
  const failed = () => listener.onFatal(video.error?.message ?? '')
  video.addEventListener('error', failed)
  return {
    renew: (film) => swap(video, addressOf(film, source.kind)),
    close: () => {
      video.removeEventListener('error', failed)
      video.removeAttribute('src')
      video.load()
    },
  }
}

/**
 * Puts another address of the same film in, at the same place.
 *
 * @param {HTMLVideoElement} video
 * @param {string} url
 */
async function swap(video, url) {
  const { currentTime, playbackRate, paused } = video
  const ready = new Promise((resolve) => video.addEventListener('loadedmetadata', resolve, { once: true }))
  video.src = url
  await ready
  video.currentTime = currentTime
  video.playbackRate = playbackRate
  if (!paused) await video.play().catch(() => {})
}

/** How many segments are missing in a row when a stream is lost. By itself hls.js goes on asking for half a minute. */
const missingAtMost = 3

/**
 * Whether the answer says that asking again will not help.
 *
 * @param {number | undefined} status
 */
export function isGone(status) {
  return status === 404 || status === 410
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {Listener} listener
 * @returns {Promise<Attached>}
 */
async function attachHls(video, url, { onFatal, onSounds }) {
  /** @type {{ default: typeof HlsPlayer }} */
  const { default: Hls } = await import(library)
  let fresh = url
  const hls = new Hls({
    // A worker would have to be made of text, which the page's policy forbids; fMP4 leaves it little to do.
    enableWorker: false,
    // Who leaves after a minute has not fetched ten.
    maxMaxBufferLength: 60,
    // Captions are shown by the page, the same for a playlist and for a file.
    enableWebVTT: false,
    // Every request takes the newest token: segments are named relative to a playlist that an old one may have fetched.
    xhrSetup: (xhr, asked) => xhr.open('GET', retoken(asked, fresh), true),
  })
  let mended = false
  let missing = 0
  let lost = false
  hls.on(Hls.Events.FRAG_LOADED, (_event, { frag }) => { if (frag.sn !== 'initSegment') missing = 0 })
  hls.on(Hls.Events.ERROR, (_event, data) => {
    const gone = data.details === Hls.ErrorDetails.FRAG_LOAD_ERROR && isGone(data.response?.code)
    if (gone && !data.fatal && !lost && ++missing >= missingAtMost) {
      lost = true
      hls.stopLoad()
      onFatal(data.details)
      return
    }
    if (!data.fatal) return
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !mended) {
      mended = true
      hls.recoverMediaError()
      return
    }
    onFatal(data.details)
  })
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => onSounds({
    names: hls.audioTracks.map(({ name, lang }) => name || lang || ''),
    current: Math.max(0, hls.audioTrack),
    choose: (index) => { hls.audioTrack = index },
  }))
  let listed = false
  hls.on(Hls.Events.MANIFEST_PARSED, () => { listed = true })
  hls.loadSource(url)
  hls.attachMedia(video)
  return {
    renew: async (film) => {
      fresh = film.hlsUrl ?? fresh
      lost = false
      if (listed) hls.startLoad()
      else hls.loadSource(fresh)
    },
    close: () => hls.destroy(),
  }
}

/**
 * The address with the token of a fresh one: tokens stand in the path, as in /v/{token}/t/….
 *
 * @param {string} url
 * @param {string} fresh
 */
export function retoken(url, fresh) {
  const token = /\/v\/[^/]+\//
  const found = token.exec(fresh)
  return found ? url.replace(token, found[0]) : url
}

/**
 * When to ask for a new address: a minute before this one ends, or half way when it lives shorter than two.
 *
 * @param {number} expiresAt
 * @param {number} now both in milliseconds since 1970, by the server's clock
 * @returns {number} milliseconds from now
 */
export function renewIn(expiresAt, now) {
  const left = expiresAt - now
  return Math.max(0, left > 120_000 ? left - 60_000 : left / 2)
}
