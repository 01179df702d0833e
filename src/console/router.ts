/** Where the reader is: the path and the query of the address, which hold all of a page's state that a link should carry. */
import { computed, signal } from '@preact/signals'
import { type Query, queryText } from './path.js'

interface Place {
  readonly path: string
  readonly query: Query
}

const here = (): Place => ({
  path: location.pathname,
  query: Object.fromEntries(new URLSearchParams(location.search)),
})

export const place = signal<Place>(here())
export const path = computed(() => place.value.path)
export const query = computed(() => place.value.query)

export function go(href: string, { replaces = false }: { readonly replaces?: boolean } = {}): void {
  if (href === location.pathname + location.search) return
  if (replaces) history.replaceState(null, '', href)
  else history.pushState(null, '', href)
  place.value = here()
  if (!replaces) scrollTo(0, 0)
}

/** Changes parts of the query; null and "" take them away. A change of what is looked at is no step back. */
export function setQuery(changes: Readonly<Record<string, string | number | boolean | null>>): void {
  go(location.pathname + queryText({ ...query.peek(), ...changes }), { replaces: true })
}

/** Links are plain links; those to pages of the console are followed without loading it again. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    place.value = here()
  })
  document.addEventListener('click', event => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return
    if (/^\/(api|metrics|healthz|readyz|livez)\b/.test(link.pathname) || link.getAttribute('href')?.startsWith('#')) return
    event.preventDefault()
    go(link.pathname + link.search)
  })
}
