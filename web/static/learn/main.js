// The learner app: its frame, and which view is shown in it.

import { ApiError, ask, whenSignedOut } from './api.js'
import { App } from './app.js'
import { apply, readTenant } from './brand.js'
import { announce, fill, h, icon } from './dom.js'
import { language, t } from './i18n.js'
import { problem } from './problem.js'
import { go, href, match, path, start } from './router.js'
import { end, session } from './session.js'
import { catalog } from './views/catalog.js'
import { coursePage } from './views/course.js'
import { dashboard } from './views/dashboard.js'
import { inboxPage } from './views/inbox.js'
import { lessonPage } from './views/lesson.js'
import { pathPage, pathsPage } from './views/paths.js'
import { reports } from './views/reports.js'
import { afterwards, signIn } from './views/signin.js'

/** @import { Arrival, Page, Route, Visit } from './router.js' */

const app = new App(readTenant())
apply(app.tenant)
document.documentElement.lang = language

/** @type {Route[]} */
const routes = [
  { pattern: '', show: catalog },
  { pattern: '/sign-in', show: async ({ query }) => signIn(app, afterwards(query.get('to')), query.has('ended') ? t('problem.signedOut') : '') },
  { pattern: '/courses/:course', show: coursePage },
  { pattern: '/courses/:course/lessons/:lesson', show: (visit) => lessonPage(app, visit) },
  { pattern: '/paths', show: pathsPage },
  { pattern: '/paths/:path', show: pathPage },
  { pattern: '/my', members: true, show: (visit) => dashboard(app, visit) },
  { pattern: '/teaching', members: true, show: reports },
  { pattern: '/inbox', members: true, show: async (visit) => inboxPage(app, visit) },
]

/** The roles that see how learners get on. */
const teaches = ['INSTRUCTOR', 'TENANT_ADMIN']

const main = h('main', { id: 'main', tabindex: -1 })
const nav = h('nav', { 'aria-label': t('nav') })
const account = h('div', { class: 'account' })
const offline = h('p', { class: 'offline', role: 'status' })
const toast = h('div', { class: 'toast', role: 'status' })
fill(/** @type {HTMLElement} */ (document.getElementById('app')),
  h('a', { class: 'skip', href: '#main', click: () => main.focus() }, t('skip')),
  h('header', { class: 'top' }, h('div', { class: 'bar' }, mark(), nav, account)),
  offline, main,
  h('footer', {}, h('p', {}, t('footer', { tenant: app.tenant.name }))),
  toast)

function mark() {
  const { logoUrl, name } = app.tenant
  return h('a', { class: 'mark', href: href('/') },
    h('img', { src: logoUrl || '/static/icon.svg', alt: '', height: 32 }), h('span', {}, name))
}

/** Draws what depends on who is signed in, and where. */
function drawNav() {
  const who = session()
  const here = path()
  const link = (/** @type {string} */ to, /** @type {import('./dom.js').Child[]} */ ...inside) =>
    h('a', { href: href(to), 'aria-current': (to === '/' ? here === '/' : here.startsWith(to)) ? 'page' : null }, ...inside)
  const unread = app.inbox?.unread ?? 0
  fill(nav,
    link('/', t('catalog')),
    link('/paths', t('paths')),
    who && link('/my', t('my')),
    who && teaches.includes(who.role) && link('/teaching', t('reports')),
    who && link('/inbox', icon('bell'), h('span', { class: 'label' }, t('inbox')), unread > 0 && h('span', { class: 'badge' }, unread, h('span', { class: 'unseen' }, ` ${t('inbox.unread')}`))))
  fill(account,
    who ? h('button', { type: 'button', class: 'plain', title: who.name, click: leave }, t('signOut')) : link('/sign-in', t('signIn')))
}

async function leave() {
  await app.outbox?.flush()
  await ask('sign-out', {}).catch(() => {})
  end()
  app.stop()
  go(href('/'))
}

let visiting = new AbortController()

/** Whether what is shown says that the server could not be reached. */
let cutOff = false

/**
 * Shows the view of the address in force.
 *
 * @param {Arrival} arrival
 */
async function render({ focus, scroll = 0 }) {
  visiting.abort()
  visiting = new AbortController()
  cutOff = false
  const { signal } = visiting
  drawNav()
  main.setAttribute('aria-busy', 'true')
  const page = await view(signal)
  if (signal.aborted) return
  fill(main, page.content)
  main.classList.toggle('wide', page.wide === true)
  main.removeAttribute('aria-busy')
  document.title = `${page.title} · ${app.tenant.name}`
  drawNav()
  if (focus) settle(scroll)
}

/**
 * Moves focus to the heading of the new view, so that it is read and the keyboard goes on from there.
 *
 * @param {number} scroll
 */
function settle(scroll) {
  const heading = main.querySelector('h1')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus({ preventScroll: true })
  scrollTo({ top: scroll, behavior: 'instant' })
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
async function view(signal) {
  const query = new URLSearchParams(location.search)
  for (const route of routes) {
    const params = match(route.pattern, path())
    if (!params) continue
    if (route.members && !session()) return signIn(app, location.pathname + location.search + location.hash)
    /** @type {Visit} */
    const visit = { path: path(), params, query, signal }
    try {
      return await route.show(visit)
    } catch (error) {
      if (!signal.aborted) cutOff = error instanceof ApiError && error.code === 'NETWORK'
      return problem(error, () => void render({ focus: true }))
    }
  }
  const content = h('div', { class: 'empty' }, h('h1', {}, t('missing.title')), h('p', {}, t('missing')), h('a', { class: 'button', href: href('/') }, t('toCatalog')))
  return { title: t('missing.title'), content }
}

function online() {
  offline.textContent = navigator.onLine ? '' : t('offline')
  offline.hidden = navigator.onLine
  if (!navigator.onLine) return
  void app.outbox?.flush()
  if (cutOff) void render({ focus: false })
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let toasting

/** @param {string} title */
function tell(title) {
  clearTimeout(toasting)
  fill(toast, icon('bell'), h('a', { href: href('/inbox') }, title))
  toasting = setTimeout(() => toast.replaceChildren(), 8000)
}

app.onBegin = () => {
  app.inbox?.addEventListener('change', drawNav)
  app.inbox?.addEventListener('arrived', (event) => tell(/** @type {CustomEvent} */ (event).detail.title))
}

whenSignedOut(() => {
  end()
  app.stop()
  announce(t('problem.signedOut'))
  go(href('/sign-in', { to: location.pathname + location.search, ended: 1 }), { replace: true })
})
addEventListener('online', online)
addEventListener('offline', online)
online()
app.begin()
start((arrival) => void render(arrival))
void render({ focus: false })
