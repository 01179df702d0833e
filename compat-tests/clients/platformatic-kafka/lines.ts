/** @platformatic/kafka: produce and consume lines, as a command (client.ts) or inside a test. */
import { readFileSync } from 'node:fs'
import { Consumer, ProduceAcks, Producer } from '@platformatic/kafka'
import { repositoryRoot } from '../../lib/paths.js'
import { inBatches, type TextClient } from '../../lib/text-client.js'

/** The client sends what one send() is given as one batch per partition. */
const LINES_PER_SEND = 1000

/** Closing waits for the fetch under way; the client's default would let that one wait for 5 s. */
const MAX_WAIT_MS = 500

// The package does not export its package.json, so it is read from where npm put it.
const manifest = JSON.parse(readFileSync(`${repositoryRoot}/node_modules/@platformatic/kafka/package.json`, 'utf8'))

export const platformaticClient: TextClient = {
  version: manifest.version as string,

  async produce(bootstrap, topic, lines) {
    const producer = new Producer({ clientId: 'compat', bootstrapBrokers: [bootstrap] })
    for (const batch of inBatches(lines, LINES_PER_SEND)) {
      await producer.send({ acks: ProduceAcks.ALL, messages: batch.map(value => ({ topic, value })) })
    }
    await producer.close()
  },

  async consume(bootstrap, topic, groupId, sink) {
    const consumer = new Consumer({ clientId: 'compat', groupId, bootstrapBrokers: [bootstrap], maxWaitTime: MAX_WAIT_MS })
    const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' })
    const failed = new Promise<never>((_, reject) => stream.on('error', reject))
    stream.on('data', message => sink.received(message.partition, message.offset, message.value))
    await Promise.race([sink.satisfied, failed])
    await stream.close()
    await consumer.close()
  },
}
