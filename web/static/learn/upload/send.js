// Sends bytes to where the API said.

import { ApiError } from '../api.js'
import { backoff, pause } from '../live.js'
import { Unreadable } from './hasher.js'

/** @typedef {{ method: string, url: string, headers: { name: string, value: string }[] }} Ticket */

/** How often in a row something may fail before a person is asked. */
const tries = 8

/** Answers that say that it is there already: somebody was quicker, or an answer was lost. */
const thereAlready = 412

/**
 * Sends a file or a part of one. Only XMLHttpRequest says how much has gone out.
 *
 * @param {Ticket} ticket
 * @param {Blob} body
 * @param {AbortSignal} signal
 * @param {(bytes: number) => void} onProgress
 * @returns {Promise<void>}
 */
export function put(ticket, body, signal, onProgress) {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    const over = (/** @type {() => void} */ then) => () => {
      signal.removeEventListener('abort', abort)
      then()
    }
    request.open(ticket.method, ticket.url)
    for (const { name, value } of ticket.headers) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(Math.min(loaded, body.size)))
    request.addEventListener('load', over(() => {
      if (request.status < 300 || request.status === thereAlready) resolve()
      else reject(new ApiError(request.status === 429 || request.status >= 500 ? 'UNAVAILABLE' : 'REFUSED', `${request.status}`))
    }))
    request.addEventListener('error', over(() => reject(new ApiError('NETWORK', 'The storage cannot be reached.'))))
    request.addEventListener('abort', over(() => reject(signal.reason)))
    signal.addEventListener('abort', abort, { once: true })
    request.send(body)
  })
}

/** What passes by itself: REFUSED is an address that has expired, and is asked for again. */
const passing = ['NETWORK', 'UNAVAILABLE', 'REQUEST_TIMEOUT', 'RATE_LIMITED', 'REFUSED']

/**
 * Tries again what failed for a reason that may pass.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @param {AbortSignal} signal
 * @param {(waits: boolean) => void} onWait is told when it waits for a next try, and when that begins
 * @returns {Promise<T>}
 */
export async function persist(work, signal, onWait) {
  for (let failures = 0; ; failures++) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Unreadable || !(error instanceof ApiError) || !passing.includes(error.code) || failures + 1 >= tries) throw error
      onWait(true)
      await pause(Math.max(backoff(failures), 1000 * (error.retryAfter ?? 0)), signal)
      signal.throwIfAborted()
      onWait(false)
    }
  }
}
