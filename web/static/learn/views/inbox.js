// Notifications, as they arrive.

import { fill, h } from '../dom.js'
import { moment } from '../format.js'
import { t } from '../i18n.js'
import { leadsTo } from '../inbox.js'
import { press } from '../problem.js'
import { mailSwitches } from './mails.js'

/** @import { App } from '../app.js' */
/** @import { Notification } from '../inbox.js' */
/** @import { Page, Visit } from '../router.js' */

/**
 * @param {App} app
 * @param {Visit} visit
 * @returns {Page}
 */
export function inboxPage(app, { signal }) {
  const inbox = app.inbox
  const told = h('p', { role: 'alert', class: 'alert' })
  const state = h('p', { class: 'facts' })
  const list = h('ol', { class: 'notifications', reversed: true })
  const all = h('button', { type: 'button', class: 'quiet', click: () => press(all, told, async () => inbox?.read()) }, t('inbox.readAll'))
  const older = h('button', { type: 'button', class: 'quiet', click: () => press(older, told, async () => inbox?.older()) }, t('inbox.older'))
  const draw = () => {
    const notifications = inbox?.notifications ?? []
    state.textContent = inbox?.connected ? t('inbox.live') : t('inbox.notLive')
    all.hidden = !inbox?.unread
    older.hidden = !inbox?.more
    fill(list, notifications.map((one) => row(one, (ids) => inbox?.read(ids).catch(() => {}))))
    list.hidden = notifications.length === 0
    empty.hidden = notifications.length > 0
  }
  const empty = h('p', { class: 'empty' }, t('inbox.nothing'))
  inbox?.addEventListener('change', draw, { signal })
  draw()
  const content = h('div', { class: 'middle' }, h('h1', {}, t('inbox')), h('div', { class: 'row between' }, state, all), told, empty, list, older, mailSwitches(signal))
  return { title: t('inbox'), content }
}

/**
 * @param {Notification} one
 * @param {(ids: string[]) => unknown} read
 */
function row(one, read) {
  const to = leadsTo(one.link)
  const unread = one.readAt === null
  const seen = () => unread && read([one.id])
  return h('li', { class: unread ? 'card unread' : 'card' },
    h('p', { class: 'facts' }, h('time', { datetime: one.sentAt }, moment(one.sentAt)), unread && h('strong', {}, t('inbox.new'))),
    h('h2', {}, to ? h('a', { href: to, click: seen }, one.title) : one.title),
    one.body && h('p', {}, one.body))
}
