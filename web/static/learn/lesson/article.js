// An article.

import { h } from '../dom.js'
import { show } from '../html.js'
import { t } from '../i18n.js'
import { doneButton } from './done.js'

/** @import { Content, Desk } from '../views/lesson.js' */

/**
 * @param {Desk} desk
 * @param {Extract<Content, { __typename: 'ArticleContent' }>} content
 */
export function article(desk, content) {
  return h('div', {}, show(h('div', { class: 'prose' }), content.html), doneButton(desk, t('lesson.read')))
}
