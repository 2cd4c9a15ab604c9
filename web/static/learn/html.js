// The one place where text becomes markup. The API has sanitised the fields that its schema calls "Sanitised HTML"
// and the page's Trusted Types policy lets nothing else in: innerHTML given a plain text throws.

/** @type {{ createHTML(text: string): string } | undefined} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('lyceum', {
  createHTML: (/** @type {string} */ text) => text,
})

/**
 * Shows a field that the schema calls "Sanitised HTML".
 *
 * @template {Element} T
 * @param {T} element
 * @param {string} sanitised
 * @returns {T}
 */
export function show(element, sanitised) {
  element.innerHTML = policy ? policy.createHTML(sanitised) : sanitised
  for (const table of element.querySelectorAll('table, pre')) scrollable(table)
  return element
}

/**
 * What is wider than a telephone scrolls by itself, with the keyboard too.
 *
 * @param {Element} wide
 */
function scrollable(wide) {
  const frame = document.createElement('div')
  frame.className = 'scroll'
  frame.tabIndex = 0
  wide.replaceWith(frame)
  frame.append(wide)
}
