// Addresses below /learn/ and the views behind them. Links are ordinary links: they can be opened in a new tab,
// copied and sent; back and forward work, and keep where one was on the page.

export const base = '/learn'

/**
 * @typedef {{ path: string, params: Record<string, string>, query: URLSearchParams, signal: AbortSignal }} Visit
 * signal ends with the visit
 * @typedef {{ pattern: string, members?: boolean, show: (visit: Visit) => Promise<Page> }} Route
 * members: for people who are signed in
 * @typedef {{ title: string, content: Node, wide?: boolean }} Page
 */

/**
 * Matches a path with a pattern like "/courses/:slug", and returns what stands for the names.
 *
 * @param {string} pattern
 * @param {string} path
 * @returns {Record<string, string> | null}
 */
export function match(pattern, path) {
  const wanted = pattern.split('/')
  const given = path.replace(/\/+$/, '').split('/')
  if (wanted.length !== given.length) return null
  /** @type {Record<string, string>} */
  const params = {}
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? ''
    if (!part.startsWith(':')) {
      if (part !== value) return null
      continue
    }
    try {
      params[part.slice(1)] = decodeURIComponent(value)
    } catch {
      return null
    }
    if (value === '') return null
  }
  return params
}

/**
 * The address of a view.
 *
 * @param {string} path "/courses/fire-safety"
 * @param {Record<string, string | number | null | undefined>} [query] what is empty is left out
 */
export function href(path, query = {}) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, String(value))
  return base + path + (search.size > 0 ? `?${search}` : '')
}

/** @typedef {{ focus: boolean, scroll?: number }} Arrival focus: to the heading; scroll: how far down one was before */

/** @type {(arrival: Arrival) => void} */
let render = () => {}

/** @param {(arrival: Arrival) => void} show draws the view of the address in force */
export function start(show) {
  render = show
  history.scrollRestoration = 'manual'
  addEventListener('popstate', (event) => show({ focus: true, scroll: event.state?.scroll ?? 0 }))
  document.addEventListener('click', follow)
}

/** @param {MouseEvent} event */
function follow(event) {
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const to = new URL(link.href)
  if (link.target || link.hasAttribute('download') || to.origin !== location.origin || !inside(to.pathname)) return
  if (to.pathname === location.pathname && to.search === location.search && to.hash) return
  event.preventDefault()
  go(to.pathname + to.search)
}

/** @param {string} path */
function inside(path) {
  return path === base || path.startsWith(`${base}/`)
}

/**
 * Goes to an address of the app.
 *
 * @param {string} address
 * @param {{ replace?: boolean, focus?: boolean }} [options] replace leaves no entry in the history
 */
export function go(address, { replace = false, focus = true } = {}) {
  if (replace) {
    history.replaceState(null, '', address)
  } else {
    history.replaceState({ scroll: scrollY }, '')
    history.pushState(null, '', address)
  }
  render({ focus })
}

/** The path below the base, "/" for the first view. */
export function path() {
  return location.pathname.slice(base.length) || '/'
}
