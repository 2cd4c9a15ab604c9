// Colours that can be read. Contrast is that of WCAG 2.1: (L1 + 0.05) / (L2 + 0.05) of relative luminances.

/** @typedef {[number, number, number]} Colour red, green and blue, 0 to 255 */

/**
 * @param {string} hex "#rrggbb"
 * @returns {Colour | null}
 */
export function parse(hex) {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex)
  return found && [parseInt(found[1] ?? '', 16), parseInt(found[2] ?? '', 16), parseInt(found[3] ?? '', 16)]
}

/** @param {Colour} colour */
export function hex(colour) {
  return '#' + colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')
}

/** @param {Colour} colour */
function luminance(colour) {
  const linear = (/** @type {number} */ part) => {
    const c = part / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

/**
 * 1 to 21.
 *
 * @param {Colour} a
 * @param {Colour} b
 */
export function contrast(a, b) {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

/** @type {Colour} */
const white = [255, 255, 255]
/** @type {Colour} */
const black = [0, 0, 0]

/**
 * The colour, moved towards black or white until it can be read on all the grounds.
 *
 * @param {Colour} colour
 * @param {Colour[]} grounds
 * @param {number} [least] the contrast to reach
 * @returns {Colour}
 */
export function readable(colour, grounds, least = 4.5) {
  const dark = grounds.every((ground) => luminance(ground) < 0.18)
  const towards = dark ? white : black
  for (let step = 0; step <= 20; step++) {
    const moved = mix(colour, towards, step / 20)
    // Rounded first: what is shown is what has been measured.
    if (grounds.every((ground) => contrast(moved, ground) >= least)) return moved
  }
  return towards
}

/**
 * @param {Colour} from
 * @param {Colour} to
 * @param {number} share of to
 * @returns {Colour}
 */
export function mix(from, to, share) {
  const part = (/** @type {0 | 1 | 2} */ i) => Math.round(from[i] + (to[i] - from[i]) * share)
  return [part(0), part(1), part(2)]
}

/**
 * White or black, whichever reads better on the colour: one of them always reaches 4.5.
 *
 * @param {Colour} ground
 */
export function ink(ground) {
  return contrast(white, ground) >= contrast(black, ground) ? white : black
}
