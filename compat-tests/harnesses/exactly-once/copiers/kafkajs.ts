/**
 * A kafkajs copier; ../copier-lines.ts says what it is told and tells. kafkajs commits offsets in a transaction without saying
 * who it is in the group, and reads committed offsets without waiting for transactions under way (both are KIP-447's), so only
 * its transactional id can fence it: one group for each such id, and what it has copied it remembers by itself.
 */
import { writeSync } from 'node:fs'
import kafkajs, { type EachBatchPayload, type KafkaMessage } from 'kafkajs'
import { Random } from '../../../lib/random.js'
import { copierEnvironment, parseRecord, parseRoutes, recordText } from '../copier-lines.js'

const { Kafka, logLevel, Partitioners } = kafkajs
const [bootstrap, clientId, transactionalId, groupId, seed, ...routeArguments] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  ...string[],
]
const routes = parseRoutes(routeArguments)
const options = { ...copierEnvironment, ...process.env }
const batchMax = Number(options.COPIER_BATCH_MAX)
const abortOneIn = Number(options.COPIER_ABORT_ONE_IN)
const sessionMs = Number(options.COPIER_SESSION_MS)
const random = new Random(Number(seed))

const say = (line: string) => writeSync(1, `${line}\n`)
const giveUp = (error: unknown): never => {
  console.error(`${clientId}: ${error}`)
  process.exit(3)
}

const kafka = new Kafka({
  clientId,
  brokers: [bootstrap],
  logLevel: logLevel.NOTHING,
  connectionTimeout: 1000,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 200 },
})
const producer = kafka.producer({
  transactionalId,
  idempotent: true,
  maxInFlightRequests: 1,
  transactionTimeout: Number(options.COPIER_TRANSACTION_TIMEOUT_MS),
  createPartitioner: Partitioners.DefaultPartitioner,
})
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: sessionMs,
  rebalanceTimeout: sessionMs,
  heartbeatInterval: Number(options.COPIER_HEARTBEAT_MS),
  maxWaitTimeInMs: 200,
})
/** `topic-partition` → the offset behind what this process has copied. */
const copied = new Map<string, number>()
let transactions = 0

async function copyBatch({ batch, heartbeat, isRunning, isStale, resolveOffset }: EachBatchPayload): Promise<void> {
  const place = `${batch.topic}-${batch.partition}`
  const fresh = batch.messages.filter(({ offset }) => Number(offset) >= (copied.get(place) ?? 0))
  for (let at = 0; at < fresh.length && isRunning() && !isStale(); ) {
    const chunk = fresh.slice(at, at + random.between(1, batchMax))
    if (await copyChunk(batch.topic, batch.partition, chunk)) {
      const last = chunk.at(-1)!.offset
      copied.set(place, Number(last) + 1)
      resolveOffset(last)
      at += chunk.length
    }
    await heartbeat()
  }
  if (isRunning() && !isStale()) resolveOffset(batch.lastOffset())
}

/** False when this was one to give up: the same records come again. */
async function copyChunk(topic: string, partition: number, chunk: readonly KafkaMessage[]): Promise<boolean> {
  const name = `${clientId}.${process.pid}.${transactions++}`
  const taken = chunk.map(({ offset, value }) => ({ offset, value: String(value) }))
  say(`took ${name} ${topic} ${partition} ${Date.now()} ${taken.map(({ offset, value }) => `${offset}=${value}`).join(' ')}`)
  const transaction = await producer.transaction()
  const messages = taken.map(({ value }) => {
    const { key } = parseRecord(value)
    return { key, value: recordText(key, name) }
  })
  await transaction.sendBatch({ acks: -1, topicMessages: routes.get(topic)!.map(target => ({ topic: target, messages })) })
  const gaveUp = random.oneIn(abortOneIn)
  if (gaveUp && random.oneIn(2)) {
    await transaction.abort()
    say(`aborted ${name}`)
    return false
  }
  const offset = String(Number(taken.at(-1)!.offset) + 1)
  await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: [{ partition, offset }] }] })
  if (gaveUp) {
    await transaction.abort()
    say(`aborted ${name}`)
    return false
  }
  say(`asked ${name} ${Date.now()}`)
  await transaction.commit()
  say(`committed ${name}`)
  return true
}

consumer.on(consumer.events.CRASH, ({ payload }) => {
  if (!payload.restart) giveUp(payload.error)
})
try {
  await producer.connect()
  // The producer id comes with the first transaction; it ends what an earlier process left, and only then are offsets read.
  await (await producer.transaction()).abort()
  await consumer.connect()
  await consumer.subscribe({ topics: [...routes.keys()], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: payload => copyBatch(payload).catch(giveUp),
  })
} catch (error) {
  giveUp(error)
}
process.once('SIGTERM', () => void consumer.disconnect().finally(() => process.exit(0)))
