// What the person has earned, and how they stand among the others.

import { ask } from '../api.js'
import { fill, h, icon } from '../dom.js'
import { t } from '../i18n.js'

/** @import { EngagementQuery, GroupLeaderboardQuery, MyGroupsQuery } from '../../../types/api.js' */

/** @typedef {MyGroupsQuery['myGroups']['nodes']} Groups */
/** @typedef {GroupLeaderboardQuery['leaderboard']['nodes']} Lines */

// What a leaderboard is asked for: this week's few lines, with the person in their middle.
/** @type {{ period: 'WEEK', first: number }} */
const part = { period: 'WEEK', first: 5 }

/**
 * The section of the dashboard; null for who has no points yet, and while it cannot be had.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<HTMLElement | null>}
 */
export async function engagement(signal) {
  try {
    const [told, { myGroups }] = await Promise.all([
      /** @type {Promise<EngagementQuery>} */ (ask('engagement', part, { signal })),
      /** @type {Promise<MyGroupsQuery>} */ (ask('my-groups', {}, { signal })),
    ])
    return told.myPoints.total > 0 ? section(told, myGroups.nodes, signal) : null
  } catch {
    return null
  }
}

/**
 * @param {EngagementQuery} told
 * @param {Groups} groups
 * @param {AbortSignal} signal
 */
function section({ myPoints, myStreak, myAchievements, leaderboard }, groups, signal) {
  const board = h('ol', { class: 'board', 'aria-label': t('engagement.board') }, leaderboard.nodes.map(row))
  const boards = groups.length > 0 || leaderboard.nodes.length > 0
  return h('section', { class: 'engagement', 'aria-labelledby': 'engagement' }, h('h2', { id: 'engagement' }, t('engagement')),
    h('p', { class: 'facts' },
      h('span', {}, t('engagement.points', { n: myPoints.total })),
      h('span', {}, t('engagement.week', { points: myPoints.week })),
      myStreak.current > 0 && h('span', {}, t('engagement.streak', { n: myStreak.current }))),
    myAchievements.length > 0 && h('ul', { class: 'facts', 'aria-label': t('engagement.achievements') }, myAchievements.map(({ title, description }) =>
      h('li', { title: description }, icon('award'), title))),
    boards && groups.length === 0 && h('h3', {}, t('engagement.board')),
    groups.length > 0 && choice(groups, leaderboard.nodes, board, signal),
    boards && board,
    leaderboard.hidden && h('p', { class: 'facts' }, t('engagement.hidden')))
}

/**
 * Chooses whose leaderboard is shown.
 *
 * @param {Groups} groups
 * @param {Lines} everybody
 * @param {HTMLElement} board
 * @param {AbortSignal} signal
 */
function choice(groups, everybody, board, signal) {
  const select = h('select', { change: show }, h('option', { value: '' }, t('engagement.everybody')),
    groups.map(({ id, name }) => h('option', { value: id }, name)))
  async function show() {
    const groupId = select.value
    const lines = groupId ? await ofGroup(groupId, signal) : everybody
    if (select.value === groupId) fill(board, lines.map(row))
  }
  return h('label', {}, t('engagement.boardOf'), select)
}

/**
 * The lines of a group, none while they cannot be had.
 *
 * @param {string} groupId
 * @param {AbortSignal} signal
 * @returns {Promise<Lines>}
 */
async function ofGroup(groupId, signal) {
  try {
    const told = /** @type {GroupLeaderboardQuery} */ (await ask('group-leaderboard', { ...part, groupId, around: true }, { signal }))
    return told.leaderboard.nodes
  } catch {
    return []
  }
}

/** @param {Lines[number]} line */
function row({ rank, points, name, self }) {
  return h('li', { value: rank, 'aria-current': self && 'true' },
    `${name ?? t('engagement.somebody')} · ${t('engagement.points', { n: points })}`)
}
