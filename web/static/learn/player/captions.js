// Captions of a film. Their text comes with the lesson; the browser reads it as it reads a file.

/** @typedef {{ locale: string, label: string, vtt: string }} Caption */

const key = 'lyceum.captions'

/**
 * Adds the tracks, all off. The returned function takes their text out of memory again.
 *
 * @param {HTMLVideoElement} video
 * @param {readonly Caption[]} captions
 * @returns {() => void}
 */
export function add(video, captions) {
  const urls = captions.map(({ vtt }) => URL.createObjectURL(new Blob([vtt], { type: 'text/vtt' })))
  for (const [i, caption] of captions.entries()) {
    const track = document.createElement('track')
    track.kind = 'captions'
    track.srclang = caption.locale
    track.label = caption.label
    track.src = urls[i] ?? ''
    video.append(track)
  }
  return () => urls.forEach((url) => URL.revokeObjectURL(url))
}

/**
 * Shows the track of a language, or none for "".
 *
 * @param {HTMLVideoElement} video
 * @param {string} locale
 */
export function choose(video, locale) {
  for (const track of video.textTracks) track.mode = locale !== '' && track.language === locale ? 'showing' : 'disabled'
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
