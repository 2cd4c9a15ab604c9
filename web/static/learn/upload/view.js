// Shows one upload: what it is, how far it is, and what can be done about it.

import { announce, fill, h } from '../dom.js'
import { size } from '../format.js'
import { locale, t } from '../i18n.js'
import { explain } from '../problem.js'
import { ApiError } from '../api.js'
import { Unreadable } from './hasher.js'

/** @import { Upload } from './upload.js' */

const percent = new Intl.NumberFormat(locale, { style: 'percent' })

/**
 * @param {Upload} upload
 * @param {() => void} onForget
 */
export function card(upload, onForget) {
  const title = h('h3', {}, upload.name)
  const facts = h('p', { class: 'facts' }, size(upload.size))
  const bar = h('progress', { max: 1, 'aria-label': t('upload.progressOf', { name: upload.name }) })
  const told = h('p')
  const tools = h('p', { class: 'row' })
  const element = h('li', { class: 'card upload' }, title, facts, bar, told, tools)
  let shown = ''
  const draw = () => {
    bar.hidden = ['LOST', 'READY', 'FAILED'].includes(upload.state)
    if (upload.progress === null) bar.removeAttribute('value')
    else bar.value = upload.progress
    fill(told, sentence(upload))
    if (shown === upload.state) return
    shown = upload.state
    element.dataset.state = shown
    told.className = shown === 'READY' ? 'good' : shown === 'FAILED' ? 'alert' : 'quietly'
    drawTools(tools, upload, onForget)
    // Percents are not read out, what it has come to is.
    announce(`${upload.name}: ${sentence(upload)}`)
  }
  upload.addEventListener('change', draw)
  draw()
  return element
}

/** @param {Upload} upload */
function sentence(upload) {
  const gaps = { percent: percent.format(Math.floor((upload.progress ?? 0) * 100) / 100) }
  switch (upload.state) {
    case 'READING': return t('upload.reading', gaps)
    case 'SENDING': return t('upload.sending', gaps)
    case 'WAITING': return t('upload.waiting')
    case 'PAUSED': return t('upload.paused', gaps)
    case 'LOST': return t('upload.lost')
    case 'CHECKING': return t('upload.checking')
    case 'CONVERTING': return t('upload.converting', gaps)
    case 'READY': return ready(upload)
    default: return reason(upload.problem)
  }
}

/** @param {Upload} upload */
function ready({ asset }) {
  if (asset?.conversion === 'PASSED_THROUGH') return t('upload.passedThrough')
  if (asset?.conversion === 'FAILED') return `${t('upload.notConverted')} ${asset.failure}`
  return t('upload.ready')
}

/** @param {unknown} problem */
function reason(problem) {
  if (typeof problem === 'string') return `${t('upload.rejected')} ${problem}`
  if (problem instanceof Unreadable) return t('upload.unreadable')
  if (problem instanceof ApiError && problem.code === 'REFUSED') return t('upload.refused')
  return explain(problem)
}

/**
 * Whether trying again cannot help.
 *
 * @param {unknown} problem
 */
function final(problem) {
  return typeof problem === 'string' || (problem instanceof ApiError && problem.code === 'BAD_USER_INPUT')
}

/**
 * Draws the buttons; one that had the focus hands it to the one that took its place.
 *
 * @param {HTMLElement} tools
 * @param {Upload} upload
 * @param {() => void} onForget
 */
function drawTools(tools, upload, onForget) {
  const focused = tools.contains(document.activeElement)
  const button = (/** @type {string} */ label, /** @type {() => void} */ click) =>
    h('button', { type: 'button', class: 'quiet', 'aria-label': `${label}: ${upload.name}`, click }, label)
  const over = upload.state === 'READY'
  const again = upload.state === 'FAILED' && (upload.file || upload.remembered?.sent) && !final(upload.problem)
  fill(tools,
    upload.moving && button(t('upload.pause'), () => upload.pause()),
    upload.state === 'PAUSED' && button(t('upload.resume'), () => void upload.run()),
    again && button(t('again'), () => void upload.run()),
    over && upload.asset && h('span', { class: 'facts' }, t('upload.id'), ' ', h('code', {}, upload.asset.id)),
    !upload.moving && button(over ? t('upload.done') : t('upload.forget'), onForget))
  if (focused) tools.querySelector('button')?.focus()
}
