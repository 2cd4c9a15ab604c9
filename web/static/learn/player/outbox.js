// Keeps what was played until the API has it. A batch lies in the browser's storage under a key of its own, so that
// tabs do not write over each other's, and goes away when it is acknowledged. Sending one twice adds nothing: the API
// counts the union. Batches hold ids and times, and are sent only for the person who made them.

import { union } from './segments.js'

/** @import { Segment } from './segments.js' */
/** @import { RecordProgressMutation } from '../../../types/api.js' */
/**
 * @typedef {{ enrollmentId: string, lessonId: string, segments: Segment[], positionMs: number, at: number }} Batch
 * @typedef {{ enrollmentId: string, lessons: { lessonId: string, segments: Segment[], positionMs: number }[] }} Request
 * @typedef {(request: Request, options: { keepalive: boolean }) => Promise<RecordProgressMutation['recordProgress']>} Send
 */

const prefix = 'lyceum.played'

/** The most of each that one request may hold. */
const mostLessons = 50
const mostSegments = 500

/** What will never be taken, however often it is sent. */
const hopeless = new Set(['BAD_USER_INPUT', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT'])

export class Outbox {
  #storage
  #user
  #send
  #next = 0
  /** @type {Promise<void>} */
  #sending = Promise.resolve()
  /** @type {(enrollmentId: string, recorded: RecordProgressMutation['recordProgress']) => void} */
  onRecorded = () => {}
  /** @type {(unsent: number) => void} */
  onWaiting = () => {}

  /**
   * @param {Storage} storage
   * @param {string} user the person's id
   * @param {Send} send
   */
  constructor(storage, user, send) {
    this.#storage = storage
    this.#user = user
    this.#send = send
  }

  /**
   * Keeps a batch. It is not sent yet.
   *
   * @param {Batch} batch
   */
  add(batch) {
    if (batch.segments.length === 0) return
    for (let from = 0; from < batch.segments.length; from += mostSegments) {
      const part = { ...batch, segments: batch.segments.slice(from, from + mostSegments) }
      this.#storage.setItem(`${prefix}/${this.#user}/${batch.at}-${this.#next++}-${Math.random().toString(36).slice(2)}`, JSON.stringify(part))
    }
  }

  /** How many batches wait. */
  get waiting() {
    return this.#batches().size
  }

  /**
   * Sends what waits, one flush after the other. What fails stays for the next one.
   *
   * @param {{ keepalive?: boolean }} [options] keepalive for a page that is being left, which cannot wait its turn
   */
  flush({ keepalive = false } = {}) {
    if (keepalive) return this.#flush(true)
    this.#sending = this.#sending.then(() => this.#flush(false))
    return this.#sending
  }

  /** @param {boolean} keepalive */
  async #flush(keepalive) {
    for (const { request, keys } of requests(this.#batches())) {
      try {
        this.onRecorded(request.enrollmentId, await this.#send(request, { keepalive }))
      } catch (error) {
        const code = /** @type {{ code?: string }} */ (error).code ?? ''
        if (!hopeless.has(code)) break
      }
      for (const key of keys) this.#storage.removeItem(key)
    }
    this.onWaiting(this.waiting)
  }

  /** @returns {Map<string, Batch>} by key, oldest first */
  #batches() {
    const own = `${prefix}/${this.#user}/`
    const keys = Object.keys(this.#storage).filter((key) => key.startsWith(own))
    /** @type {[string, Batch][]} */
    const found = []
    for (const key of keys) {
      const batch = parse(this.#storage.getItem(key))
      if (batch) found.push([key, batch])
      else this.#storage.removeItem(key)
    }
    return new Map(found.sort(([, a], [, b]) => a.at - b.at))
  }
}

/**
 * @param {string | null} text
 * @returns {Batch | null}
 */
function parse(text) {
  try {
    const batch = JSON.parse(text ?? '')
    return typeof batch.enrollmentId === 'string' && typeof batch.lessonId === 'string' && Array.isArray(batch.segments) ? batch : null
  } catch {
    return null
  }
}

/**
 * The fewest requests that send the batches, with the keys of what is in each.
 *
 * @param {Map<string, Batch>} batches oldest first
 * @returns {{ request: Request, keys: string[] }[]}
 */
export function requests(batches) {
  /** @type {{ request: Request, keys: string[], segments: number }[]} */
  const made = []
  for (const [key, batch] of batches) {
    let into = made.findLast(({ request }) => request.enrollmentId === batch.enrollmentId)
    const known = into?.request.lessons.find(({ lessonId }) => lessonId === batch.lessonId)
    const full = into && (into.segments + batch.segments.length > mostSegments || (!known && into.request.lessons.length >= mostLessons))
    if (!into || full) {
      into = { request: { enrollmentId: batch.enrollmentId, lessons: [] }, keys: [], segments: 0 }
      made.push(into)
    }
    put(into.request, batch)
    into.keys.push(key)
    into.segments += batch.segments.length
  }
  return made.map(({ request, keys }) => ({ request, keys }))
}

/**
 * @param {Request} request
 * @param {Batch} batch
 */
function put(request, { lessonId, segments, positionMs }) {
  const known = request.lessons.find((lesson) => lesson.lessonId === lessonId)
  if (!known) {
    request.lessons.push({ lessonId, segments: union(segments), positionMs })
    return
  }
  known.segments = union([...known.segments, ...segments])
  known.positionMs = positionMs
}
