// Server-sent events over fetch, which can send a token where EventSource cannot: read, resumed by event id, and
// connected again, later each time it fails.

import { headers } from './api.js'

/** @typedef {{ event: string, id: string, data: string, retry: number | null }} Frame */

/**
 * Reads frames out of text that comes in pieces. What is not ended yet is kept for the next piece.
 *
 * @returns {(piece: string) => Frame[]}
 */
export function reader() {
  let rest = ''
  return (piece) => {
    const blocks = (rest + piece).replaceAll('\r\n', '\n').split('\n\n')
    rest = blocks.pop() ?? ''
    return blocks.map(frame)
  }
}

/**
 * @param {string} block
 * @returns {Frame}
 */
function frame(block) {
  /** @type {Frame} */
  const made = { event: 'message', id: '', data: '', retry: null }
  const data = []
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') data.push(value)
    else if (name === 'event') made.event = value
    else if (name === 'id') made.id = value
    else if (name === 'retry' && /^\d+$/.test(value)) made.retry = Number(value)
  }
  made.data = data.join('\n')
  return made
}

/**
 * How long to wait before the next try: twice as long each time, up to a minute, and never all at the same moment.
 *
 * @param {number} failures in a row
 * @param {number} [chance] 0 to 1
 */
export function backoff(failures, chance = Math.random()) {
  return Math.min(60_000, 1000 * 2 ** failures) * (0.5 + chance / 2)
}

/**
 * Follows a subscription until the signal ends.
 *
 * @param {string} name of the ready document
 * @param {Record<string, unknown>} variables
 * @param {{ onData: (data: any) => void, onState?: (connected: boolean) => void, signal: AbortSignal }} options
 */
export async function follow(name, variables, { onData, onState = () => {}, signal }) {
  let lastId = ''
  for (let failures = 0; !signal.aborted; failures++) {
    let wait = backoff(failures)
    try {
      for await (const next of connect(name, variables, lastId, signal)) {
        failures = 0
        onState(true)
        if (next.retry !== null) wait = next.retry
        if (next.id) lastId = next.id
        if (next.event === 'next' && next.data) take(next.data, onData)
        if (next.event === 'complete') break
      }
    } catch (error) {
      if (error instanceof Refused) break
    }
    onState(false)
    await pause(wait, signal)
  }
}

/** The server will not serve this, now or later. */
class Refused extends Error {}

/**
 * @param {string} text
 * @param {(data: any) => void} onData
 */
function take(text, onData) {
  const { data, errors } = JSON.parse(text)
  if (errors?.some((/** @type {any} */ e) => ['UNAUTHENTICATED', 'FORBIDDEN'].includes(e.extensions?.code))) throw new Refused()
  if (data) onData(data)
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} variables
 * @param {string} lastId
 * @param {AbortSignal} signal
 */
async function* connect(name, variables, lastId, signal) {
  const response = await fetch('/graphql', {
    method: 'POST', credentials: 'omit', signal,
    headers: { ...headers('text/event-stream'), ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
    body: JSON.stringify({ documentId: name, variables }),
  })
  if ([401, 403].includes(response.status)) throw new Refused()
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
  const read = reader()
  const stream = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await stream.read()
    if (done) return
    yield* read(value)
  }
}

/**
 * Waits, but no longer than until the browser is online again.
 *
 * @param {number} ms
 * @param {AbortSignal} signal
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const now = () => {
      clearTimeout(timer)
      resolve(undefined)
    }
    addEventListener('online', now, { once: true, signal })
    signal.addEventListener('abort', now, { once: true })
  })
}
