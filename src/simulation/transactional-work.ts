/**
 * Transactional clients of both protocols on a simulated broker whose power fails, and what must be true of their transactions
 * afterwards: of one that was committed a reader of committed records sees everything, of one that was aborted or left nothing,
 * of one whose end was asked for all or nothing; and none holds readers back for ever.
 */
import { AddPartitionsToTxn } from '../protocol/messages/add-partitions-to-txn.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { EndTxn } from '../protocol/messages/end-txn.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { InitProducerId } from '../protocol/messages/init-producer-id.js'
import { Produce } from '../protocol/messages/produce.js'
import { batchLength, lastOffset } from '../protocol/records/batch.js'
import { buildBatch } from '../protocol/records/build.js'
import type { Durability } from '../storage/types.js'
import { committedIn } from '../testing/committed-view.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { type CrashPolicy, crashPolicies } from '../testing/simulated-disk/crash.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { dataPath, SimulatedBroker } from './simulated-broker.js'

export type TransactionState = 'open' | 'committing' | 'committed' | 'aborting' | 'aborted'

interface SentTransaction {
  readonly values: readonly string[]
  readonly state: TransactionState
}

/** A moment at which the power failed. */
export interface TransactionCut {
  readonly disk: SimulatedDisk
  readonly what: string
  readonly transactions: readonly SentTransaction[]
  readonly hasTopics: boolean
}

/** Ends syncs until `promise` has its result, and lets a little time pass, in which a broker tries again. */
async function inTime<T>(broker: SimulatedBroker, promise: Promise<T>): Promise<T> {
  let isDone = false
  const done = (): void => {
    isDone = true
  }
  promise.then(done, done)
  for (let turn = 0; turn < turnsMax && !isDone; turn++) {
    broker.runDeferred()
    for (const sync of [...broker.disk.pendingSyncs]) sync.finish()
    await broker.settle()
    if (turn % 10 === 9) broker.world.advance(10)
  }
  if (!isDone) throw new Error('the broker does not come to an end')
  return promise
}

const turnsMax = 5000

interface Client {
  readonly transactionalId: string
  readonly isImplicit: boolean
  producerId: number
  producerEpoch: number
  sequences: Map<string, number>
  isKnown: boolean
}

const places = ['a-0', 'a-1', 'b-0'] as const

export interface WorkOptions {
  readonly seed: number
  readonly rounds: number
  readonly cutsOneIn: number
  readonly durability?: Durability
}

/** Runs three clients through so many transactions each; the cuts are images of the disk before some of its changes. */
export async function transactionCuts({ seed, rounds, cutsOneIn, durability }: WorkOptions): Promise<TransactionCut[]> {
  const random = new SeededRandom(seed)
  const disk = new SimulatedDisk(dataPath)
  const transactions: { values: string[]; state: TransactionState }[] = []
  const cuts: TransactionCut[] = []
  let hasTopics = false
  const broker = await SimulatedBroker.open({ disk, seed, ...(durability === undefined ? {} : { durability }) })
  disk.beforeCall = ({ changes, operation, path }) => {
    if (!changes || !random.oneIn(cutsOneIn)) return undefined
    const policy: CrashPolicy = crashPolicies[random.below(crashPolicies.length)]!
    const known = transactions.map(({ values, state }) => ({ values: [...values], state }))
    cuts.push({
      disk: disk.crash(policy, random.fork()),
      what: `${policy} at ${operation} ${path}`,
      transactions: known,
      hasTopics,
    })
    return undefined
  }
  const topics = ['a', 'b'].map(name => ({
    name,
    numPartitions: name === 'a' ? 2 : 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }))
  await inTime(broker, broker.request(CreateTopics, 5, { topics, timeoutMs: 1000 }))
  hasTopics = true
  const clients = [0, 1, 2].map((n): Client => {
    const unknown = { producerId: -1, producerEpoch: -1, sequences: new Map<string, number>(), isKnown: false }
    return { transactionalId: `client-${n}`, isImplicit: n % 2 === 0, ...unknown }
  })
  for (let round = 0; round < rounds; round++) {
    await inTime(broker, Promise.all(clients.map(client => transact(broker, client, round, transactions, random))))
    if (random.oneIn(8)) broker.world.advance(60_000)
  }
  broker.core.stopServing()
  return cuts
}

async function transact(
  broker: SimulatedBroker,
  client: Client,
  round: number,
  transactions: { values: string[]; state: TransactionState }[],
  random: SeededRandom,
): Promise<void> {
  if (!client.isKnown) await introduce(broker, client)
  const transaction = { values: [] as string[], state: 'open' as TransactionState }
  transactions.push(transaction)
  if (!client.isImplicit) await addPartitions(broker, client)
  const count = random.between(1, 4)
  for (let n = 0; n < count; n++) {
    const value = `${client.transactionalId}/${round}/${n}`
    transaction.values.push(value)
    await write(broker, client, places[random.below(places.length)]!, value)
  }
  const end = random.below(10)
  // Its next life aborts it.
  if (end < 2) client.isKnown = false
  else await endIt(broker, client, transaction, end < 7)
}

async function introduce(broker: SimulatedBroker, client: Client): Promise<void> {
  const { transactionalId } = client
  for (;;) {
    const answer = await broker.request(InitProducerId, 4, { transactionalId, transactionTimeoutMs: 600_000 })
    if (answer.errorCode === 51) {
      await broker.settle()
      continue
    }
    if (answer.errorCode !== 0) throw new Error(`InitProducerId: ${answer.errorCode}`)
    client.producerId = Number(answer.producerId)
    client.producerEpoch = answer.producerEpoch
    client.sequences = new Map()
    client.isKnown = true
    return
  }
}

async function addPartitions(broker: SimulatedBroker, { transactionalId, producerId, producerEpoch }: Client): Promise<void> {
  for (;;) {
    const answer = await broker.request(AddPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [
        { name: 'a', partitions: [0, 1] },
        { name: 'b', partitions: [0] },
      ],
    })
    const errorCode = answer.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode
    if (errorCode === 0) return
    if (errorCode !== 51) throw new Error(`AddPartitionsToTxn: ${errorCode}`)
    await broker.settle()
  }
}

async function write(broker: SimulatedBroker, client: Client, place: string, value: string): Promise<void> {
  const { transactionalId, producerId, producerEpoch, sequences } = client
  const baseSequence = sequences.get(place) ?? 0
  const [name = '', index] = place.split('-')
  for (;;) {
    const records = buildBatch([{ key: Buffer.from('k'), value: Buffer.from(value) }], {
      ...{ producerId, producerEpoch, baseSequence, isTransactional: true, timestampMs: broker.world.nowMs() },
    })
    const { responses } = await broker.request(Produce, client.isImplicit ? 12 : 9, {
      transactionalId,
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name, partitionData: [{ index: Number(index), records }] }],
    })
    const { errorCode } = responses[0]!.partitionResponses[0]!
    if (errorCode === 0) break
    // The transaction before is still being ended.
    if (errorCode !== 51 && errorCode !== 19) throw new Error(`Produce: ${errorCode}`)
    await broker.settle()
  }
  sequences.set(place, baseSequence + 1)
}

async function endIt(
  broker: SimulatedBroker,
  client: Client,
  transaction: { state: TransactionState },
  committed: boolean,
): Promise<void> {
  const { transactionalId, producerId, producerEpoch } = client
  transaction.state = committed ? 'committing' : 'aborting'
  const request = { transactionalId, producerId, producerEpoch, committed }
  const answer = await broker.request(EndTxn, client.isImplicit ? 5 : 3, request)
  if (answer.errorCode !== 0) throw new Error(`EndTxn: ${answer.errorCode}`)
  transaction.state = committed ? 'committed' : 'aborted'
  if (!client.isImplicit) return
  client.producerId = Number(answer.producerId)
  client.producerEpoch = answer.producerEpoch
  client.sequences = new Map()
}

/** The promises that are broken after this cut. */
export async function problemsAfter({ disk, what, transactions, hasTopics }: TransactionCut, seed: number): Promise<string[]> {
  // The machine was restarted: the owner of the lock is gone.
  disk.files.remove(`${dataPath}/.lock`)
  const broker = await SimulatedBroker.open({ disk, seed })
  const problems: string[] = []
  // Whoever was at work begins anew: what was open is aborted.
  for (const n of [0, 1, 2]) {
    const client: Client = {
      ...{ transactionalId: `client-${n}`, isImplicit: false, producerId: -1, producerEpoch: -1, isKnown: false },
      sequences: new Map(),
    }
    await inTime(broker, introduce(broker, client))
  }
  const seen: string[] = []
  for (const place of hasTopics ? places : []) seen.push(...(await inTime(broker, committedAt(broker, place, problems))))
  const known = new Set(transactions.flatMap(({ values }) => values))
  for (const value of seen) if (!known.has(value)) problems.push(`${value} was never sent`)
  if (new Set(seen).size !== seen.length) problems.push('a record is there twice')
  for (const { values, state } of transactions) {
    const there = values.filter(value => seen.includes(value))
    const isTorn = there.length > 0 && there.length < values.length
    const isLost = state === 'committed' && there.length < values.length
    const isBack = state !== 'committed' && state !== 'committing' && there.length > 0
    if (isTorn || isLost || isBack)
      problems.push(`of a transaction that is ${state} ${there.length} of ${values.length} are there`)
  }
  for (const error of [...broker.fatal, ...broker.errors]) problems.push(`logged: ${error}`)
  broker.core.stopServing()
  return problems.map(problem => `${what}: ${problem}`)
}

async function committedAt(broker: SimulatedBroker, place: string, problems: string[]): Promise<string[]> {
  const [topic = '', partition] = place.split('-')
  const values: string[] = []
  for (let fetchOffset = 0; ; ) {
    const asked = { partition: Number(partition), fetchOffset, partitionMaxBytes: 1 << 20 }
    const topics = [{ topic, partitions: [asked] }]
    const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, isolationLevel: 1 }
    const answer = await broker.request(Fetch, 12, { ...limits, topics })
    const { errorCode, records, abortedTransactions, lastStableOffset, highWatermark } = answer.responses[0]!.partitions[0]!
    if (errorCode !== 0) {
      problems.push(`${place} from ${fetchOffset}: error ${errorCode}`)
      return values
    }
    const bytes = records as Uint8Array
    if (bytes.byteLength === 0) {
      const isStuck = lastStableOffset !== highWatermark
      if (isStuck) problems.push(`${place} is stable up to ${lastStableOffset} of ${highWatermark}`)
      return values
    }
    const aborted = abortedTransactions!.map(one => ({
      producerId: Number(one.producerId),
      firstOffset: Number(one.firstOffset),
    }))
    values.push(...committedIn(bytes, fetchOffset, aborted).map(({ value }) => value ?? ''))
    for (let at = 0; at < bytes.byteLength; at += batchLength(bytes, at)) fetchOffset = lastOffset(bytes, at) + 1
  }
}
