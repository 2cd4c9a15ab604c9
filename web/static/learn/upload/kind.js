// What a file is called by the API. The server looks at its bytes, too, and has the last word.

/** @import { AssetKind } from '../../../types/api.js' */

/** What systems call differently, or nothing. @type {Record<string, string>} */
const byExtension = {
  mp4: 'video/mp4', m4v: 'video/mp4', mov: 'video/quicktime', mkv: 'video/x-matroska', webm: 'video/webm',
  m4a: 'audio/mp4', wav: 'audio/wav', flac: 'audio/flac', ogg: 'audio/ogg',
  md: 'text/markdown', csv: 'text/csv', vtt: 'text/vtt', srt: 'application/x-subrip', epub: 'application/epub+zip',
}

/** @param {{ name: string, type: string }} file */
export function typeOf({ name, type }) {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return byExtension[extension] ?? (type.split(';')[0] || 'application/octet-stream')
}

/**
 * @param {string} type
 * @returns {AssetKind}
 */
export function kindOf(type) {
  if (type === 'text/vtt' || type === 'application/x-subrip') return 'CAPTION'
  const family = type.split('/')[0]
  if (family === 'video') return 'VIDEO'
  if (family === 'audio') return 'AUDIO'
  return family === 'image' ? 'IMAGE' : 'DOCUMENT'
}
