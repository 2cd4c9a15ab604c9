// Where files are chosen, and the list of those that are on their way.

import { announce, h } from '../dom.js'
import { t } from '../i18n.js'
import { Upload } from './upload.js'
import { card } from './view.js'

/** @import { Hasher } from './hasher.js' */
/** @import { Memory } from './memory.js' */
/** @typedef {{ file?: File, remembered?: import('./memory.js').Remembered }} Of */

export class Desk {
  /** @type {Upload[]} */
  #uploads = []
  #list = h('ul', { class: 'uploads' })
  #none = h('p', { class: 'quietly' }, t('upload.none'))
  #field = h('input', { type: 'file', multiple: true, id: 'files', 'aria-describedby': 'about-files', change: () => this.#chosen() })
  #memory
  #hasher

  /**
   * @param {Memory} memory
   * @param {Hasher} hasher
   */
  constructor(memory, hasher) {
    this.#memory = memory
    this.#hasher = hasher
    const unfinished = memory.all()
    for (const remembered of unfinished.toReversed()) this.#add({ remembered })
    if (unfinished.length > 0) announce(t('upload.unfinished', { n: unfinished.length }))
  }

  /** @returns {Node[]} */
  draw() {
    return [
      h('h1', {}, t('upload.title')),
      h('p', { class: 'lead' }, t('upload.about')),
      h('div', { class: 'drop card', dragover: this.#drag, dragleave: this.#drag, drop: this.#drag },
        h('label', { for: 'files' }, t('upload.choose')), this.#field,
        h('p', { id: 'about-files', class: 'quietly' }, t('upload.hint'))),
      h('section', { 'aria-labelledby': 'yours' }, h('h2', { id: 'yours' }, t('upload.yours')), this.#none, this.#list),
    ]
  }

  /** Stops what is being sent. */
  close() {
    for (const upload of this.#uploads) upload.stop()
  }

  #chosen() {
    this.#take([...this.#field.files ?? []])
    this.#field.value = '' // the same file can be chosen again
  }

  /** @param {DragEvent} event */
  #drag = (event) => {
    event.preventDefault()
    const zone = /** @type {HTMLElement} */ (event.currentTarget)
    zone.classList.toggle('over', event.type === 'dragover')
    if (event.type === 'drop') this.#take([...event.dataTransfer?.files ?? []])
  }

  /**
   * Sends files. One that stands there already goes on where it was.
   *
   * @param {File[]} files
   */
  #take(files) {
    for (const file of files) {
      const known = this.#uploads.find((one) => one.is(file))
      if (known) known.take(file)
      else this.#add({ file })
    }
  }

  /** @param {Of} of */
  #add(of) {
    const upload = new Upload({ ...of, memory: this.#memory, hasher: this.#hasher })
    const shown = card(upload, () => {
      upload.forget()
      this.#uploads = this.#uploads.filter((one) => one !== upload)
      shown.remove()
      this.#none.hidden = this.#uploads.length > 0
      this.#field.focus()
    })
    this.#uploads.push(upload)
    this.#list.prepend(shown)
    this.#none.hidden = true
    void upload.run()
  }
}
