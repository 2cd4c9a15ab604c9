// Sign-in.

import { ApiError, ask } from '../api.js'
import { h } from '../dom.js'
import { t } from '../i18n.js'
import { press } from '../problem.js'
import { go, href } from '../router.js'
import { begin } from '../session.js'

/** @import { App } from '../app.js' */
/** @import { Page } from '../router.js' */

/**
 * @param {Pick<App, 'tenant' | 'begin'>} app
 * @param {string} to the address to go to afterwards
 * @param {string} [why] what led here, when it was not the person's own wish
 * @returns {Page}
 */
export function signIn(app, to, why = '') {
  const told = h('p', { role: 'alert', class: 'alert' })
  const email = h('input', { type: 'email', name: 'email', autocomplete: 'username', required: true })
  const password = h('input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true })
  const button = h('button', {}, t('signIn'))
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    void press(button, told, async () => {
      const { signIn } = await ask('sign-in', { email: email.value, password: password.value, tenant: app.tenant.slug }).catch(refused)
      const { user, role } = signIn.viewer
      begin({ token: signIn.token, expiresAt: signIn.expiresAt, userId: user?.id ?? '', name: user?.name ?? email.value, role })
      app.begin()
      go(to, { replace: true })
    })
  }
  const content = h('div', { class: 'narrow card' },
    h('h1', {}, t('signIn.title', { tenant: app.tenant.name })),
    why && h('p', { class: 'note' }, why),
    h('form', { submit },
      h('label', {}, t('signIn.email'), email),
      h('label', {}, t('signIn.password'), password),
      told, button))
  return { title: t('signIn'), content }
}

/**
 * Says in the page's language what elsewhere means that a session has ended.
 *
 * @param {unknown} error
 * @returns {never}
 */
function refused(error) {
  if (error instanceof ApiError && error.code === 'UNAUTHENTICATED') throw new ApiError('WRONG_PASSWORD', t('signIn.wrong'))
  throw error
}

/**
 * Where a sign-in leads: only to addresses of this app.
 *
 * @param {string | null} wanted
 */
export function afterwards(wanted) {
  return wanted && /^\/learn(\/|$)/.test(wanted) && !wanted.includes('\\') ? wanted : href('/my')
}
