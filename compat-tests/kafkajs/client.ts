/** kafkajs: produce and consume lines; the command line is that of lib/text-client.ts. */
import { createRequire } from 'node:module'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { inBatches, runTextClient } from '../lib/text-client.js'

/** kafkajs does not batch by itself: a batch is what one send() is given. */
const LINES_PER_SEND = 1000

const connect = (bootstrap: string) => new Kafka({ clientId: 'compat', brokers: [bootstrap], logLevel: logLevel.WARN })

await runTextClient({
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
    const consumer = connect(bootstrap).consumer({ groupId })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { offset, value } of batch.messages) sink.received(batch.partition, offset, value ?? Buffer.alloc(0))
      },
    })
    await sink.satisfied
    await consumer.disconnect()
  },
})
