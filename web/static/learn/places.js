// The person's places in courses.

import { ask } from './api.js'

/** @import { DashboardQuery } from '../../types/api.js' */
/** @typedef {DashboardQuery['myEnrollments']['nodes'][number]} Place */

/** Pages of 50 that are looked through at most. */
const mostPages = 10

/**
 * All of them, newest first.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<Place[]>}
 */
export async function places(signal) {
  const all = []
  let after = null
  for (let page = 0; page < mostPages; page++) {
    const { myEnrollments } = /** @type {DashboardQuery} */ (await ask('dashboard', { first: 50, after }, { signal }))
    all.push(...myEnrollments.nodes)
    if (!myEnrollments.pageInfo.hasNextPage) break
    after = myEnrollments.pageInfo.endCursor
  }
  return all
}
