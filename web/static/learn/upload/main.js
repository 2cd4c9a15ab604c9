// The page where instructors upload files: its frame, and who may see what.

import { ask, whenSignedOut } from '../api.js'
import { apply, readTenant } from '../brand.js'
import { announce, fill, h } from '../dom.js'
import { language, t } from '../i18n.js'
import { end, session } from '../session.js'
import { signIn } from '../views/signin.js'
import { Desk } from './desk.js'
import { Hasher } from './hasher.js'
import { Memory } from './memory.js'

const here = '/upload'
const tenant = readTenant()
apply(tenant)
document.documentElement.lang = language
document.title = `${t('upload.title')} · ${tenant.name}`

const hasher = new Hasher()
/** @type {Desk | null} */
let desk = null

const main = h('main', { id: 'main', tabindex: -1 })
const nav = h('nav', { 'aria-label': t('nav') })
fill(/** @type {HTMLElement} */ (document.getElementById('app')),
  h('a', { class: 'skip', href: '#main', click: () => main.focus() }, t('skip')),
  h('header', { class: 'top' }, h('div', { class: 'bar' },
    h('a', { class: 'mark', href: here }, h('img', { src: tenant.logoUrl || '/static/icon.svg', alt: '', height: 32 }), h('span', {}, tenant.name)),
    nav)),
  h('p', { class: 'offline', hidden: true }),
  main,
  h('footer', {}, h('p', {}, t('footer', { tenant: tenant.name }))))

/**
 * @param {boolean} focus whether the focus moves to the heading, as after signing in or out
 * @param {string} [why] what led to the sign-in, when it was not the person's own wish
 */
function draw(focus, why) {
  const who = session()
  desk?.close()
  desk = null
  fill(nav, h('a', { href: '/learn/' }, t('catalog')), who && h('button', { type: 'button', class: 'plain', title: who.name, click: leave }, t('signOut')))
  if (!who) {
    fill(main, signIn({ tenant, begin: () => draw(true) }, here, why).content)
  } else if (['INSTRUCTOR', 'TENANT_ADMIN'].includes(who.role)) {
    desk = new Desk(new Memory(localStorage, who.userId), hasher)
    fill(main, desk.draw())
  } else {
    fill(main, h('div', { class: 'empty' }, h('h1', {}, t('upload.title')), h('p', {}, t('upload.staffOnly'))))
  }
  if (focus) settle()
}

function settle() {
  const heading = main.querySelector('h1')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus()
}

async function leave() {
  desk?.close()
  await ask('sign-out', {}).catch(() => {})
  end()
  draw(true)
}

whenSignedOut(() => {
  end()
  announce(t('problem.signedOut'))
  draw(true, t('problem.signedOut'))
})
draw(false)
