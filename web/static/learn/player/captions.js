// Captions of a film. Their text comes with the lesson; the browser reads it as it reads a file.

/** @import { Film } from './source.js' */
/** @typedef {{ locale: string, label: string, vtt?: string, url?: string }} Caption vtt is the file itself */

const key = 'lyceum.captions'

/**
 * All captions of a film. Those that its authors wrote stand for those that came with it.
 *
 * @param {Film} film
 * @returns {Caption[]}
 */
export function all({ captions, captionTracks }) {
  return [...captions, ...captionTracks.filter(({ locale }) => !captions.some((one) => one.locale === locale))]
}

/**
 * Adds the tracks, all off.
 *
 * @param {HTMLVideoElement} video
 * @param {readonly Caption[]} captions
 * @param {AbortSignal} signal takes their text out of memory again
 */
export function add(video, captions, signal) {
  for (const caption of captions) {
    const track = document.createElement('track')
    track.kind = 'captions'
    track.srclang = caption.locale
    track.label = caption.label
    video.append(track)
    void read(caption, signal).then((vtt) => {
      track.src = URL.createObjectURL(new Blob([vtt], { type: 'text/vtt' }))
      signal.addEventListener('abort', () => URL.revokeObjectURL(track.src))
    }, () => track.remove())
  }
}

/**
 * @param {Caption} caption
 * @param {AbortSignal} signal
 */
async function read({ vtt, url }, signal) {
  if (vtt !== undefined) return vtt
  const response = await fetch(url ?? '', { signal, credentials: 'omit' })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response.text()
}

/**
 * Shows the track of a language, or none for "".
 *
 * @param {HTMLVideoElement} video
 * @param {string} locale
 */
export function choose(video, locale) {
  // The first alone: Safari lists those of the playlist, too.
  const wanted = [...video.textTracks].find((track) => locale !== '' && track.language === locale)
  for (const track of video.textTracks) track.mode = track === wanted ? 'showing' : 'disabled'
  remember(locale)
}

/** @param {string} locale */
function remember(locale) {
  try {
    localStorage.setItem(key, locale)
  } catch {
    // Then it is chosen again for the next film.
  }
}

/**
 * The language that was chosen last, if the film has it.
 *
 * @param {readonly Caption[]} captions
 */
export function preferred(captions) {
  try {
    const wanted = localStorage.getItem(key) ?? ''
    return captions.some(({ locale }) => locale === wanted) ? wanted : ''
  } catch {
    return ''
  }
}

/**
 * The language to show when captions are switched on: the page's, else the first.
 *
 * @param {readonly Caption[]} captions
 * @param {string} language
 */
export function likely(captions, language) {
  return (captions.find(({ locale }) => locale.split('-')[0] === language) ?? captions[0])?.locale ?? ''
}
