// The tenant's colour, made readable, light and dark.

import { hex, ink, parse, readable } from './contrast.js'

/** @import { Colour } from './contrast.js' */
/** @typedef {{ slug: string, name: string, locale: string, accent: string, logoUrl: string }} Tenant */

/** The grounds of learn.css that the colour is written on. */
const grounds = {
  /** @type {Colour[]} */ light: [[255, 255, 255], [246, 247, 249]],
  /** @type {Colour[]} */ dark: [[17, 20, 26], [27, 31, 39]],
}

/** @type {Colour} */
const fallback = [30, 58, 138]

/**
 * The page's tenant, as the server wrote it into the page.
 *
 * @returns {Tenant}
 */
export function readTenant() {
  return JSON.parse(document.getElementById('tenant')?.textContent ?? '{}')
}

/**
 * The custom properties for a colour.
 *
 * @param {string} accent "#rrggbb" or ""
 * @param {'light' | 'dark'} scheme
 * @returns {Record<string, string>}
 */
export function palette(accent, scheme) {
  const text = readable(parse(accent) ?? fallback, grounds[scheme])
  return { '--accent': hex(text), '--on-accent': hex(ink(text)) }
}

/** @param {Tenant} tenant */
export function apply(tenant) {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const paint = () => {
    const colours = palette(tenant.accent, dark.matches ? 'dark' : 'light')
    for (const [name, value] of Object.entries(colours)) document.documentElement.style.setProperty(name, value)
  }
  dark.addEventListener('change', paint)
  paint()
}
