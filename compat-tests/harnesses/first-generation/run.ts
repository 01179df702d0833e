/**
 * Pairs of consumers that start together: `run.js [--pairs N] [--only kafkajs,…]
 * [--bootstrap HOST:PORT]`.
 *
 *   1. Of every client N pairs, the second consumer 0 to 80 ms after the first, each pair in a group of its own. Both must
 *      meet in one generation: each gets its half of the topic at once, and no member joins twice.
 *   2. A consumer that comes alone waits at most 120 ms for its generation: JoinGroup on the wire, the median of twenty.
 *
 * Exit code 0 when all of that holds, 1 when something does not, 2 for wrong usage.
 */
import { parseArgs } from 'node:util'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { JoinGroup } from '#protocol/messages/join-group.js'
import { startGregor } from '../../lib/gregor.js'
import { eventually } from '../../lib/patience.js'
import { run } from '../../lib/processes.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { pairClients } from './clients.js'

const topic = 'met'
/** Between the starts of a pair's consumers, at most. */
const apartMsMax = 80
const aloneMsMax = 120
const alones = 20

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '50' }, only: { type: 'string' }, bootstrap: { type: 'string' } },
})
const pairs = Number(values.pairs)
if (!Number.isInteger(pairs) || pairs < 1) {
  console.error('pairs is a whole number above 0')
  process.exit(2)
}

const tally = new Tally()
const figures: Record<string, number> = {}
const own = values.bootstrap === undefined ? await startGregor() : null
const bootstrap = values.bootstrap ?? own!.bootstrap
try {
  const client = await WireClient.connect(bootstrap)
  await prepare(client)
  await alone(client)
  client.close()
  for (const { name, command } of await pairClients(values.only?.split(','))) await meet(name, command)
} finally {
  await own?.stop()
}
process.exitCode = tally.close(figures)

async function prepare(client: WireClient): Promise<void> {
  const partitions = { name: topic, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
  await client.request(CreateTopics, 5, { topics: [partitions], timeoutMs: 10_000 })
  const isReady = async () => (await client.request(FindCoordinator, 3, { key: 'g', keyType: 0 })).errorCode === 0
  if (!(await eventually(isReady, 30_000))) throw new Error('there is no coordinator')
}

async function alone(client: WireClient): Promise<void> {
  const took: number[] = []
  for (let nth = 0; nth < alones; nth++) {
    const groupId = `alone-${nth}`
    const join = {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array(4) }],
    }
    const { memberId } = await client.request(JoinGroup, 7, join)
    const startedMs = performance.now()
    const { errorCode } = await client.request(JoinGroup, 7, { ...join, memberId })
    if (errorCode !== 0) throw new Error(`JoinGroup answered ${errorCode}`)
    took.push(performance.now() - startedMs)
  }
  const medianMs = Math.round(took.sort((a, b) => a - b)[alones / 2] ?? 0)
  figures.aloneMs = medianMs
  tally.claim(
    `alone: JoinGroup is answered within ${aloneMsMax} ms`,
    medianMs <= aloneMsMax ? null : `${medianMs} ms in the median of ${alones}`,
  )
}

/** The program prints a line per pair: `pair APART_MS TOOK_MS ASSIGNMENTS_OF_A ASSIGNMENTS_OF_B`. */
async function meet(name: string, command: readonly string[]): Promise<void> {
  const [program = '', ...args] = command
  const everything = [...args, bootstrap, topic, `pair-${name}`, String(pairs), String(apartMsMax)]
  const { exitCode, stdout, stderr, timedOut } = await run(program, everything, { timeoutMs: 60_000 + pairs * 12_000 })
  const lines = stdout.split('\n').filter(line => line.startsWith('pair '))
  const apart = lines.filter(line => !/^pair \S+ \S+ 1 1$/.test(line))
  const tookMs = lines.map(line => Number(line.split(' ')[2])).sort((a, b) => a - b)
  figures[`${name}MedianMs`] = tookMs[Math.floor(tookMs.length / 2)] ?? -1
  const ended = exitCode === 0 && lines.length === pairs
  const problem = ended ? null : `${lines.length} pairs, exit ${exitCode}${timedOut ? ', too late' : ''}: ${stderr.slice(-500)}`
  tally.claim(`${name}: ${pairs} pairs came to their partitions`, problem)
  tally.claimNone(`${name}: ${lines.length - apart.length} of ${pairs} pairs met in one generation`, apart)
}
