// What the person gets mail about: a switch for each kind of message.

import { ask } from '../api.js'
import { announce, h } from '../dom.js'
import { t } from '../i18n.js'
import { explain } from '../problem.js'

/** @import { MailPreferencesQuery } from '../../../types/api.js' */
/** @typedef {MailPreferencesQuery['mailPreferences'][number]} Preference */

/**
 * A part of the inbox that fetches the switches when it is opened. Mails lead to #mail, where it is open already.
 *
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function mailSwitches(signal) {
  const told = h('p', { role: 'alert', class: 'alert' })
  const list = h('ul')
  let asked = false
  const show = async () => {
    if (asked || !box.open) return
    asked = true
    try {
      const { mailPreferences } = await ask('mail-preferences', {}, { signal })
      list.append(...mailPreferences.map((one) => row(one, told)))
    } catch (error) {
      asked = false
      if (!signal.aborted) told.textContent = explain(error)
    }
  }
  const box = h('details', { class: 'card', id: 'mail', toggle: show, open: location.hash === '#mail' },
    h('summary', {}, t('mail')), h('p', { class: 'facts' }, t('mail.about')), told, list)
  void show()
  // The page is put in its place after this.
  if (box.open) requestAnimationFrame(() => box.scrollIntoView())
  return box
}

/**
 * @param {Preference} preference
 * @param {HTMLElement} told
 */
function row({ kind, wanted }, told) {
  const tick = h('input', { type: 'checkbox', checked: wanted, change: () => set(kind, tick, told) })
  return h('li', {}, h('label', { class: 'tick' }, tick, t(`mail.${kind}`)))
}

/**
 * Keeps the wish, or puts the tick back and says why it could not be kept.
 *
 * @param {Preference['kind']} kind
 * @param {HTMLInputElement} tick
 * @param {HTMLElement} told
 */
async function set(kind, tick, told) {
  const wanted = tick.checked
  told.textContent = ''
  tick.disabled = true
  try {
    await ask('set-mail-preference', { kind, wanted })
    announce(t('mail.kept'))
  } catch (error) {
    tick.checked = !wanted
    told.textContent = explain(error)
  }
  tick.disabled = false
  tick.focus()
}
