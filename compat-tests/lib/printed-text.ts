/** What a tool printed, without what differs between any two brokers and any two runs: for a comparison line by line. */
import type { ToolRun } from './tool-host.js'

/** Ports, times and addresses of memory differ from run to run. */
export function withoutChance(text: string): string {
  return text
    .replaceAll(/(127\.0\.0\.1|localhost)('?[:,] ?)\d+/g, '$1$2PORT')
    .replaceAll(/\b(after|in|for) \d+ ?ms\b/g, '$1 TIME')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'DATE')
    .replaceAll(/0x[0-9a-f]+|\b[0-9A-F]{8,}:/g, 'ADDRESS')
}

/** Exit code and lines, sorted, as tools print lists and their help in the order of a hash; no stack traces, no warnings. */
export function printedText({ exitCode, stdout, stderr, timedOut }: Omit<ToolRun, 'command'>): string {
  const lines = (text: string) =>
    withoutChance(text)
      .split('\n')
      .map(withoutIds)
      .filter(line => line.trim() !== '')
  const errors = lines(stderr).filter(line => !/^ at |\bWARN\b|^WARNING/.test(line))
  const ending = `exit code ${exitCode}${timedOut ? ', too late' : ''}`
  return [ending, ...lines(stdout).sort(), ...[...new Set(errors)].sort()].join('\n')
}

function withoutIds(line: string): string {
  return (
    line
      .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID')
      .replaceAll(/\badminclient-\d+/g, 'adminclient')
      .replaceAll(/\b(?=[A-Z_-]*[a-z0-9])[A-Za-z0-9_-]{22}(?=\s|$)/g, 'ID')
      .replaceAll(/[A-Za-z0-9+/]{86}==/g, 'HMAC')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d[.,]?\d*)?/g, 'DATE')
      .replaceAll(/\b\d{13}\b/g, 'MILLISECONDS')
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/\[([A-Z_]+(?:, [A-Z_]+)+)\]/g, (_, names: string) => `[${inOrder(names)}]`)
      // A map of Java's with enums as keys, such as the mechanisms of a SCRAM user, is in another order in each JVM.
      .replaceAll(/(?<![^ ])[\w.-]+=[^\s,]*(?:, [\w.-]+=[^\s,]*)+/g, inOrder)
  )
}

function inOrder(list: string): string {
  return list.split(', ').sort().join(', ')
}

/** The lines of one that the other has not, for a report. */
export function linesOnlyIn(text: string, other: string): string {
  const others = other.split('\n')
  const own = text.split('\n').filter(line => !others.includes(line))
  return (own.length === 0 ? 'the same lines in another order or number' : own.join(' ⏎ ')).slice(0, 600)
}
