/**
 * JSON as it is written: numbers keep all their digits and objects the order and the repetition of their keys, which
 * JSON.parse does not; pure.
 */
export type JsonNode =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: JsonNode])[] }
  | { readonly kind: 'array'; readonly entries: readonly (readonly [key: string, value: JsonNode])[] }
  | { readonly kind: 'string' | 'number' | 'literal'; readonly text: string }

/** Deeper than this it is shown as text. */
const depthMax = 200
const token = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y

/** Null when the text is not an object or an array in JSON, to the last character. */
export function parseJson(text: string): JsonNode | null {
  if (!/^\s*[{[]/.test(text)) return null
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  // From here on the text is known to be JSON.
  let at = 0
  const next = (): RegExpExecArray => {
    token.lastIndex = at
    const found = token.exec(text)!
    at = token.lastIndex
    return found
  }
  const peek = (): string => {
    const before = at
    const [, mark = ''] = next()
    at = before
    return mark
  }
  const value = (depth: number): JsonNode => {
    if (depth > depthMax) throw new RangeError()
    const [, mark, quoted, number, literal] = next()
    if (quoted !== undefined) return { kind: 'string', text: JSON.parse(quoted) as string }
    if (number !== undefined) return { kind: 'number', text: number }
    if (literal !== undefined) return { kind: 'literal', text: literal }
    const entries: [string, JsonNode][] = []
    const kind = mark === '{' ? 'object' : 'array'
    if (peek() === (kind === 'object' ? '}' : ']')) {
      next()
      return { kind, entries }
    }
    do {
      let key = String(entries.length)
      if (kind === 'object') {
        key = JSON.parse(next()[2]!) as string
        next()
      }
      entries.push([key, value(depth + 1)])
    } while (next()[1] === ',')
    return { kind, entries }
  }
  try {
    return value(0)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
