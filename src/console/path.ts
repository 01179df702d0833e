/**
 * Paths of pages, pure: a pattern such as /topics/:topic/:tab? against a path, and a path out of a pattern. A name may be
 * anything; what a browser would take for a step in the path ("", ".", "..") gets a ~ in front.
 */
export type Params = Readonly<Record<string, string>>

/** What a page is given. */
export interface PageProps {
  readonly params: Params
}

/** Null when the path is another page's. */
export function matchPath(pattern: string, path: string): Params | null {
  const wanted = parts(pattern)
  const given = parts(path)
  if (given.length > wanted.length) return null
  const params: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    const value = given[at]
    if (value === undefined) {
      if (part.endsWith('?')) continue
      return null
    }
    if (part.startsWith(':')) {
      const decoded = nameIn(value)
      if (decoded === null) return null
      params[part.replace(/^:|\?$/g, '')] = decoded
    } else if (part !== value) return null
  }
  return params
}

/** Parameters that are not given end the path. */
export function pathTo(pattern: string, params: Params = {}): string {
  const path: string[] = []
  for (const part of parts(pattern)) {
    if (!part.startsWith(':')) path.push(part)
    else {
      const value = params[part.replace(/^:|\?$/g, '')]
      if (value === undefined) break
      path.push(encodeURIComponent(/^(\.{0,2}|~.*)$/s.test(value) ? `~${value}` : value))
    }
  }
  return `/${path.join('/')}`
}

export type Query = Readonly<Record<string, string>>

/** With what is given, without what is empty: "?a=1", or "". */
export function queryText(query: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value))
  }
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

const parts = (path: string): string[] => path.split('/').filter(part => part !== '')

function nameIn(part: string): string | null {
  try {
    return decodeURIComponent(part).replace(/^~/, '')
  } catch {
    return null
  }
}
