/**
 * Reads what Kafka's tools print back into values: aligned tables, the topic description, offset lines, consumed records
 * and the run-together JSON objects of the internal topics' formatters. Throws on a line that the tools of Kafka 4.4 do
 * not print.
 */

export type Row = Readonly<Record<string, string>>

/** A table of kafka-consumer-groups or kafka-cluster: a header line of capitals, then one row per line until a blank one. */
export function table(stdout: string): Row[] {
  const lines = stdout.split('\n').map(line => line.replace('COORDINATOR (ID)', 'COORDINATOR').replace(/ +\((\d+)\)/, '($1)'))
  const rows: Row[] = []
  let header: string[] | null = null
  for (const line of lines) {
    const cells = line.split(/\s+/).filter(cell => cell !== '')
    if (cells.length === 0) header = null
    else if (/^(GROUP|TOPIC|ID) /.test(line)) header = cells
    // Only the last column holds text with spaces.
    else if (header !== null) {
      const last = header.length - 1
      rows.push(Object.fromEntries(header.map((name, i) => [name, i < last ? (cells[i] ?? '') : cells.slice(i).join(' ')])))
    }
  }
  return rows
}

/** A table of kafka-transactions: a header line, then one row per line; no cell holds a space. */
export function plainTable(stdout: string): Row[] {
  const [header = [], ...rows] = stdout
    .split('\n')
    .map(line => line.split(/\s+/).filter(cell => cell !== ''))
    .filter(cells => cells.length > 0)
  return rows.map(cells => Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ''])))
}

export interface DescribedTopic {
  readonly topic: string
  readonly topicId: string
  readonly partitionCount: number
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
  readonly partitions: { partition: number; leader: number; replicas: string; isr: string }[]
}

/** kafka-topics --describe. */
export function describedTopics(stdout: string): DescribedTopic[] {
  const topics: DescribedTopic[] = []
  for (const line of stdout.split('\n').filter(line => line !== '')) {
    const fields = Object.fromEntries(
      line
        .trim()
        .split('\t')
        .map(field => splitOnce(field, ':')),
    )
    if (line.startsWith('Topic: ')) {
      const configs = fields.Configs === undefined || fields.Configs === '' ? [] : fields.Configs.split(/,(?=[a-z.]+=)/)
      topics.push({
        topic: fields.Topic ?? '',
        topicId: fields.TopicId ?? '',
        partitionCount: Number(fields.PartitionCount),
        replicationFactor: Number(fields.ReplicationFactor),
        configs: Object.fromEntries(configs.map(config => splitOnce(config, '='))),
        partitions: [],
      })
    } else if (line.startsWith('\tTopic: ')) {
      const partition = { partition: Number(fields.Partition), leader: Number(fields.Leader) }
      topics.at(-1)?.partitions.push({ ...partition, replicas: fields.Replicas ?? '', isr: fields.Isr ?? '' })
    } else throw new Error(`not a line of a topic description: ${line}`)
  }
  return topics
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).trim()]
}

/** kafka-get-offsets: `topic:partition:offset` lines → "topic:partition" → offset. */
export function offsetLines(stdout: string): Record<string, number> {
  const offsets: Record<string, number> = {}
  for (const line of stdout.split('\n').filter(line => line !== '')) {
    const match = line.match(/^(.+:\d+):(-?\d+)$/)
    if (match === null) throw new Error(`not an offset line: ${line}`)
    offsets[match[1]!] = Number(match[2])
  }
  return offsets
}

export interface StoredRecord {
  readonly timestamp: number
  readonly partition: number
  readonly offset: number
  readonly headers: string
  readonly key: string
  readonly value: string
}

/** What makes the console consumer print records as consumedRecords() reads them. */
export const wholeRecords: readonly string[] = ['timestamp', 'partition', 'offset', 'headers', 'key'].flatMap(part => [
  '--formatter-property',
  `print.${part}=true`,
])

/** kafka-console-consumer with `wholeRecords`. */
export function consumedRecords(stdout: string): StoredRecord[] {
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const match = line.match(/^CreateTime:(-?\d+)\tPartition:(\d+)\tOffset:(\d+)\t([^\t]*)\t([^\t]*)\t(.*)$/)
      if (match === null) throw new Error(`not a consumed record: ${line.slice(0, 200)}`)
      const [timestamp, partition, offset] = match.slice(1, 4).map(Number) as [number, number, number]
      return { timestamp, partition, offset, headers: match[4]!, key: match[5]!, value: match[6]! }
    })
}

/** The formatters of the internal topics print one JSON object after the other, with nothing in between. */
export function jsonObjects(stdout: string): unknown[] {
  const objects: unknown[] = []
  let depth = 0
  let start = 0
  let isInString = false
  for (let i = 0; i < stdout.length; i++) {
    const char = stdout[i]
    if (isInString) {
      if (char === '\\') i++
      else if (char === '"') isInString = false
    } else if (char === '"') isInString = true
    else if (char === '{' && depth++ === 0) start = i
    else if (char === '}' && --depth === 0) objects.push(JSON.parse(stdout.slice(start, i + 1)))
  }
  return objects
}
