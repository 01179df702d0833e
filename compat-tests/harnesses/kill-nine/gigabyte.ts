/**
 * How long a broker takes to come back to a gigabyte of segments after kill -9: everything is written in batches of about
 * 1 MiB, then the broker is killed without a warning and started again. The time runs from exec to the ready line.
 */
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { WireClient } from '../../lib/wire-client.js'
import { KillableBroker } from './broker.js'
import { ConfiguredTopics } from './configured-topics.js'
import { offsetBounds } from './reader.js'

export const TOPIC = 'gigabyte'
const PARTITIONS = 4
const RECORD_BYTES = 1000
/** A little below Kafka's default of max.message.bytes. */
const RECORDS_PER_BATCH = 1020
const IN_FLIGHT = 5

export interface GigabyteResult {
  readonly writtenBytes: number
  readonly writeSeconds: number
  readonly readyMs: number
  readonly problems: readonly string[]
}

export async function gigabyte(dataDir: string, bytes: number): Promise<GigabyteResult> {
  const broker = await KillableBroker.create(dataDir)
  await broker.start()
  const problems: string[] = []
  const topics = new ConfiguredTopics()
  const client = await WireClient.connect(broker.bootstrap)
  await topics.create(client, TOPIC, PARTITIONS, {})
  client.close()

  const startedMs = performance.now()
  const written = await Promise.all(
    [...Array(PARTITIONS).keys()].map(partition => fill(broker.bootstrap, partition, bytes / PARTITIONS)),
  )
  const writeSeconds = (performance.now() - startedMs) / 1000
  await broker.kill9()
  await broker.start()

  const after = await WireClient.connect(broker.bootstrap)
  await topics.check(after)
  for (const [partition, { records }] of written.entries()) {
    const { end } = await offsetBounds(after, { topic: TOPIC, partition })
    if (end !== records) problems.push(`partition ${partition}: next offset ${end}, ${records} were acknowledged`)
  }
  after.close()
  await broker.stop()
  problems.push(...topics.problems, ...broker.errorLines)
  const writtenBytes = written.reduce((sum, { bytes }) => sum + bytes, 0)
  return { writtenBytes, writeSeconds, readyMs: broker.readyMs.at(-1)!, problems }
}

async function fill(bootstrap: string, partition: number, bytesMin: number): Promise<{ bytes: number; records: number }> {
  const client = await WireClient.connect(bootstrap)
  const { producerId } = await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
  const value = Buffer.alloc(RECORD_BYTES, 'x')
  const records = Array.from({ length: RECORDS_PER_BATCH }, () => ({ key: null, value }))
  const inFlight: Promise<void>[] = []
  let bytes = 0
  let count = 0
  while (bytes < bytesMin) {
    const batch = buildBatch(records, { producerId, producerEpoch: 0, baseSequence: count, timestampMs: Date.now() })
    const answer = client.request(Produce, 9, {
      acks: -1,
      timeoutMs: 60_000,
      topicData: [{ name: TOPIC, partitionData: [{ index: partition, records: batch }] }],
    })
    inFlight.push(
      answer.then(({ responses }) => {
        const { errorCode, errorMessage } = responses[0]!.partitionResponses[0]!
        if (errorCode !== 0) throw new Error(`Produce: ${errorCode} ${errorMessage ?? ''}`)
      }),
    )
    if (inFlight.length >= IN_FLIGHT) await inFlight.shift()
    bytes += batch.byteLength
    count += RECORDS_PER_BATCH
  }
  await Promise.all(inFlight)
  client.close()
  return { bytes, records: count }
}
