// What the person has earned, and how they stand among the others.

import { ask } from '../api.js'
import { h, icon } from '../dom.js'
import { t } from '../i18n.js'

/** @import { EngagementQuery } from '../../../types/api.js' */

/** How many lines of the leaderboard are shown, the person in their middle. */
const lines = 5

/**
 * The section of the dashboard; null for who has no points yet, and while it cannot be had.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<HTMLElement | null>}
 */
export async function engagement(signal) {
  try {
    const told = /** @type {EngagementQuery} */ (await ask('engagement', { period: 'WEEK', first: lines }, { signal }))
    return told.myPoints.total > 0 ? section(told) : null
  } catch {
    return null
  }
}

/** @param {EngagementQuery} told */
function section({ myPoints, myStreak, myAchievements, leaderboard }) {
  return h('section', { 'aria-labelledby': 'engagement' }, h('h2', { id: 'engagement' }, t('engagement')),
    h('p', { class: 'facts' },
      h('span', {}, t('engagement.points', { n: myPoints.total })),
      h('span', {}, t('engagement.week', { points: myPoints.week })),
      myStreak.current > 0 && h('span', {}, t('engagement.streak', { n: myStreak.current }))),
    myAchievements.length > 0 && h('ul', { class: 'facts', 'aria-label': t('engagement.achievements') }, myAchievements.map(({ title, description }) =>
      h('li', { title: description }, icon('award'), title))),
    leaderboard.nodes.length > 0 && h('ol', { class: 'board', 'aria-label': t('engagement.board') }, leaderboard.nodes.map(row)),
    leaderboard.hidden && h('p', { class: 'facts' }, t('engagement.hidden')))
}

/** @param {EngagementQuery['leaderboard']['nodes'][number]} line */
function row({ rank, points, name, self }) {
  return h('li', { value: rank, 'aria-current': self && 'true' },
    `${name ?? t('engagement.somebody')} · ${t('engagement.points', { n: points })}`)
}
