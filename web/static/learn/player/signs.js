// When somebody was there: signs of life in a lesson, on the clock of the page, which never jumps. How much of the time
// between them counts is for the server to say.

/** How far apart signs are kept, in milliseconds. More of them tell nothing more. */
const apart = 5_000

export class Signs {
  /** @type {number[]} */
  #kept = []

  /** @param {number} now in milliseconds of a clock that does not jump */
  sign(now) {
    const last = this.#kept.at(-1)
    if (last === undefined || now - last >= apart) this.#kept.push(Math.floor(now))
  }

  /**
   * Returns the signs since the last take. The last of them begins the next: the time between counts once.
   *
   * @param {number} now is a sign itself when somebody is still there
   * @param {boolean} there
   * @returns {number[]}
   */
  take(now, there) {
    const last = this.#kept.at(-1)
    if (there && last !== undefined && now > last) this.#kept.push(Math.floor(now))
    const taken = this.#kept
    if (taken.length < 2) return []
    this.#kept = [taken[taken.length - 1]]
    return taken
  }
}
