// What was really played, as ranges of the film: what was sought over is not in them.

/** @typedef {{ fromMs: number, toMs: number, rate?: number }} Segment from included, to excluded; the speed of playing */

/** How far apart two looks at a playing film may be, in milliseconds, before it is taken for a jump. */
const slack = 1500

/** Follows a film while it plays. */
export class Played {
  /** @type {{ from: number, to: number, at: number, rate: number } | null} */
  #open = null
  /** @type {Segment[]} */
  #done = []

  /**
   * The film plays, and stands here.
   *
   * @param {number} position in milliseconds of the film
   * @param {number} now in milliseconds of any clock that does not jump
   * @param {number} rate the speed of playing
   */
  tick(position, now, rate) {
    const open = this.#open
    if (!open) {
      this.#open = { from: position, to: position, at: now, rate }
      return
    }
    const most = (now - open.at) * rate + slack
    if (rate !== open.rate || position < open.to || position - open.to > most) {
      this.stop()
      this.#open = { from: position, to: position, at: now, rate }
      return
    }
    open.to = position
    open.at = now
  }

  /** The film no longer plays, or jumps: what follows is another segment. */
  stop() {
    if (!this.#open) return
    const fromMs = Math.floor(this.#open.from)
    const toMs = Math.floor(this.#open.to)
    if (toMs > fromMs) this.#done.push({ fromMs, toMs, rate: this.#open.rate })
    this.#open = null
  }

  /**
   * Returns what was played since the last take. A film that plays goes on in a new segment.
   *
   * @returns {Segment[]}
   */
  take() {
    const open = this.#open
    this.stop()
    if (open) this.#open = { ...open, from: Math.floor(open.to) }
    const taken = union(this.#done)
    this.#done = []
    return taken
  }
}

/**
 * The same milliseconds in the fewest segments, in order, those of one speed together.
 *
 * @param {readonly Segment[]} segments
 * @returns {Segment[]}
 */
export function union(segments) {
  /** @type {Segment[]} */
  const merged = []
  for (const segment of segments.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1)
    if (last && segment.fromMs <= last.toMs && segment.rate === last.rate) last.toMs = Math.max(last.toMs, segment.toMs)
    else if (segment.toMs > segment.fromMs) merged.push({ ...segment })
  }
  return merged
}

/** @param {readonly Segment[]} segments */
export function total(segments) {
  return union(segments).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
}
