/**
 * What all checks share: the tools, the broker's address, the topics of this run, and the log as the console consumer read
 * it, which later answers (offsets, lags, dumps) are compared with. Also the generator of the lines that are produced.
 */
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ToolHost, ToolName, ToolOptions, ToolRun } from '../../lib/tool-host.js'
import { type Checks, expect } from './checks.js'
import { offsetLines, type StoredRecord } from './output.js'

export const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const

export interface Scenario {
  readonly host: ToolHost
  readonly checks: Checks
  readonly bootstrap: string
  readonly dataDir: string
  /** For input files; removed at the end. */
  readonly scratch: string
  readonly topics: Topics
  readonly groups: { readonly readers: string; readonly slow: string; readonly fresh: string }
  /** Topic → partition → records, as consumed from the beginning. */
  readonly logs: Map<string, StoredRecord[][]>
  /** What the group checks committed last: "group topic partition" → offset, or null where it was deleted. */
  readonly committed: Map<string, number | null>
  /** What became of every transactional id: id → state. */
  readonly transactionStates: Map<string, string>
  /** Topic → topic id, from kafka-topics. */
  readonly topicIds: Map<string, string>
  brokerId: number
}

const topicNames = ['lines', 'notes', 'times', 'acks', 'auto', 'resized', 'paid', 'copied', 'shared', 'held', ...codecs] as const

/** Names of their own for every run, so that the checks also work on a broker that has seen them before. */
export type Topics = Readonly<Record<(typeof topicNames)[number], string>>

export function newScenario(parts: Pick<Scenario, 'host' | 'checks' | 'bootstrap' | 'dataDir' | 'scratch'>): Scenario {
  const suffix = randomBytes(3).toString('hex')
  return {
    ...parts,
    topics: Object.fromEntries(topicNames.map(name => [name, `${name}-${suffix}`])) as Topics,
    groups: { readers: `readers-${suffix}`, slow: `slow-${suffix}`, fresh: `fresh-${suffix}` },
    logs: new Map(),
    committed: new Map(),
    transactionStates: new Map(),
    topicIds: new Map(),
    brokerId: -1,
  }
}

/** Runs a tool against the scenario's broker. */
export function runTool(scenario: Scenario, tool: ToolName, args: readonly string[], options?: ToolOptions): Promise<ToolRun> {
  // kafka-cluster wants its subcommand first, kafka-transactions the address.
  const [first, ...rest] = args
  const address = ['--bootstrap-server', scenario.bootstrap]
  const all = tool === 'kafka-cluster' && first !== undefined ? [first, ...address, ...rest] : [...address, ...args]
  return scenario.host.run(tool, all, options)
}

export const linesCount = 60_000
export const codecLinesCount = 20_000

/** Lines of `key<TAB>value`: the value begins with its number and is half random, so that no codec shrinks it to nothing. */
export function numberedLines(count: number, from = 0): string {
  const lines: string[] = []
  for (let i = from; i < from + count; i++) {
    const noise = createHash('sha256').update(String(i)).digest('base64')
    lines.push(
      `key-${i % 997}\t${i} ${noise} ${noise.slice(0, 21)} of the log ${createHash('md5').update(noise).digest('hex')}\n`,
    )
  }
  return lines.join('')
}

export function inputFile(scenario: Scenario, name: string, content: string): string {
  const file = join(scenario.scratch, name)
  writeFileSync(file, content)
  return file
}

export function partitionsOf(scenario: Scenario, topic: string): StoredRecord[][] {
  const log = scenario.logs.get(topic)
  expect(log !== undefined, `${topic} was not read, so there is nothing to compare with`)
  return log
}

/** The answer to "first offset at or after this time", computed from the log as it was read. */
export function firstOffsetAtOrAfter(records: readonly StoredRecord[], timestamp: number): number | null {
  return records.find(record => record.timestamp >= timestamp)?.offset ?? null
}

export async function endOffsets(scenario: Scenario, topic: string): Promise<number[]> {
  const offsets = offsetLines((await runTool(scenario, 'kafka-get-offsets', ['--topic', topic])).stdout)
  return Object.keys(offsets)
    .map(name => Number(name.slice(name.lastIndexOf(':') + 1)))
    .sort((a, b) => a - b)
    .map(partition => offsets[`${topic}:${partition}`]!)
}
