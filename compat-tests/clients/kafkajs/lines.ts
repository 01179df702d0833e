/** kafkajs: produce and consume lines, as a command (client.ts) or inside a test. */
import { createRequire } from 'node:module'
import kafkajs from 'kafkajs'
import snappy from 'snappy'
import { inBatches, type TextClient } from '../../lib/text-client.js'

// Node finds only some of this CommonJS package's names for a named import.
const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs

/** kafkajs does not batch by itself: a batch is what one send() is given. */
const LINES_PER_SEND = 1000

// kafkajs brings no Snappy, which franz-go uses by default; its documentation tells users to plug one in like this. Raw
// blocks only: no client of the matrix produces the framed kind.
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  decompress: (block: Buffer) => snappy.uncompress(block, { asBuffer: true }),
})

/** disconnect() waits for the fetch under way; the client's default would let that one wait for 5 s. */
const MAX_WAIT_MS = 500

const connect = (bootstrap: string) => new Kafka({ clientId: 'compat', brokers: [bootstrap], logLevel: logLevel.WARN })

export const kafkajsClient: TextClient = {
  version: createRequire(import.meta.url)('kafkajs/package.json').version as string,

  async produce(bootstrap, topic, lines) {
    const producer = connect(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    for (const batch of inBatches(lines, LINES_PER_SEND)) {
      await producer.send({ topic, acks: -1, messages: batch.map(value => ({ value })) })
    }
    await producer.disconnect()
  },

  async consume(bootstrap, topic, groupId, sink) {
    const consumer = connect(bootstrap).consumer({ groupId, maxWaitTimeInMs: MAX_WAIT_MS })
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error)
      })
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { offset, value } of batch.messages) sink.received(batch.partition, offset, value ?? Buffer.alloc(0))
      },
    })
    await Promise.race([sink.satisfied, crashed])
    await consumer.disconnect()
  },
}
