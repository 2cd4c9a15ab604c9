// Which key does what. They work while the focus is in the player, so that they take no letter from anything else on
// the page (WCAG 2.1.4).

/** @typedef {'play' | 'back' | 'forward' | 'stepBack' | 'stepForward' | 'mute' | 'captions' | 'full' | 'slower' | 'faster' | 'start' | 'end' | 'help'} Action */

/** @type {Record<string, Action>} */
const actions = {
  ' ': 'play', k: 'play', j: 'back', l: 'forward', ArrowLeft: 'stepBack', ArrowRight: 'stepForward',
  m: 'mute', c: 'captions', f: 'full', '<': 'slower', '>': 'faster', Home: 'start', End: 'end', '?': 'help',
}

/** What the help shows, in order. */
export const rows = /** @type {const} */ ([
  ['Space, K', 'keys.play'], ['J', 'keys.back'], ['L', 'keys.forward'], ['←', 'keys.stepBack'], ['→', 'keys.stepForward'],
  ['M', 'keys.mute'], ['C', 'keys.captions'], ['F', 'keys.full'], ['<', 'keys.slower'], ['>', 'keys.faster'],
  ['Home', 'keys.start'], ['End', 'keys.end'], ['?', 'keys.help'],
])

/**
 * What a key does, null for nothing: what has a use for the key itself keeps it.
 *
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} event
 * @param {string} on the kind of element that has the focus: "button", "select", "range", or another
 * @returns {Action | null}
 */
export function action(event, on) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null
  if (event.key === ' ' && on === 'button') return null
  // A list is chosen from with letters and arrows.
  if (on === 'select') return null
  return actions[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null
}

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]

/**
 * The next speed up or down.
 *
 * @param {number} rate
 * @param {1 | -1} direction
 */
export function nextSpeed(rate, direction) {
  const found = direction > 0 ? speeds.find((speed) => speed > rate) : speeds.findLast((speed) => speed < rate)
  return found ?? rate
}
