// What this browser remembers of uploads that are not finished, for each person: so that a page that was reloaded knows
// the digest of a file that is chosen again, and follows what has been sent. Which parts have arrived the server knows.

/**
 * @typedef {{ name: string, size: number, modified: number, sha256: string, assetId: string, sent: boolean }} Remembered
 * assetId is empty until the file is announced; sent: all of it has arrived
 */

/** The most uploads that are remembered. */
const most = 50

export class Memory {
  #storage
  #key

  /**
   * @param {Pick<Storage, 'getItem' | 'setItem'>} storage
   * @param {string} userId
   */
  constructor(storage, userId) {
    this.#storage = storage
    this.#key = `lyceum.uploads.${userId}`
  }

  /** @returns {Remembered[]} the latest first */
  all() {
    try {
      const kept = JSON.parse(this.#storage.getItem(this.#key) ?? '[]')
      return Array.isArray(kept) ? kept.filter((one) => typeof one?.sha256 === 'string' && typeof one.size === 'number') : []
    } catch {
      return []
    }
  }

  /**
   * What is remembered of this file, which has not changed since.
   *
   * @param {{ name: string, size: number, lastModified: number }} file
   */
  find(file) {
    return this.all().find((one) => one.name === file.name && one.size === file.size && one.modified === file.lastModified)
  }

  /** @param {Remembered} one replaces what is known of the same content */
  keep(one) {
    this.#write([one, ...this.all().filter((other) => !same(one, other))].slice(0, most))
  }

  /** @param {Remembered} one */
  forget(one) {
    this.#write(this.all().filter((other) => !same(one, other)))
  }

  /** @param {Remembered[]} all */
  #write(all) {
    try {
      this.#storage.setItem(this.#key, JSON.stringify(all))
    } catch {
      // Without storage an upload is forgotten with the page.
    }
  }
}

/**
 * @param {Remembered} a
 * @param {Remembered} b
 */
function same(a, b) {
  return a.sha256 === b.sha256 && a.size === b.size && a.modified === b.modified
}
