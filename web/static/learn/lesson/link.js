// Something that lies elsewhere.

import { h, icon } from '../dom.js'
import { t } from '../i18n.js'
import { doneButton } from './done.js'
import { prose } from './prose.js'

/** @import { Content, Desk } from '../views/lesson.js' */

/**
 * @param {Desk} desk
 * @param {Extract<Content, { __typename: 'LinkContent' }>} content
 */
export function link(desk, content) {
  return h('div', {}, prose(desk, content.html), h('p', {}, elsewhere(content.linkUrl)), doneButton(desk, t('lesson.used')))
}

/**
 * A link to another site, which opens beside the app and is not told where from. Addresses that are not of the web
 * lead nowhere.
 *
 * @param {string} url
 */
export function elsewhere(url) {
  const web = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  if (!web) return h('span', {}, url)
  return h('a', { class: 'button', href: url, target: '_blank', rel: 'noopener noreferrer' }, icon('link'), t('lesson.open', { host: new URL(url).host }))
}
