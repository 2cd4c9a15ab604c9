// An article.

import { h } from '../dom.js'
import { t } from '../i18n.js'
import { doneButton } from './done.js'
import { prose } from './prose.js'

/** @import { Content, Desk } from '../views/lesson.js' */

/**
 * @param {Desk} desk
 * @param {Extract<Content, { __typename: 'ArticleContent' }>} content
 */
export function article(desk, content) {
  return h('div', {}, prose(desk, content.html), doneButton(desk, t('lesson.read')))
}
