// What all views share: the tenant, the inbox, and the outbox of what was played.

import { ask, beacon } from './api.js'
import { Inbox } from './inbox.js'
import { Outbox } from './player/outbox.js'
import { session } from './session.js'

/** @import { Tenant } from './brand.js' */

/** Storage that lasts as long as the page, for browsers that allow no other. */
function storage() {
  try {
    localStorage.setItem('lyceum.try', '1')
    localStorage.removeItem('lyceum.try')
    return localStorage
  } catch {
    return sessionStorageOf({})
  }
}

/**
 * @param {Record<string, string>} kept
 * @returns {Storage}
 */
function sessionStorageOf(kept) {
  return /** @type {any} */ (new Proxy(kept, {
    get: (target, name) => ({
      getItem: (/** @type {string} */ key) => target[key] ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => { target[key] = value },
      removeItem: (/** @type {string} */ key) => { delete target[key] },
    })[String(name)],
  }))
}

export class App {
  /** @type {Inbox | null} */
  inbox = null
  /** @type {Outbox | null} */
  outbox = null
  /** Is called when somebody's things were taken up. */
  onBegin = () => {}

  /** @param {Tenant} tenant */
  constructor(tenant) {
    this.tenant = tenant
  }

  /** Takes up what belongs to the person who is signed in. */
  begin() {
    this.stop()
    const who = session()
    if (!who) return
    this.outbox = new Outbox(storage(), who.userId, async (request) =>
      (await ask('record-progress', request)).recordProgress, beacon)
    this.inbox = new Inbox()
    void this.inbox.open()
    void this.outbox.flush()
    this.onBegin()
  }

  stop() {
    this.inbox?.close()
    this.inbox = null
    this.outbox = null
  }
}
