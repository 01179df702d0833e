/**
 * kafka-node 5: the record set. It knows message sets only, and writes a compressed one with every inner offset zero. The profile
 * says which of its consumers reads: `group` asks with Fetch 2, the simple one always with Fetch 0. Snappy is an optional addon
 * that it brings as source: without a compiler at install there is no Snappy. The package lies in KAFKA_NODE_FOLDER (see ./run),
 * where no types are.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type RecordSetClient, runRecordSetClient } from '../../lib/record-set-client.js'

/** As much of its interface as the program calls. */
interface KafkaNode {
  KafkaClient: new (options: object) => Emitter
  Producer: new (client: Emitter, options: object) => Emitter & { send(payloads: object[], done: (error: unknown) => void): void }
  Consumer: new (client: Emitter, topics: object[], options: object) => Emitter
  ConsumerGroup: new (options: object, topic: string) => Emitter
}

interface Emitter {
  on(event: string, listener: (argument: never) => void): void
  close(forceOrDone: unknown, done?: () => void): void
}

interface Message {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp?: Date
}

const packages = createRequire(join(process.env.KAFKA_NODE_FOLDER!, 'package.json'))

/** Its numbers for the codecs are the protocol's. */
const attributesOf: Readonly<Record<string, number>> = { none: 0, gzip: 1, ...(hasSnappy() && { snappy: 2 }) }

const ACKS_ALL = -1
const MAX_WAIT_MS = 50
const FETCH_BYTES_MAX = 2 * 1024 * 1024

function hasSnappy(): boolean {
  try {
    packages('snappy')
    return true
  } catch {
    return false
  }
}

function kafkaNode(): KafkaNode {
  return packages('kafka-node') as KafkaNode
}

const readsAsGroup = process.env.RS_PROFILE === 'group'

const client: RecordSetClient = {
  capabilities: {
    codecs: Object.keys(attributesOf),
    magic: 1,
    consumeMagic: readsAsGroup ? 1 : 0,
    headers: false,
    timestamps: true,
  },

  produce(bootstrap, topic, codec, records) {
    const { KafkaClient, Producer } = kafkaNode()
    return new Promise((resolve, reject) => {
      const connection = new KafkaClient({ kafkaHost: bootstrap })
      const producer = new Producer(connection, { requireAcks: ACKS_ALL })
      const attributes = attributesOf[codec]!
      const payloads = records.map(({ key, value, timestampMs }) => ({
        topic,
        partition: 0,
        attributes,
        key,
        messages: value,
        timestamp: timestampMs,
      }))
      producer.on('error', reject)
      producer.on('ready', () =>
        producer.send(payloads, error => {
          producer.close(() => (error === null ? resolve() : reject(error)))
        }),
      )
    })
  },

  async consume(bootstrap, topic, received, enough) {
    const { KafkaClient, Consumer, ConsumerGroup } = kafkaNode()
    const options = {
      autoCommit: false,
      encoding: 'buffer',
      keyEncoding: 'buffer',
      fetchMaxBytes: FETCH_BYTES_MAX,
      fetchMaxWaitMs: MAX_WAIT_MS,
    }
    const groupId = `${topic}-kafka-node-${process.pid}`
    const consumer = readsAsGroup
      ? new ConsumerGroup({ ...options, kafkaHost: bootstrap, groupId, fromOffset: 'earliest' }, topic)
      : new Consumer(new KafkaClient({ kafkaHost: bootstrap }), [{ topic, partition: 0, offset: 0 }], {
          ...options,
          fromOffset: true,
        })
    const failed = new Promise<never>((_, reject) => consumer.on('error', reject))
    consumer.on('message', ({ offset, key, value, timestamp }: Message) =>
      received({ offset, key, value, headers: [], timestampMs: timestamp?.getTime() ?? null }),
    )
    await Promise.race([enough, failed])
    await new Promise<void>(resolve => consumer.close(true, resolve))
  },
}

await runRecordSetClient(client)
