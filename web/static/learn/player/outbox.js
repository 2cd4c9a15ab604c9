// Keeps what was reported until the API has it. A batch lies in the browser's storage under the number it is sent with, so
// that tabs do not write over each other's, and goes away when it is acknowledged. Sending one twice changes nothing: the API
// knows its number. Batches hold ids and times, and are sent only for the person who made them.

/** @import { Segment } from './segments.js' */
/** @import { RecordProgressMutation, RecordProgressMutationVariables } from '../../../types/api.js' */
/**
 * @typedef {{ enrollmentId: string, lessonId: string, segments: Segment[], positionMs: number | null, signs: number[], at: number }} Report
 * @typedef {Report & { sessionId: string, sequence: number }} Batch
 * @typedef {RecordProgressMutationVariables} Request
 * @typedef {(request: Request) => Promise<RecordProgressMutation['recordProgress']>} Send
 */

const prefix = 'lyceum.played'

/** The most of each that one request may hold. */
const mostSegments = 500
const mostSigns = 500

/** What will never be taken, however often it is sent. */
const hopeless = new Set(['BAD_USER_INPUT', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT'])

export class Outbox {
  #storage
  #user
  #send
  #beacon
  #session = draw()
  #sequence = 0
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
   * @param {(request: Request) => void} [beacon] sends without an answer, when the page is left
   */
  constructor(storage, user, send, beacon = () => {}) {
    this.#storage = storage
    this.#user = user
    this.#send = send
    this.#beacon = beacon
  }

  /**
   * Numbers what is reported and keeps it. It is not sent yet.
   *
   * @param {Report} report
   */
  add(report) {
    const parts = Math.max(Math.ceil(report.segments.length / mostSegments), Math.ceil((report.signs.length - 1) / (mostSigns - 1)))
    for (let part = 0; part < parts; part++) {
      /** @type {Batch} */
      const batch = {
        ...report, sessionId: this.#session, sequence: ++this.#sequence,
        segments: report.segments.slice(part * mostSegments, (part + 1) * mostSegments),
        // The last sign of a part begins the next.
        signs: report.signs.slice(part * (mostSigns - 1), part * (mostSigns - 1) + mostSigns),
      }
      this.#storage.setItem(`${prefix}/${this.#user}/${batch.sessionId}/${batch.sequence}`, JSON.stringify(batch))
    }
  }

  /** How many batches wait. */
  get waiting() {
    return this.#batches().size
  }

  /** Sends what waits, one flush after the other. What fails stays for the next one. */
  flush() {
    this.#sending = this.#sending.then(() => this.#flush())
    return this.#sending
  }

  /** Sends what waits from a page that is being left. Nothing tells whether it arrived, so it stays until it is sent again. */
  leave() {
    for (const batch of this.#batches().values()) this.#beacon(requestOf(batch, Date.now()))
  }

  async #flush() {
    for (const [key, batch] of this.#batches()) {
      try {
        this.onRecorded(batch.enrollmentId, await this.#send(requestOf(batch, Date.now())))
      } catch (error) {
        const code = /** @type {{ code?: string }} */ (error).code ?? ''
        if (!hopeless.has(code)) break
      }
      this.#storage.removeItem(key)
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
    return new Map(found.sort(([, a], [, b]) => a.at - b.at || a.sequence - b.sequence))
  }
}

/**
 * A number that nobody else draws. Pages that were not sent over TLS have no randomUUID.
 *
 * @returns {string}
 */
function draw() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5')
}

/**
 * @param {string | null} text
 * @returns {Batch | null}
 */
function parse(text) {
  try {
    const batch = JSON.parse(text ?? '')
    const known = typeof batch.enrollmentId === 'string' && typeof batch.lessonId === 'string' && typeof batch.sessionId === 'string' &&
      Number.isInteger(batch.sequence) && Array.isArray(batch.segments) && Array.isArray(batch.signs)
    return known ? batch : null
  } catch {
    return null
  }
}

/** The longest age that the API takes, in milliseconds. */
const oldest = 2 ** 31 - 1

/**
 * The request that sends a batch. Its age is that of the person's clock, which may have been set meanwhile.
 *
 * @param {Batch} batch
 * @param {number} now
 * @returns {Request}
 */
export function requestOf({ enrollmentId, lessonId, segments, positionMs, signs, at, sessionId, sequence }, now) {
  return {
    enrollmentId, sessionId, sequence, ageMs: Math.min(Math.max(now - at, 0), oldest),
    lessons: [{ lessonId, segments, positionMs, signs }],
  }
}
