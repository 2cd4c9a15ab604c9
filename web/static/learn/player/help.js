// The dialog that says which key does what.

import { h } from '../dom.js'
import { t } from '../i18n.js'
import { rows } from './keys.js'

/** @returns {HTMLDialogElement} */
export function help() {
  const dialog = h('dialog', { class: 'help', 'aria-labelledby': 'keys-title' },
    h('h2', { id: 'keys-title' }, t('keys.title')),
    h('p', {}, t('keys.where')),
    h('table', {},
      h('thead', { class: 'unseen' }, h('tr', {}, h('th', { scope: 'col' }, t('keys.key')), h('th', { scope: 'col' }, t('keys.does')))),
      h('tbody', {}, rows.map(([key, word]) =>
        h('tr', {}, h('th', { scope: 'row' }, h('kbd', {}, key)), h('td', {}, t(word)))))),
    h('form', { method: 'dialog' }, h('button', { autofocus: true }, t('close'))))
  return dialog
}
