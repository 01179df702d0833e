/** kafkajs: the logins of ../../lib/security-client.ts. */
import { readFileSync } from 'node:fs'
import kafkajs, { type KafkaConfig, type SASLOptions } from 'kafkajs'
import { type Login, recordsPerWalk, runSecurityClient, unsecuredToken } from '../../lib/security-client.js'

const { Kafka, logLevel, Partitioners } = kafkajs

function configured(login: Login): InstanceType<typeof Kafka> {
  const { bootstrap, ca, certificate, key, mechanism, protocol, tls } = login
  const config: KafkaConfig = {
    clientId: 'security',
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    // With five, its default, it goes on for nine seconds.
    retry: { retries: 2 },
  }
  if (protocol !== 'SASL_PLAINTEXT') {
    config.ssl = {
      ca: readFileSync(ca),
      ...(certificate !== '' && { cert: readFileSync(certificate), key: readFileSync(key) }),
      ...(tls !== '' && { minVersion: tls as 'TLSv1.2', maxVersion: tls as 'TLSv1.2' }),
    }
  }
  if (mechanism !== '') config.sasl = saslOf(login)
  return new Kafka(config)
}

function saslOf({ mechanism, user: username, password }: Login): SASLOptions {
  if (mechanism === 'OAUTHBEARER') {
    return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: unsecuredToken(username) }) }
  }
  return { mechanism: mechanism.toLowerCase() as 'plain', username, password }
}

await runSecurityClient({
  async walk(login) {
    const { topic, group: groupId } = login
    const kafka = configured(login)
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const messages = Array.from({ length: recordsPerWalk }, (_, nth) => ({ value: `record ${nth}` }))
    await producer.send({ topic, acks: -1, messages })
    await producer.disconnect()
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ message }) => {
            if (Number(message.offset) === recordsPerWalk - 1) resolve()
          },
        })
        .catch(reject)
    })
    await consumer.commitOffsets([{ topic, partition: 0, offset: String(recordsPerWalk) }])
    await consumer.disconnect()
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
    await admin.disconnect()
    const offset = committed?.partitions[0]?.offset
    if (offset !== String(recordsPerWalk)) throw new Error(`committed ${offset}`)
  },

  async refusal(login) {
    const producer = configured(login).producer({ createPartitioner: Partitioners.DefaultPartitioner })
    try {
      await producer.connect()
      await producer.send({ topic: login.topic, messages: [{ value: 'not to be written' }] })
    } finally {
      await producer.disconnect()
    }
  },

  errorName(error) {
    const { name, message, cause } = error as Error
    return `${name}: ${message}${cause instanceof Error ? ` (${cause.name})` : ''}`
  },
})
