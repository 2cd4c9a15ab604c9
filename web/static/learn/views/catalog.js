// The catalog: courses to browse, and a search box over courses and lessons.

import { ask } from '../api.js'
import { announce, fill, h, icon } from '../dom.js'
import { clock, duration, languageName, price } from '../format.js'
import { t } from '../i18n.js'
import { explain } from '../problem.js'
import { href } from '../router.js'
import { pageSize, pieces, reach, search } from '../search.js'

/** @import { CatalogQuery, CourseLevel } from '../../../types/api.js' */
/** @import { Page, Visit } from '../router.js' */
/** @import { Found, Hit } from '../search.js' */
/** @typedef {{ q: string, category: string, level: string, language: string, free: string, page: string }} Wanted */

const levels = /** @type {const} */ (['BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'ALL'])
const names = /** @type {const} */ (['q', 'category', 'level', 'language', 'free', 'page'])

/** How long a person may pause between two letters, in milliseconds. */
const typing = 250

/**
 * @param {Visit} visit
 * @returns {Promise<Page>}
 */
export async function catalog({ query, signal }) {
  const wanted = /** @type {Wanted} */ (Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])))
  const first = await browse(wanted, null, signal)
  const form = filters(wanted, first)
  const results = h('section', { class: 'results', 'aria-label': t('catalog.results') })
  const content = h('div', {}, h('h1', {}, t('catalog.title')), form, results)

  let running = new AbortController()
  const update = async () => {
    running.abort()
    running = new AbortController()
    const current = AbortSignal.any([signal, running.signal])
    history.replaceState(history.state, '', href('/', wanted))
    results.setAttribute('aria-busy', 'true')
    try {
      await draw(results, wanted, current, null)
    } catch (error) {
      if (!current.aborted) fill(results, h('p', { role: 'alert', class: 'alert' }, explain(error)))
    }
    if (!current.aborted) results.removeAttribute('aria-busy')
  }
  listen(form, wanted, update)
  await draw(results, wanted, signal, wanted.q ? null : first)
  return { title: t('catalog'), content, wide: true }
}

/**
 * @param {Wanted} wanted
 * @param {string | null} after
 * @param {AbortSignal} signal
 */
function browse(wanted, after, signal) {
  const filter = {
    category: wanted.category || null, level: /** @type {CourseLevel | null} */ (wanted.level || null),
    language: wanted.language || null, free: wanted.free ? true : null,
  }
  return ask('catalog', { first: pageSize, after, filter }, { signal })
}

/**
 * @param {Wanted} wanted
 * @param {CatalogQuery} first
 */
function filters(wanted, { categories, courses }) {
  const spoken = new Set([...courses.nodes.map(({ language }) => language), ...(wanted.language ? [wanted.language] : [])])
  return h('form', { class: 'filters', role: 'search', 'aria-label': t('catalog.search') },
    h('label', { class: 'find' }, h('span', { class: 'unseen' }, t('catalog.search')), icon('search'),
      h('input', { type: 'search', name: 'q', value: wanted.q, placeholder: t('catalog.search'), autocomplete: 'off', maxlength: 200 })),
    choice('category', t('catalog.category'), wanted.category, categories.map(({ slug, name }) => [slug, name])),
    choice('level', t('catalog.level'), wanted.level, levels.map((level) => [level, t(`level.${level}`)])),
    choice('language', t('catalog.language'), wanted.language, [...spoken].toSorted().map((tag) => [tag, languageName(tag)])),
    h('label', { class: 'tick' }, h('input', { type: 'checkbox', name: 'free', value: '1', checked: wanted.free !== '' }), t('catalog.free')))
}

/**
 * @param {keyof Wanted} name
 * @param {string} label
 * @param {string} value
 * @param {[string, string][]} options
 */
function choice(name, label, value, options) {
  return h('label', {}, h('span', { class: 'unseen' }, label),
    h('select', { name },
      h('option', { value: '' }, `${label}: ${t('catalog.any')}`),
      options.map(([key, text]) => h('option', { value: key, selected: key === value }, text))))
}

/**
 * @param {HTMLFormElement} form
 * @param {Wanted} wanted
 * @param {() => void} update
 */
function listen(form, wanted, update) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const read = () => {
    const data = new FormData(form)
    for (const name of names) wanted[name] = String(data.get(name) ?? '').trim()
    update()
  }
  form.addEventListener('input', (event) => {
    clearTimeout(timer)
    timer = setTimeout(read, event.target instanceof HTMLInputElement && event.target.type === 'search' ? typing : 0)
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    clearTimeout(timer)
    read()
  })
}

/**
 * @param {HTMLElement} results
 * @param {Wanted} wanted
 * @param {AbortSignal} signal
 * @param {CatalogQuery | null} ready what is to be shown, if it has been fetched
 */
async function draw(results, wanted, signal, ready) {
  if (wanted.q) {
    const page = Math.min(Math.max(1, Number.parseInt(wanted.page, 10) || 1), Math.floor(reach / pageSize))
    const found = await search({ text: wanted.q, page, category: wanted.category, level: wanted.level, language: wanted.language }, signal)
    if (signal.aborted) return
    const count = t('catalog.hits', { n: found.total })
    announce(count)
    fill(results, h('p', { class: 'count' }, count, found.degraded && ` ${t('catalog.degraded')}`), hits(found.hits), pages(wanted, page, found))
    return
  }
  const { courses } = ready ?? (await browse(wanted, null, signal))
  if (signal.aborted) return
  const count = t('catalog.courses', { n: courses.totalCount })
  if (!ready) announce(count)
  const list = h('ul', { class: 'cards' }, courses.nodes.map(card))
  fill(results, h('p', { class: 'count' }, count), list, more(list, wanted, courses.pageInfo, signal))
}

/** @param {CatalogQuery['courses']['nodes'][number]} course */
function card(course) {
  return h('li', {}, h('a', { class: 'card course', href: href(`/courses/${course.slug}`) },
    h('span', { class: 'cover' }, course.categories[0]?.name ?? t(`level.${course.level}`)),
    h('h2', { lang: course.language }, course.title),
    h('p', { lang: course.language }, course.summary),
    h('p', { class: 'facts' },
      h('span', {}, t('lessons', { n: course.lessonCount })),
      course.durationMs > 0 && h('span', {}, duration(course.durationMs)),
      h('span', {}, t(`level.${course.level}`)),
      h('span', {}, languageName(course.language)),
      course.price ? h('strong', {}, price(course.price)) : null)))
}

/**
 * @param {HTMLUListElement} list
 * @param {Wanted} wanted
 * @param {{ hasNextPage: boolean, endCursor: string | null }} info
 * @param {AbortSignal} signal
 * @returns {Node | null}
 */
function more(list, wanted, info, signal) {
  if (!info.hasNextPage) return null
  const told = h('span', { role: 'alert', class: 'alert' })
  const button = h('button', { type: 'button', class: 'quiet', click: async () => {
    button.disabled = true
    try {
      const { courses } = await browse(wanted, info.endCursor, signal)
      const added = courses.nodes.map(card)
      list.append(...added)
      added[0]?.querySelector('a')?.focus()
      row.replaceWith(more(list, wanted, courses.pageInfo, signal) ?? '')
    } catch (error) {
      button.disabled = false
      if (!signal.aborted) told.textContent = explain(error)
    }
  } }, t('catalog.more'))
  const row = h('p', { class: 'row' }, button, told)
  return row
}

/** @param {Hit[]} found */
function hits(found) {
  if (found.length === 0) return h('p', { class: 'empty' }, t('catalog.nothing'))
  return h('ol', { class: 'hits' }, found.map((hit) => {
    const to = hit.lesson ? `/courses/${hit.course}/lessons/${hit.lesson}` : `/courses/${hit.course}`
    return h('li', { class: 'card' },
      h('h2', {}, h('a', { href: href(to, { t: secondOf(hit.atMs) }) }, marked(hit.title))),
      hit.lesson && h('p', { class: 'facts' }, t('catalog.lessonOf', { course: hit.courseTitle })),
      hit.snippet && h('p', {}, marked(hit.snippet)),
      hit.atMs !== null && h('p', { class: 'facts' }, t('catalog.said', { at: clock(hit.atMs) })))
  }))
}

/**
 * The second of a film as the address of its lesson says it.
 *
 * @param {number | null} ms
 */
function secondOf(ms) {
  return ms === null ? null : String(Math.floor(ms / 1000))
}

/** @param {string} text */
function marked(text) {
  return pieces(text).map((piece) => (piece.found ? h('mark', {}, piece.text) : piece.text))
}

/**
 * @param {Wanted} wanted
 * @param {number} page
 * @param {Found} found
 */
function pages(wanted, page, { total }) {
  const last = Math.min(Math.ceil(total / pageSize), Math.floor(reach / pageSize))
  if (last <= 1) return null
  const link = (/** @type {number} */ to, /** @type {string} */ text) => h('a', { class: 'button quiet', href: href('/', { ...wanted, page: to > 1 ? to : null }) }, text)
  return h('nav', { class: 'row', 'aria-label': t('catalog.pages') },
    page > 1 && link(page - 1, t('catalog.previous')),
    h('span', {}, t('catalog.page', { page, last })),
    page < last && link(page + 1, t('catalog.next')))
}
