// The person's notifications, kept up to date while the app is open.

import { ApiError, ask } from './api.js'
import { backoff, follow, pause } from './live.js'

/** @import { NotificationsQuery } from '../../types/api.js' */
/** @typedef {NotificationsQuery['notifications']['nodes'][number]} Notification */

/** Tells "change" when something changed, and "arrived" for what came in. */
export class Inbox extends EventTarget {
  /** @type {Notification[]} newest first */
  notifications = []
  unread = 0
  connected = false
  /** @type {string | null} */
  #cursor = null
  #stop = new AbortController()

  /** Whether there are older ones that were not fetched. */
  get more() {
    return this.#cursor !== null
  }

  /** Fetches the newest, however long the server is away, and follows what comes. */
  async open() {
    for (let failures = 0; !(await this.#begun()); failures++) await pause(backoff(failures), this.#stop.signal)
    if (this.#stop.signal.aborted) return
    const after = this.notifications[0]?.seq ?? 0
    void follow('notification-received', { after }, {
      onData: ({ notificationReceived }) => this.#arrive(notificationReceived),
      onState: (connected) => {
        this.connected = connected
        this.#tell('change')
      },
      signal: this.#stop.signal,
    })
  }

  /** Whether there is nothing more to try: the newest are here, or will never be. */
  async #begun() {
    if (this.#stop.signal.aborted) return true
    try {
      await this.older()
      return true
    } catch (error) {
      if (!(error instanceof ApiError) || !['FORBIDDEN', 'UNAUTHENTICATED'].includes(error.code)) return false
      this.close()
      return true
    }
  }

  close() {
    this.#stop.abort()
  }

  /** Fetches the next page of older ones. */
  async older() {
    const { notifications } = await ask('notifications', { first: 20, after: this.#cursor })
    this.notifications = unique([...this.notifications, ...notifications.nodes])
    this.unread = notifications.unreadCount
    this.#cursor = notifications.pageInfo.hasNextPage ? notifications.pageInfo.endCursor : null
    this.#tell('change')
  }

  /** @param {Omit<Notification, 'readAt'>} notification */
  #arrive(notification) {
    if (this.notifications.some(({ id }) => id === notification.id)) return
    this.notifications = unique([{ ...notification, readAt: null }, ...this.notifications])
    this.unread++
    this.#tell('change')
    this.#tell('arrived', notification)
  }

  /** @param {string[]} [ids] all when not given */
  async read(ids) {
    const { markNotificationsRead } = await ask('mark-read', { ids: ids ?? null })
    const now = new Date().toISOString()
    this.notifications = this.notifications.map((one) => (!ids || ids.includes(one.id) ? { ...one, readAt: one.readAt ?? now } : one))
    this.unread = markNotificationsRead.unreadCount
    this.#tell('change')
  }

  /**
   * @param {'change' | 'arrived'} type
   * @param {unknown} [detail]
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/**
 * @param {Notification[]} notifications
 * @returns {Notification[]} newest first
 */
export function unique(notifications) {
  const byId = new Map(notifications.map((one) => [one.id, one]))
  return [...byId.values()].toSorted((a, b) => b.seq - a.seq)
}

/**
 * Where a notification leads: certificates have their public page, everything else is shown here.
 *
 * @param {string} link a path of the frontend, or ""
 */
export function leadsTo(link) {
  if (!link.startsWith('/') || link.startsWith('//')) return null
  return link.startsWith('/verify/') ? link : `/learn${link}`
}
