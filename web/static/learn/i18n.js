// The page's words, in the first language of the browser that there are words for.

import en from './strings/en.js'
import de from './strings/de.js'

/** @typedef {keyof typeof en} Word */

/** @type {Record<string, Record<Word, string>>} */
const languages = { en, de }

/**
 * The first of the wanted languages that there are words for: "de-AT" is served with "de".
 *
 * @param {readonly string[]} wanted BCP 47
 * @returns {string}
 */
export function choose(wanted) {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0] ?? ''
    if (base in languages) return base
  }
  return 'en'
}

const preferred = globalThis.navigator?.languages ?? []

/** The language of the page. */
export const language = choose(preferred)

/** The browser's own variety of it, for numbers and dates. */
export const locale = preferred.find((tag) => tag.toLowerCase().startsWith(language)) ?? language

const plural = new Intl.PluralRules(locale)

/**
 * A word or sentence, with its {gaps} filled. With a gap named "n" the form for that number is looked for first:
 * "lessons.one" before "lessons".
 *
 * @param {Word} word
 * @param {Record<string, string | number>} [gaps]
 * @returns {string}
 */
export function t(word, gaps = {}) {
  const words = languages[language] ?? en
  const form = typeof gaps.n === 'number' ? /** @type {Word} */ (`${word}.${plural.select(gaps.n)}`) : word
  return fillGaps(words[form] ?? words[word] ?? word, gaps)
}

/**
 * @param {string} text
 * @param {Record<string, string | number>} gaps
 */
export function fillGaps(text, gaps) {
  return text.replaceAll(/\{(\w+)\}/g, (gap, name) => String(gaps[name] ?? gap))
}
