// One file on its way: read, announced, sent in parts, checked, converted. It can be paused anywhere and goes on where it
// was; what has arrived is not sent again, whoever sent it.

import { ApiError, ask } from '../api.js'
import { follow } from '../live.js'
import { kindOf, typeOf } from './kind.js'
import { persist, put } from './send.js'

/** @import { AssetUpdatedSubscription, RequestUploadMutation } from '../../../types/api.js' */
/** @import { Hasher } from './hasher.js' */
/** @import { Memory, Remembered } from './memory.js' */
/** @typedef {RequestUploadMutation['requestUpload']['asset']} Announced */
/** @typedef {NonNullable<Announced['parts']>} Parts */
/** @typedef {AssetUpdatedSubscription['assetUpdated']} Asset */

/**
 * LOST: remembered, but the file has to be chosen again.
 *
 * @typedef {'READING' | 'SENDING' | 'WAITING' | 'PAUSED' | 'LOST' | 'CHECKING' | 'CONVERTING' | 'READY' | 'FAILED'} State
 */

/** How many parts are sent at a time. */
const together = 4


/** Tells of every change by the event "change". */
export class Upload extends EventTarget {
  /** @type {State} */
  state = 'LOST'
  /** Of what the state is about: 0 to 1, or null where nobody knows. @type {number | null} */
  progress = 0
  /** Why it failed: an error, or what the server says of the file. @type {unknown} */
  problem = null
  /** @type {Asset | null} */
  asset = null

  #hasher
  #memory
  #controller = new AbortController()
  /** @type {Map<number, number>} bytes by part */
  #out = new Map()

  /**
   * @param {{ file?: File, remembered?: Remembered, hasher: Hasher, memory: Memory }} of a file that was chosen, or one that
   * is remembered
   */
  constructor({ file, remembered, hasher, memory }) {
    super()
    this.file = file
    this.remembered = remembered ?? (file && memory.find(file))
    this.#hasher = hasher
    this.#memory = memory
  }

  get name() {
    return this.file?.name ?? this.remembered?.name ?? ''
  }

  get size() {
    return this.file?.size ?? this.remembered?.size ?? 0
  }

  /** Whether pausing makes a difference. */
  get moving() {
    return ['READING', 'SENDING', 'WAITING'].includes(this.state)
  }

  /** Goes on from wherever it is, until it is over, paused or failed. */
  async run() {
    this.#controller.abort()
    this.#controller = new AbortController()
    const { signal } = this.#controller
    this.problem = null
    try {
      if (this.remembered?.sent) await this.#follow(this.remembered, signal)
      else if (this.file) await this.#send(this.file, signal)
      else this.#become('LOST', null)
    } catch (error) {
      if (signal.aborted) return
      this.problem = error
      this.#become('FAILED', null)
    }
  }

  /**
   * Whether it is this file, unchanged.
   *
   * @param {File} file
   */
  is({ name, size, lastModified }) {
    return this.name === name && this.size === size && (this.file?.lastModified ?? this.remembered?.modified) === lastModified
  }

  /** @param {File} file goes on with the file, which was chosen again, unless it is under way or over */
  take(file) {
    this.file = file
    if (['LOST', 'PAUSED', 'FAILED'].includes(this.state)) void this.run()
  }

  /** Stops sending; what has arrived is kept for a day. */
  pause() {
    if (!this.moving) return
    this.stop()
    this.#become('PAUSED', this.progress)
  }

  /** Stops sending and watching, and says nothing more. */
  stop() {
    this.#controller.abort()
  }

  /** Ends it here: what is remembered of it is forgotten, and the server gives it up by itself. */
  forget() {
    this.stop()
    if (this.remembered) this.#memory.forget(this.remembered)
  }

  /**
   * @param {File} file
   * @param {AbortSignal} signal
   */
  async #send(file, signal) {
    const contentType = typeOf(file)
    const known = this.remembered ??= await this.#read(file, signal)
    this.#become('SENDING', 0)
    const { asset, upload } = await this.#persist(signal, async () => (await ask('request-upload', {
      input: { kind: kindOf(contentType), fileName: file.name, contentType, size: file.size, sha256: known.sha256 },
    }, { signal })).requestUpload)
    this.#remember({ ...known, assetId: asset.id })
    if (asset.status === 'PENDING') {
      if (asset.parts) await this.#sendParts(file, asset.id, asset.parts, signal)
      else if (upload) await this.#persist(signal, () => put(upload, file, signal, (bytes) => this.#went(1, bytes)))
      this.#become('CHECKING', null)
      await this.#persist(signal, () => ask('complete-upload', { assetId: asset.id }, { signal }))
    }
    this.#remember({ ...known, assetId: asset.id, sent: true })
    await this.#follow({ ...known, assetId: asset.id }, signal)
  }

  /**
   * @param {File} file
   * @param {AbortSignal} signal
   * @returns {Promise<Remembered>}
   */
  async #read(file, signal) {
    this.#become('READING', 0)
    const sha256 = await this.#hasher.digest(file, signal, (bytes) => this.#become('READING', bytes / file.size))
    const read = { name: file.name, size: file.size, modified: file.lastModified, sha256, assetId: '', sent: false }
    this.#memory.keep(read)
    return read
  }

  /** @param {Remembered} one */
  #remember(one) {
    this.remembered = one
    this.#memory.keep(one)
  }

  /**
   * Sends what is missing, some parts at a time. The first that fails for good ends the others.
   *
   * @param {File} file
   * @param {string} assetId
   * @param {Parts} parts
   * @param {AbortSignal} signal
   */
  async #sendParts(file, assetId, parts, signal) {
    const ends = new AbortController()
    const either = AbortSignal.any([signal, ends.signal])
    const missing = unsent(file.size, parts)
    this.#out = new Map(parts.received.map(({ number, size }) => [number, size]))
    for (const number of missing) this.#out.delete(number)
    this.#went(0, 0)
    const work = async () => {
      for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
        const blob = file.slice((number - 1) * parts.size, number * parts.size)
        await this.#sendPart(blob, assetId, number, either)
      }
    }
    try {
      await Promise.all(Array.from({ length: together }, work))
    } finally {
      ends.abort()
    }
  }

  /**
   * @param {Blob} blob
   * @param {string} assetId
   * @param {number} number
   * @param {AbortSignal} signal
   */
  async #sendPart(blob, assetId, number, signal) {
    const sha256 = await this.#hasher.digest(blob, signal)
    await this.#persist(signal, async () => {
      const { signParts } = await ask('sign-parts', { assetId, parts: [{ number, sha256 }] }, { signal })
      for (const { upload } of signParts.parts) await put(upload, blob, signal, (bytes) => this.#went(number, bytes))
    })
    this.#went(number, blob.size)
  }

  /**
   * @param {number} number of the part
   * @param {number} bytes of it that have gone out
   */
  #went(number, bytes) {
    if (number > 0) this.#out.set(number, bytes)
    let sum = 0
    for (const part of this.#out.values()) sum += part
    this.#become('SENDING', Math.min(1, sum / this.size))
  }

  /**
   * @template T
   * @param {AbortSignal} signal
   * @param {() => Promise<T>} work
   */
  #persist(signal, work) {
    return persist(work, signal, (waits) => this.#become(waits ? 'WAITING' : 'SENDING', this.progress))
  }

  /**
   * Watches what the server makes of it, until that is over.
   *
   * @param {Remembered} one
   * @param {AbortSignal} signal
   */
  async #follow(one, signal) {
    this.#become('CHECKING', null)
    const over = new AbortController()
    await follow('asset-updated', { id: one.assetId }, {
      signal: AbortSignal.any([signal, over.signal]),
      onData: ({ assetUpdated }) => {
        if (isOver(assetUpdated)) {
          this.#memory.forget(one)
          over.abort()
        }
        this.#see(assetUpdated)
      },
    })
    signal.throwIfAborted()
    if (!over.signal.aborted) throw new ApiError('FORBIDDEN', '') // refused, or it would go on
  }

  /** @param {Asset} asset */
  #see(asset) {
    this.asset = asset
    if (['PENDING', 'CHECKING'].includes(asset.status)) {
      this.#become('CHECKING', null)
    } else if (asset.status !== 'READY') {
      this.problem = asset.failure
      this.#become('FAILED', null)
    } else if (isOver(asset)) {
      this.#become('READY', 1)
    } else {
      this.#become('CONVERTING', asset.progress / 100)
    }
  }

  /**
   * @param {State} state
   * @param {number | null} progress
   */
  #become(state, progress) {
    this.state = state
    this.progress = progress
    this.dispatchEvent(new Event('change'))
  }
}

/**
 * Whether nothing more happens to a file.
 *
 * @param {Asset} asset
 */
function isOver({ status, conversion }) {
  if (status === 'READY') return conversion !== 'WAITING' && conversion !== 'RUNNING'
  return status !== 'PENDING' && status !== 'CHECKING'
}

/**
 * The numbers of the parts that are not there, or not whole.
 *
 * @param {number} size of the file
 * @param {{ size: number, count: number, received: { number: number, size: number }[] }} parts
 */
export function unsent(size, { size: part, count, received }) {
  const there = new Map(received.map((one) => [one.number, one.size]))
  return Array.from({ length: count }, (_, i) => i + 1)
    .filter((number) => there.get(number) !== Math.min(part, size - (number - 1) * part))
}
