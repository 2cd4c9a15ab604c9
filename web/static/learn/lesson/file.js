// A file to take along.

import { h, icon } from '../dom.js'
import { size } from '../format.js'
import { t } from '../i18n.js'
import { doneButton } from './done.js'
import { prose } from './prose.js'

/** @import { Content, Desk } from '../views/lesson.js' */

/**
 * @param {Desk} desk
 * @param {Extract<Content, { __typename: 'FileContent' }>} content
 */
export function file(desk, content) {
  return h('div', {},
    prose(desk, content.html),
    h('p', {}, h('a', { class: 'button', href: content.fileUrl, download: content.fileName }, icon('file'), t('lesson.download', { name: content.fileName, size: size(content.size) }))),
    doneButton(desk, t('lesson.used')))
}
