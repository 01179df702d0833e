/** @platformatic/kafka: the record set. Zstandard comes from Node itself, which has it from 22.15 on. */
import * as zlib from 'node:zlib'
import { type CompressionAlgorithmValue, Consumer, ProduceAcks, Producer } from '@platformatic/kafka'
import { type RecordSetClient, runRecordSetClient } from '../../lib/record-set-client.js'

/** Closing waits for the fetch under way; the client's default would let that one wait for 5 s. */
const MAX_WAIT_MS = 100

const zstd = 'zstdCompressSync' in zlib ? ['zstd'] : []

const client: RecordSetClient = {
  capabilities: {
    codecs: ['none', 'gzip', 'snappy', 'lz4', ...zstd],
    // It writes Snappy, and reads only the bare block that it writes, not the framed blocks of Java's and most other clients.
    consumeCodecs: ['none', 'gzip', 'lz4', ...zstd],
    magic: 2,
    headers: true,
    timestamps: true,
    cannotProduce: ['distant timestamp'],
  },

  async produce(bootstrap, topic, codec, records) {
    const producer = new Producer({ clientId: 'compat', bootstrapBrokers: [bootstrap] })
    const messages = records.map(({ key, value, headers, timestampMs }) => ({
      topic,
      partition: 0,
      key: key as Buffer,
      value: value as Buffer,
      timestamp: BigInt(timestampMs!),
      headers: new Map(headers.map(([name, of]) => [Buffer.from(name), of as Buffer] as const)),
    }))
    await producer.send({ acks: ProduceAcks.ALL, compression: codec as CompressionAlgorithmValue, messages })
    await producer.close()
  },

  async consume(bootstrap, topic, received, enough) {
    const groupId = `${topic}-platformatic-${process.pid}`
    const consumer = new Consumer({ clientId: 'compat', groupId, bootstrapBrokers: [bootstrap], maxWaitTime: MAX_WAIT_MS })
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
    const failed = new Promise<never>((_, reject) => stream.on('error', reject))
    stream.on('data', ({ offset, key, value, headers, timestamp }) =>
      received({
        offset: Number(offset),
        key,
        value,
        headers: [...headers].map(([name, of]) => [name.toString(), of] as const),
        timestampMs: Number(timestamp),
      }),
    )
    await Promise.race([enough, failed])
    await stream.close()
    await consumer.close()
  },
}

await runRecordSetClient(client)
