// Asks the API. Requests name a ready document of docs/operations; no query text is in the app.

import { session } from './session.js'

/** @import { Operations } from '../../types/api.js' */

/** What the API refused, or NETWORK when it could not be reached. */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {number} [retryAfter] in seconds
   */
  constructor(code, message, retryAfter) {
    super(message)
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** How far the server's clock is ahead of ours, in milliseconds. */
let ahead = 0

/** The server's time, by which deadlines are set, in milliseconds since 1970. */
export function serverNow() {
  return Date.now() + ahead
}

/** @type {() => void} */
let onSignedOut = () => {}

/** @param {() => void} listener is told when the session turns out to have ended */
export function whenSignedOut(listener) {
  onSignedOut = listener
}

/**
 * Runs a ready document.
 *
 * @template {keyof Operations} K
 * @param {K} name
 * @param {Operations[K]['variables']} variables
 * @param {{ keepalive?: boolean, signal?: AbortSignal }} [options] keepalive lets the request outlive the page
 * @returns {Promise<Operations[K]['data']>}
 */
export async function ask(name, variables, options = {}) {
  const token = session()?.token
  const response = await send(name, variables, options)
  const answer = await body(response)
  const first = answer.errors?.[0]
  if (!first) return answer.data
  const code = first.extensions?.code ?? 'INTERNAL'
  // Another session may have begun since; and who mistypes a password while signed in stays so.
  if (code === 'UNAUTHENTICATED' && name !== 'sign-in' && token && token === session()?.token) onSignedOut()
  throw new ApiError(code, first.message, Number(response.headers.get('Retry-After')) || undefined)
}

/**
 * @param {string} name
 * @param {unknown} variables
 * @param {{ keepalive?: boolean, signal?: AbortSignal }} options
 */
async function send(name, variables, options) {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: headers('application/graphql-response+json, application/json'),
      body: JSON.stringify({ documentId: name, variables }),
      credentials: 'omit',
      ...options,
    })
    const date = Date.parse(response.headers.get('Date') ?? '')
    if (date) ahead = date - Date.now()
    return response
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new ApiError('NETWORK', 'The server cannot be reached.')
  }
}

/**
 * Reports progress from a page that is being left. Nothing tells whether it arrives. A beacon has no headers: its body says
 * whose it is.
 *
 * @param {Operations['record-progress']['variables']} variables
 */
export function beacon(variables) {
  const token = session()?.token
  if (token) navigator.sendBeacon('/beacon', new Blob([JSON.stringify({ token, variables })], { type: 'text/plain;charset=UTF-8' }))
}

/** @param {Response} response */
async function body(response) {
  try {
    return await response.json()
  } catch {
    throw new ApiError(response.status >= 500 ? 'UNAVAILABLE' : 'NETWORK', `The server answered with status ${response.status}.`)
  }
}

/**
 * The headers of a request to the API.
 *
 * @param {string} accept
 * @returns {Record<string, string>}
 */
export function headers(accept) {
  const token = session()?.token
  return { 'Content-Type': 'application/json', Accept: accept, ...(token ? { Authorization: `Bearer ${token}` } : {}) }
}
