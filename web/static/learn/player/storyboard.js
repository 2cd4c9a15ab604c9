// Pictures for the seek bar: a WebVTT file whose cues name parts of sprites, as in "sprite-1.jpg#xywh=160,0,160,90".

/** @typedef {{ fromMs: number, toMs: number, url: string, x: number, y: number, w: number, h: number }} Still */

const timing = /^(?:(\d+):)?(\d{2}):(\d{2})\.(\d{3})\s+-->\s+(?:(\d+):)?(\d{2}):(\d{2})\.(\d{3})/
const place = /^(.*)#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$/

/**
 * Reads a storyboard. Cues that are not understood are left out.
 *
 * @param {string} vtt
 * @param {string} address of the file, which the sprites are named relative to
 * @returns {Still[]} in the file's order
 */
export function parse(vtt, address) {
  /** @type {Still[]} */
  const stills = []
  for (const block of vtt.replaceAll('\r\n', '\n').split(/\n\n+/)) {
    const lines = block.split('\n')
    const at = lines.findIndex((line) => timing.test(line))
    const times = timing.exec(lines[at] ?? '')
    const found = place.exec(lines[at + 1]?.trim() ?? '')
    if (!times || !found) continue
    const [x, y, w, h] = found.slice(2).map(Number)
    if (!w || !h) continue
    stills.push({
      fromMs: milliseconds(times.slice(1, 5)), toMs: milliseconds(times.slice(5, 9)),
      url: new URL(found[1] ?? '', address).href, x: x ?? 0, y: y ?? 0, w, h,
    })
  }
  return stills
}

/** @param {(string | undefined)[]} parts hours, minutes, seconds, milliseconds */
function milliseconds(parts) {
  const [h, m, s, ms] = parts.map((part) => Number(part ?? 0))
  return (((h ?? 0) * 60 + (m ?? 0)) * 60 + (s ?? 0)) * 1000 + (ms ?? 0)
}

/**
 * The picture for a moment of the film.
 *
 * @param {readonly Still[]} stills
 * @param {number} ms
 */
export function at(stills, ms) {
  return stills.find((still) => ms >= still.fromMs && ms < still.toMs) ?? null
}
