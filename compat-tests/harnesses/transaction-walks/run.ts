/**
 * Transactions as stock clients walk through them: `run.js [--kafka] [--only CLIENT,…]`.
 * Each client commits, aborts, commits offsets, fences another instance of itself and reads with both isolation levels, through
 * a relay that hears which versions it sends: below `transaction.version` 2 partitions are added by a request of their own; with
 * it (KIP-890) they are added by producing, and every end of a transaction raises the epoch.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage. `--kafka` walks before real Kafka 4.4.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { cacheFolder, compatSources } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { run } from '../../lib/processes.js'
import { type Relay, startRelay } from '../../lib/relay.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { transcript } from './walk.js'

/** `folder` or `folder/profile`, as the record-set matrix names them. */
const walkers = [
  { name: 'kafkajs', path: 'classic' },
  { name: 'confluent-kafka', path: 'classic' },
  { name: 'java-clients/2.8.2', path: 'classic' },
  { name: 'java-clients/3.9.1', path: 'classic' },
  { name: 'java-clients/4.4.0', path: 'KIP-890' },
] as const

const keys = { Produce: 0, InitProducerId: 22, AddPartitionsToTxn: 24, AddOffsetsToTxn: 25, EndTxn: 26, TxnOffsetCommit: 28 }

const EXIT_NOT_AVAILABLE = 77
const INSTALL_TIMEOUT_MS = 10 * 60_000
const WALK_TIMEOUT_MS = 120_000
const READY_MS_MAX = 60_000

/** API key → versions that were sent. */
type Sent = Map<number, Set<number>>

process.exitCode = await main()

async function main(): Promise<number> {
  let options: { kafka: boolean; only: string | undefined }
  try {
    const { values } = parseArgs({ options: { kafka: { type: 'boolean', default: false }, only: { type: 'string' } } })
    options = { kafka: values.kafka, only: values.only }
  } catch {
    console.error('usage: transaction-walks/run.js [--kafka] [--only CLIENT,…]')
    return 2
  }
  const tally = new Tally()
  let sent: Sent = new Map()
  const relay = await startRelay(frame => {
    const [key, version] = [frame.readInt16BE(0), frame.readInt16BE(2)]
    // A broker of real Kafka asks its coordinator with these, by the address that it advertises.
    if (key === keys.AddPartitionsToTxn && version >= 4) return
    sent.set(key, (sent.get(key) ?? new Set()).add(version))
  })
  const broker = await startBroker(relay, options.kafka)
  const only = options.only?.split(',')
  try {
    const client = await WireClient.connect(relay.target!)
    for (const [index, { name, path }] of walkers.entries()) {
      if (only !== undefined && !only.includes(name)) continue
      const installed = await runScript(name, ['install'], INSTALL_TIMEOUT_MS)
      if (installed.exitCode === EXIT_NOT_AVAILABLE) {
        console.log(`not run  ${name}: ${installed.stderr.match(/^not run: (.*)$/m)?.[1] ?? 'no reason given'}`)
        continue
      }
      const [topic, group, transactionalId] = [`walk-${index}`, `walkers-${index}`, `walker-${index}`]
      await prepare(client, topic, group, transactionalId)
      sent = new Map()
      const walked = await runScript(name, ['transactions', relay.address, topic, group, transactionalId], WALK_TIMEOUT_MS)
      const lines = walked.stdout.trim().split('\n')
      for (const [step, expected] of transcript.entries()) {
        tally.claim(`${name}: ${expected}`, lines[step] === expected ? null : (lines[step] ?? 'nothing'))
      }
      const ending = `exit code ${walked.exitCode}${walked.timedOut ? ', too late' : ''}: ${walked.stderr.slice(-2000)}`
      tally.claim(`${name}: ends well`, walked.exitCode === 0 && lines.length === transcript.length ? null : ending)
      tally.claim(`${name}: the ${path} path (${told(sent)})`, pathProblem(path, sent))
    }
    client.close()
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  await broker.stop()
  await relay.close()
  return tally.close({ name: 'transaction-walks' })
}

async function startBroker(relay: Relay, isKafka: boolean): Promise<{ stop(): Promise<unknown> }> {
  if (isKafka) {
    const kafka = await startKafka({ properties: { 'advertised.listeners': `PLAINTEXT://${relay.address}` } })
    relay.target = kafka.bootstrapServers
    return kafka
  }
  const gregor = await startGregor({ args: ['--advertise', relay.address] })
  relay.target = gregor.bootstrap
  return gregor
}

/** The topic, and what real Kafka creates when it is first asked for a coordinator. */
async function prepare(client: WireClient, topic: string, group: string, transactionalId: string): Promise<void> {
  await client.request(CreateTopics, 5, {
    topics: [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 30_000,
  })
  for (const [keyType, key] of [group, transactionalId].entries()) {
    const isReady = async () => (await client.request(FindCoordinator, 3, { key, keyType })).errorCode === 0
    if (!(await eventually(isReady, READY_MS_MAX))) throw new Error(`no coordinator for ${key}`)
  }
}

function pathProblem(path: 'classic' | 'KIP-890', sent: Sent): string | null {
  const versions = (key: number) => [...(sent.get(key) ?? [])]
  const problems: string[] = []
  const expect = (holds: boolean, text: string) => {
    if (!holds) problems.push(text)
  }
  if (path === 'classic') {
    expect(sent.has(keys.AddPartitionsToTxn), 'no AddPartitionsToTxn')
    expect(sent.has(keys.AddOffsetsToTxn), 'no AddOffsetsToTxn')
    expect(Math.max(...versions(keys.EndTxn)) <= 4, 'EndTxn above 4')
  } else {
    expect(!sent.has(keys.AddPartitionsToTxn), 'AddPartitionsToTxn')
    expect(!sent.has(keys.AddOffsetsToTxn), 'AddOffsetsToTxn')
    expect(Math.min(...versions(keys.Produce)) >= 12, 'Produce below 12')
    expect(Math.min(...versions(keys.TxnOffsetCommit)) >= 5, 'TxnOffsetCommit below 5')
    expect(versions(keys.EndTxn).join() === '5', 'EndTxn other than 5')
  }
  return problems.length === 0 ? null : problems.join(', ')
}

function told(sent: Sent): string {
  return Object.entries(keys)
    .filter(([, key]) => sent.has(key))
    .map(([name, key]) => `${name} ${[...sent.get(key)!].sort((a, b) => a - b).join('/')}`)
    .join(', ')
}

function runScript(name: string, args: readonly string[], timeoutMs: number) {
  const [folder, profile] = name.split('/') as [string, string?]
  return run(join(compatSources, 'clients', folder, 'run'), args, {
    timeoutMs,
    env: { GREGOR_COMPAT_CACHE: cacheFolder(), RS_PROFILE: profile ?? '' },
  })
}
