/**
 * Reads the text of a server.properties file as java.util.Properties does: comments, three kinds of separator, lines
 * continued by a backslash, escapes. Knows no key; the last of two equal keys wins, as in Java.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const keyEnd = endOfKey(line)
    let valueStart = keyEnd
    while (isBlank(line[valueStart])) valueStart++
    if (line[valueStart] === '=' || line[valueStart] === ':') {
      valueStart++
      while (isBlank(line[valueStart])) valueStart++
    }
    properties.set(unescaped(line.slice(0, keyEnd)), unescaped(line.slice(valueStart)))
  }
  return properties
}

/** Lines without comments and blank ones; a line that ends in an odd number of backslashes goes on in the next. */
function logicalLines(text: string): string[] {
  const lines: string[] = []
  let pending: string | null = null
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (pending === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const joined: string = (pending ?? '') + line
    const trailing = /\\*$/.exec(line)?.[0].length ?? 0
    if (trailing % 2 === 1) {
      pending = joined.slice(0, -1)
    } else {
      pending = null
      lines.push(joined)
    }
  }
  if (pending !== null) lines.push(pending)
  return lines
}

function endOfKey(line: string): number {
  let at = 0
  while (at < line.length && line[at] !== '=' && line[at] !== ':' && !isBlank(line[at])) at += line[at] === '\\' ? 2 : 1
  return Math.min(at, line.length)
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\f'
}

const namedEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.)|$)/gs, (_, hex: string | undefined, char: string | undefined) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : char === undefined ? '' : (namedEscapes[char] ?? char),
  )
}
