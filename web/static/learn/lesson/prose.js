// What an author wrote, in the language of the course: the page's own words around it are in the reader's.

import { h } from '../dom.js'
import { show } from '../html.js'

/** @import { Desk } from '../views/lesson.js' */

/**
 * @param {Pick<Desk, 'course'>} desk
 * @param {string} sanitised
 */
export function prose({ course }, sanitised) {
  return show(h('div', { class: 'prose', lang: course.language }), sanitised)
}
