// Asks the worker for digests.

/** A file that can no longer be read. */
export class Unreadable extends Error {}

/** @type {{ createScriptURL(url: string): string } | undefined} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('lyceum-worker', {
  createScriptURL: (/** @type {string} */ url) => url,
})

/** @typedef {{ resolve: (sha256: string) => void, reject: (error: unknown) => void, onProgress: (bytes: number) => void }} Asked */

export class Hasher {
  /** @type {Map<number, Asked>} */
  #asked = new Map()
  #last = 0
  #worker

  constructor() {
    const address = new URL('./worker.js', import.meta.url).href
    this.#worker = new Worker(policy ? policy.createScriptURL(address) : address, { type: 'module' })
    this.#worker.addEventListener('message', (event) => this.#hear(event.data))
  }

  /** @param {{ id: number, done?: number, sha256?: string }} said */
  #hear({ id, done, sha256 }) {
    const asked = this.#asked.get(id)
    if (!asked) return
    if (done !== undefined) {
      asked.onProgress(done)
      return
    }
    this.#asked.delete(id)
    if (sha256) asked.resolve(sha256)
    else asked.reject(new Unreadable())
  }

  /**
   * The SHA-256 of a file or of a part of one, in hex.
   *
   * @param {Blob} blob
   * @param {AbortSignal} signal
   * @param {(bytes: number) => void} [onProgress]
   * @returns {Promise<string>}
   */
  digest(blob, signal, onProgress = () => {}) {
    signal.throwIfAborted()
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject, onProgress })
      this.#worker.postMessage({ id, blob })
      signal.addEventListener('abort', () => {
        if (!this.#asked.delete(id)) return
        this.#worker.postMessage({ id, stop: true })
        reject(signal.reason)
      }, { once: true })
    })
  }
}
