// Times, lengths, prices and sizes as people read them.

import { locale, t } from './i18n.js'

/**
 * "1:05", "1:02:03".
 *
 * @param {number} ms
 */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const pair = (/** @type {number} */ n) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${pair(m)}:${pair(s)}` : `${m}:${pair(s)}`
}

/**
 * "12 min", "45 s", "2 h", "2 h 5 min".
 *
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return t('seconds', { n: seconds })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return t('minutes', { n: minutes })
  const hours = t('hours', { n: Math.floor(minutes / 60) })
  return minutes % 60 === 0 ? hours : `${hours} ${t('minutes', { n: minutes % 60 })}`
}

/** @param {number} of100 "42%" in English, "42 %" in German */
export function percent(of100) {
  return new Intl.NumberFormat(locale, { style: 'percent' }).format(of100 / 100)
}

/** @param {string} time RFC 3339 */
export function date(time) {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(time))
}

/** @param {string} time RFC 3339 */
export function moment(time) {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time))
}

/** @param {{ amount: number, currency: string }} p minor units of the currency */
export function price(p) {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency: p.currency })
  return format.format(p.amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte']
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[step], unitDisplay: step === 0 ? 'long' : 'short', maximumFractionDigits: 1 }).format(bytes / 1000 ** step)
}

/** @param {string} tag BCP 47 */
export function languageName(tag) {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}
