// Searches: the engine itself when there is a token for it, and otherwise, or when it does not answer, the API.

import { ask } from './api.js'
import { session } from './session.js'

/** @import { CourseLevel, SearchTokenQuery } from '../../types/api.js' */
/**
 * @typedef {{ text: string, page: number, category: string, level: string, language: string }} Question
 * @typedef {{ course: string, lesson: string | null, title: string, courseTitle: string, snippet: string, atMs: number | null }} Hit
 * course is a slug or an id, atMs when the snippet is said in the lesson's film
 * @typedef {{ hits: Hit[], total: number, degraded: boolean }} Found
 * @typedef {NonNullable<SearchTokenQuery['searchToken']>} Token
 */

export const pageSize = 12

/** The most hits that can be paged through. */
export const reach = 950

/** @type {{ owner: string, token: Token | null, until: number } | null} */
let held = null

/**
 * @param {Question} question
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
export async function search(question, signal) {
  const token = await tokenFor(signal)
  if (token) {
    try {
      return await direct(question, token, signal)
    } catch (error) {
      if (signal.aborted) throw error
    }
  }
  return throughApi(question, signal)
}

/**
 * The token, as long as it lasts. That there is none is asked again after a while.
 *
 * @param {AbortSignal} signal
 */
async function tokenFor(signal) {
  const owner = session()?.userId ?? ''
  if (held && held.owner === owner && held.until > Date.now()) return held.token
  const token = await ask('search-token', {}, { signal }).then(({ searchToken }) => searchToken, () => null)
  const until = token ? Date.parse(token.expiresAt) - 30_000 : Date.now() + 300_000
  held = { owner, token, until }
  return token
}

/**
 * What Meilisearch is asked. Who may find what is in the token; these conditions only narrow it.
 *
 * @param {Question} question
 */
export function request({ text, page, category, level, language }) {
  const narrow = { categories: category, level, languages: language }
  return {
    q: text,
    limit: pageSize,
    offset: (page - 1) * pageSize,
    filter: Object.entries(narrow).filter(([, value]) => value).map(([name, value]) => `${name} = ${quoted(value)}`),
    matchingStrategy: 'all',
    attributesToRetrieve: ['course', 'lesson', 'title', 'course_title', 'summary'],
    attributesToHighlight: ['title', 'summary'],
    attributesToCrop: ['summary'],
    cropLength: 30,
    highlightPreTag: '⟦',
    highlightPostTag: '⟧',
  }
}

/** @param {string} value */
function quoted(value) {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/**
 * @param {Question} question
 * @param {Token} token
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
async function direct(question, token, signal) {
  const response = await fetch(`${token.host}/indexes/${encodeURIComponent(token.index)}/search`, {
    method: 'POST', credentials: 'omit', signal,
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token.token}` },
    body: JSON.stringify(request(question)),
  })
  if (!response.ok) {
    held = null
    throw new Error(`the search engine answers with status ${response.status}`)
  }
  return readHits(await response.json())
}

/**
 * @param {{ hits: any[], estimatedTotalHits?: number, totalHits?: number }} answer
 * @returns {Found}
 */
export function readHits(answer) {
  return {
    total: answer.totalHits ?? answer.estimatedTotalHits ?? answer.hits.length,
    degraded: false,
    hits: answer.hits.map((hit) => ({
      course: hit.course, lesson: hit.lesson ?? null, courseTitle: hit.course_title ?? '',
      title: hit._formatted?.title ?? hit.title, snippet: hit._formatted?.summary ?? hit.summary ?? '', atMs: null,
    })),
  }
}

/**
 * @param {Question} question
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
async function throughApi({ text, page, category, level, language }, signal) {
  const filter = { category: category || null, level: /** @type {CourseLevel | null} */ (level || null), language: language || null }
  const { search: found } = await ask('search', { query: text, first: pageSize, offset: (page - 1) * pageSize, filter }, { signal })
  return {
    total: found.totalCount,
    degraded: found.degraded,
    hits: found.hits.map(({ course, lesson, title, snippet, atMs }) => ({
      course: course.slug, lesson: lesson?.id ?? null, courseTitle: course.title, title, snippet, atMs,
    })),
  }
}

/**
 * The pieces of a text in which what was found stands between ⟦ and ⟧.
 *
 * @param {string} text
 * @returns {{ text: string, found: boolean }[]}
 */
export function pieces(text) {
  return text.split(/[⟦⟧]/).map((part, i) => ({ text: part, found: i % 2 === 1 })).filter((piece) => piece.text !== '')
}
