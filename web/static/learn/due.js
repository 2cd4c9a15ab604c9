// Until when something is to be completed.

import { serverNow } from './api.js'
import { h } from './dom.js'
import { date } from './format.js'
import { t } from './i18n.js'

/**
 * The line that says so, null where there is no such date.
 *
 * @param {string | null} at RFC 3339
 */
export function due(at) {
  if (!at) return null
  const late = Date.parse(at) < serverNow()
  return h('p', { class: late ? 'due bad' : 'due' }, t(late ? 'course.overdue' : 'course.due', { date: date(at) }))
}
