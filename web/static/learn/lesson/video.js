// A film.

import { ask } from '../api.js'
import { fill, h } from '../dom.js'
import { clock } from '../format.js'
import { t } from '../i18n.js'
import { Player } from '../player/player.js'
import { report } from '../player/reporter.js'
import { abilities, choose, playable } from '../player/source.js'
import { doneButton } from './done.js'
import { elsewhere } from './link.js'
import { prose } from './prose.js'

/** @import { Desk } from '../views/lesson.js' */
/** @import { Film } from '../player/source.js' */

/**
 * @param {Desk} desk
 * @param {Film} film
 */
export function video(desk, film) {
  const { app, lesson, enrollmentId, signal } = desk
  const player = new Player({
    film, signal, title: lesson.title, resumeMs: desk.startMs ?? lesson.progress?.positionMs ?? 0, again: () => again(desk),
  })
  const credited = h('p', { class: 'facts', role: 'status' })
  const tell = (/** @type {number} */ ms) => {
    credited.textContent = lesson.durationMs > 0 ? t('player.watched', { of: clock(lesson.durationMs), at: clock(ms) }) : ''
  }
  tell(lesson.progress?.watchedMs ?? 0)
  const waiting = h('p', { class: 'facts', role: 'status', hidden: true }, t('player.unsent'))
  if (enrollmentId && app.outbox) {
    const outbox = app.outbox
    outbox.onRecorded = (of, recorded) => {
      if (of !== enrollmentId) return
      const mine = recorded.progress.lessons.find(({ lessonId }) => lessonId === lesson.id)
      if (mine) tell(mine.watchedMs)
      desk.onRecorded(recorded)
    }
    outbox.onWaiting = (unsent) => { waiting.hidden = unsent === 0 }
    report(player.video, { enrollmentId, lessonId: lesson.id }, outbox, signal)
    signal.addEventListener('abort', () => { outbox.onWaiting = () => {} })
  }
  const stage = h('div', { class: 'stage' })
  place(stage, player, film)
  return h('div', {}, stage, enrollmentId && credited, waiting, prose(desk, film.html),
    lesson.durationMs === 0 && doneButton(desk, t('lesson.watched')))
}

/**
 * What lies elsewhere is asked for by the person, not by the page: whoever keeps it sees who watches.
 *
 * @param {HTMLElement} stage
 * @param {Player} player
 * @param {Film} film
 */
function place(stage, player, film) {
  const source = choose(film, abilities(player.video))
  if (source.kind === 'none') {
    fill(stage, h('p', { class: 'note' }, t('player.none')))
    return
  }
  if (source.kind !== 'elsewhere') {
    fill(stage, player.element)
    void player.open(source)
    return
  }
  const here = playable(source.url) && h('button', { type: 'button', class: 'quiet', click: () => {
    fill(stage, player.element)
    player.element.focus()
    void player.open(source)
  } }, t('player.here'))
  fill(stage, h('div', { class: 'note' }, h('p', {}, t('player.elsewhere')), h('div', { class: 'row' }, elsewhere(source.url), here)))
}

/**
 * The film with a new address.
 *
 * @param {Desk} desk
 * @returns {Promise<Film | null>}
 */
async function again({ course, lesson, signal }) {
  const { lesson: fresh } = await ask('lesson', { courseId: course.id, id: lesson.id }, { signal })
  return fresh?.content?.__typename === 'VideoContent' ? fresh.content : null
}
