// The button with which a person says that they have read or used something.

import { ask } from '../api.js'
import { h } from '../dom.js'
import { press } from '../problem.js'

/** @import { Desk } from '../views/lesson.js' */

/**
 * @param {Desk} desk
 * @param {string} label
 */
export function doneButton(desk, label) {
  const { enrollmentId, lesson } = desk
  if (!enrollmentId || lesson.progress?.state === 'COMPLETED') return null
  const told = h('p', { role: 'alert', class: 'alert' })
  const button = h('button', { type: 'button', click: () => press(button, told, async () => {
    const { completeLesson } = await ask('complete-lesson', { enrollmentId, lessonId: lesson.id })
    desk.onRecorded(completeLesson)
    row.remove()
    desk.goOn()
  }) }, label)
  const row = h('div', { class: 'row' }, button, told)
  return row
}
