// Who is signed in, in this tab.
//
// The token lies in sessionStorage: it survives a reload, ends with the tab, is not shared with other tabs, and is
// never sent by the browser on its own, so that no other site can use it for a forged request; there are no cookies.
// Script of the page could read it, as it could use any token: therefore the page's policy lets no script in but the
// app's own files, and no text become markup but what the API has sanitised.

const key = 'lyceum.session'

/** @typedef {{ token: string, expiresAt: string, userId: string, name: string, role: string }} Session */

/** @type {Session | null} */
let current = read()

/** @returns {Session | null} */
function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    return kept && Date.parse(kept.expiresAt) > Date.now() ? kept : null
  } catch {
    return null
  }
}

export function session() {
  return current
}

/** @param {Session} next */
export function begin(next) {
  current = next
  keep(JSON.stringify(next))
}

export function end() {
  current = null
  keep(null)
}

/** @param {string | null} text */
function keep(text) {
  try {
    if (text === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  } catch {
    // Without storage the session lasts until the page is reloaded.
  }
}
