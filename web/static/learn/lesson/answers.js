// Keeps answers as they are given: one request at a time for each question, the newest answer last, and again while
// the connection is away.

/** @import { ResponseInput } from '../../../types/api.js' */
/** @typedef {(questionId: string, response: ResponseInput) => Promise<unknown>} Save */
/** @typedef {'saved' | 'saving' | 'waiting' | 'refused'} State */

export class Answers {
  #save
  #onState
  #retryIn
  /** @type {Map<string, ResponseInput>} what the API does not have yet */
  #unsaved = new Map()
  /** @type {Promise<void> | null} */
  #running = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #soon
  /** @type {unknown} */
  refusal = null

  /**
   * @param {Save} save
   * @param {(state: State) => void} onState
   * @param {number} [retryIn] milliseconds between tries
   */
  constructor(save, onState, retryIn = 3000) {
    this.#save = save
    this.#onState = onState
    this.#retryIn = retryIn
  }

  /**
   * Takes an answer. From here on it counts as unsaved.
   *
   * @param {string} questionId
   * @param {ResponseInput} response
   * @param {number} [wait] milliseconds in which more of it may come
   */
  set(questionId, response, wait = 0) {
    this.#unsaved.set(questionId, response)
    this.#onState('saving')
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.flush(), wait)
  }

  /** Resolves when all answers are with the API, or one was refused. */
  flush() {
    clearTimeout(this.#soon)
    this.#running ??= this.#run().finally(() => { this.#running = null })
    return this.#running
  }

  async #run() {
    while (this.#unsaved.size > 0) {
      const [[questionId, response]] = /** @type {[[string, ResponseInput]]} */ ([...this.#unsaved])
      this.#onState('saving')
      try {
        await this.#save(questionId, response)
      } catch (error) {
        const code = /** @type {{ code?: string }} */ (error).code
        if (code !== 'NETWORK' && code !== 'UNAVAILABLE' && code !== 'RATE_LIMITED') {
          this.refusal = error
          this.#unsaved.clear()
          this.#onState('refused')
          return
        }
        this.#onState('waiting')
        await new Promise((resolve) => setTimeout(resolve, this.#retryIn))
        continue
      }
      // It may have been changed meanwhile.
      if (this.#unsaved.get(questionId) === response) this.#unsaved.delete(questionId)
    }
    this.#onState('saved')
  }
}
