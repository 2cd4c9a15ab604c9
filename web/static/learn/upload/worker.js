// Computes digests away from the page, so that it stays quick. Asked { id, blob }, it says { id, done } in bytes again and
// again, then { id, sha256 }, or { id, failed } when the file cannot be read, as when it was moved. { id, stop } ends one.

import { Sha256 } from './sha256.js'

/** How much is read at a time, in bytes. */
const piece = 4 << 20

/** @type {Set<number>} */
const stopped = new Set()

/**
 * @param {number} id
 * @param {Blob} blob
 */
async function digest(id, blob) {
  const sum = new Sha256()
  for (let at = 0; at < blob.size; at += piece) {
    sum.update(new Uint8Array(await blob.slice(at, at + piece).arrayBuffer()))
    if (stopped.delete(id)) return
    postMessage({ id, done: Math.min(at + piece, blob.size) })
  }
  postMessage({ id, sha256: sum.hex() })
}

addEventListener('message', ({ data: { id, blob, stop } }) => {
  if (stop) stopped.add(id)
  else digest(id, blob).catch(() => postMessage({ id, failed: true }))
})
