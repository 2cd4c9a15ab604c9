// Builds the page's elements. Text becomes text nodes, never markup: markup comes in through html.js alone.

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * Makes an element. Attributes that are functions listen to the event of their name; true stands for an attribute
 * without a value; false, null and undefined leave it out.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) set(element, key, value)
  append(element, children)
  return element
}

/**
 * @param {Element} element
 * @param {string} key
 * @param {unknown} value
 */
function set(element, key, value) {
  if (typeof value === 'function') element.addEventListener(key, /** @type {EventListener} */ (value))
  else if (value === true) element.setAttribute(key, '')
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value))
}

/**
 * @param {Node} parent
 * @param {Child} child
 */
function append(parent, child) {
  if (Array.isArray(child)) for (const one of child) append(parent, one)
  else if (child instanceof Node) parent.appendChild(child)
  else if (child !== null && child !== undefined && child !== false) parent.appendChild(document.createTextNode(String(child)))
}

/**
 * Replaces what an element holds.
 *
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren()
  append(element, children)
}

const svg = 'http://www.w3.org/2000/svg'

/** Shapes on a field of 24 by 24. */
const shapes = {
  play: 'M7 4.5v15l12-7.5z',
  pause: 'M6 4.5h4v15H6zM14 4.5h4v15h-4z',
  again: 'M12 5V1.5L6.5 6.5 12 11.500V8a5 5 0 1 1-5 5H4a8 8 0 1 0 8-8z',
  sound: 'M4 9v6h4l5 4.500V4.500L8 9zM15.5 8.200a5 5 0 0 1 0 7.600l1.3 1.500a7 7 0 0 0 0-10.600z',
  muted: 'M4 9v6h4l5 4.500V4.500L8 9zM21 9.4 19.6 8 17.5 10.1 15.4 8 14 9.4 16.1 11.5 14 13.6 15.4 15 17.5 12.9 19.6 15 21 13.6 18.9 11.500z',
  full: 'M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z',
  check: 'M9.5 17.2 4.8 12.500l1.4-1.4 3.3 3.3 8.3-8.3 1.4 1.400z',
  lock: 'M7 10V8a5 5 0 0 1 10 0v2h1v10H6V10zm2 0h6V8a3 3 0 0 0-6 0z',
  film: 'M4 5h16v14H4zm6 3.500v7l6-3.500z',
  text: 'M5 4h14v16H5zm3 4v1.500h8V8zm0 3.500V13h8v-1.500zM8 15v1.500h5V15z',
  quiz: 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm-1 15h2v2h-2zm1-12a4 4 0 0 1 4 4c0 2.5-3 2.8-3 5.500h-2c0-3.7 3-3.7 3-5.500a2 2 0 0 0-4 0H8a4 4 0 0 1 4-4z',
  file: 'M6 2h8l5 5v15H6zm7 1.500V8h4.500z',
  link: 'M10 6H5v13h13v-5h-2v3H7V8h3zm3-2v2h3.600l-7.3 7.3 1.4 1.400L18 7.400V11h2V4z',
  bell: 'M12 22a2 2 0 0 0 2-2h-4a2 2 0 0 0 2 2zm6-6v-5a6 6 0 0 0-4.5-5.800V4a1.5 1.5 0 0 0-3 0v1.200A6 6 0 0 0 6 11v5l-2 2v1h16v-1z',
  search: 'M10 3a7 7 0 1 0 4.3 12.500l5.1 5.1 1.4-1.4-5.1-5.100A7 7 0 0 0 10 3zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10z',
  award: 'M12 2a6.5 6.5 0 0 0-3.5 12v8l3.5-2 3.5 2v-8A6.5 6.5 0 0 0 12 2zm0 2.500a4 4 0 1 1 0 8 4 4 0 0 1 0-8z',
  captions: 'M3 5h18v14H3zm4.5 4A2.5 2.5 0 0 0 5 11.500v1a2.5 2.5 0 0 0 5 0H8.500a1 1 0 0 1-2 0v-1a1 1 0 0 1 2 0H10A2.5 2.5 0 0 0 7.5 9zm9 0a2.5 2.5 0 0 0-2.5 2.500v1a2.5 2.5 0 0 0 5 0h-1.500a1 1 0 0 1-2 0v-1a1 1 0 0 1 2 0H19A2.5 2.5 0 0 0 16.5 9z',
  keys: 'M2 6h20v12H2zm3 3v1.800h1.800V9zm4 0v1.800h1.800V9zm4 0v1.800h1.800V9zm4 0v1.800h1.800V9zM7 13.500v1.800h10v-1.800z',
}

/** @typedef {keyof typeof shapes} IconName */

/**
 * A picture that says nothing by itself: its meaning stands beside it in words.
 *
 * @param {IconName} name
 */
export function icon(name) {
  const picture = document.createElementNS(svg, 'svg')
  picture.setAttribute('viewBox', '0 0 24 24')
  picture.setAttribute('class', 'icon')
  picture.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(svg, 'path')
  path.setAttribute('d', shapes[name])
  picture.append(path)
  return picture
}

/** @type {HTMLElement | null} */
let announcer = null

/**
 * Says something to people who hear the page, without moving their focus.
 *
 * @param {string} text
 */
export function announce(text) {
  announcer ??= document.body.appendChild(h('p', { class: 'unseen', role: 'status', id: 'announcer' }))
  announcer.textContent = text
}
