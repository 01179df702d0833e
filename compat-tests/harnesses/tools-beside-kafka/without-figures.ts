/** What tools print of times, rates, sizes of batches and ids that a broker numbers for itself, made neutral. */
import type { ToolName } from '../../lib/tool-host.js'

export function withoutFigures(tool: ToolName, text: string): string {
  return (neutral[tool] ?? ((same: string) => same))(text)
}

const neutral: { readonly [Tool in ToolName]?: (text: string) => string } = {
  'kafka-producer-perf-test': text => text.replaceAll(/[\d.]+ (records\/sec|MB\/sec|ms)/g, 'N $1'),
  'kafka-e2e-latency': text => text.replaceAll(/(?<=[\s=])[\d.]+(?= ms|,|$)/gm, 'N').replaceAll(/^\d+\tN$/gm, ''),
  // Start, end, MB, MB a second, records, records a second, and more of time; each report of an interval has another time.
  'kafka-consumer-perf-test': text =>
    text.replaceAll(/^\d{4}-.*$/gm, row => {
      const [, , megabytes, , records] = row.split(', ')
      return `${megabytes} MB, ${records} records`
    }),
  'kafka-verifiable-producer': text => text.replaceAll(/"timestamp":\d+|"avg_throughput":[\d.]+/g, ''),
  'kafka-verifiable-consumer': verifiableConsumer,
  'kafka-log-dirs': text => text.replaceAll(/^\{.*$/gm, json => JSON.stringify(ordered(JSON.parse(json)))),
  'kafka-cluster': text => text.replaceAll(/(?<=127\.0\.0\.1\s+)\d+/g, 'PORT'),
  // The length and the epoch of the metadata's log, and how many milliseconds ago its leader read it.
  'kafka-metadata-quorum': text =>
    text
      .replaceAll(/^((?:HighWatermark|LeaderEpoch):\s+)\d+$/gm, '$1N')
      .replaceAll(/^(1\s+[\w-]{22}\s+)\d+/gm, '$1N')
      .replaceAll(/\d+ ms ago/g, 'N ms ago'),
  'kafka-features': text => text.replaceAll(/Epoch: \d+/g, 'Epoch: N'),
  'kafka-consumer-groups': withoutGroupNumbers,
  'kafka-groups': withoutGroupNumbers,
  'kafka-client-metrics': text => text.replaceAll(/(?<=config for )[\w-]{22}(?=\.)/g, 'ID'),
  'kafka-transactions': text => text.replaceAll(/(?<=\d{13}\s+)\d+/g, 'N'),
  // A report of every interval, all the same.
  'kafka-replica-verification': text =>
    [...new Set(text.split('\n').map(line => line.replace(/^[\d-]+ [\d:,.]+:? ?/, '')))].join('\n'),
  'kafka-dump-log': dumped,
}

/** Of the metadata what it decided, each once: who registers, beats and leads is the business of several nodes. */
function dumped(text: string): string {
  const payloads = [...text.matchAll(/payload: (\{"type":"(\w+)".*\})$/gm)].filter(([, , type]) => decisions.has(type!))
  if (payloads.length > 0) return [...new Set(payloads.map(([, json]) => json!.replaceAll(/"[\w-]{22}"/g, 'ID')))].join('\n')
  return text.replaceAll(/crc: \d+/g, 'crc: N')
}

const decisions = new Set([
  'TOPIC_RECORD',
  'REMOVE_TOPIC_RECORD',
  'PARTITION_RECORD',
  'CONFIG_RECORD',
  'CLIENT_QUOTA_RECORD',
  'ACCESS_CONTROL_ENTRY_RECORD',
  'REMOVE_ACCESS_CONTROL_ENTRY_RECORD',
  'DELEGATION_TOKEN_RECORD',
  'REMOVE_DELEGATION_TOKEN_RECORD',
])

/** Of the group of a console consumer that was not told one. */
function withoutGroupNumbers(text: string): string {
  return text.replaceAll(/(?<=console-consumer-)\d+/g, 'N')
}

/** How many records a poll brings is up to the pace; that all of them come, in order, and are committed, is not. */
function verifiableConsumer(stdout: string): string {
  const names = new Set<string>()
  let consumed = 0
  const values: unknown[] = []
  let committed: unknown = null
  const others: string[] = []
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{')) {
      others.push(line)
      continue
    }
    const event = JSON.parse(line) as { name: string; count?: number; offsets?: unknown; value?: unknown; success?: boolean }
    names.add(event.success === undefined ? event.name : `${event.name} ${event.success}`)
    if (event.name === 'records_consumed') consumed += event.count ?? 0
    if (event.name === 'record_data') values.push(event.value)
    if (event.name === 'offsets_committed') committed = event.offsets
  }
  const summary = { names: [...names].sort(), consumed, values: values.length, last: values.at(-1) ?? null, committed }
  return consumed === 0 && names.size === 0 ? others.join('\n') : [...others, JSON.stringify(summary)].join('\n')
}

/** Arrays that a tool filled in the order of a hash. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  )
}
