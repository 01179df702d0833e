/** @platformatic/kafka: the logins of ../../lib/security-client.ts. */
import { readFileSync } from 'node:fs'
import { Admin, type ConnectionOptions, Consumer, ProduceAcks, Producer } from '@platformatic/kafka'
import { type Login, recordsPerWalk, runSecurityClient, unsecuredToken } from '../../lib/security-client.js'

function configured(login: Login) {
  const { bootstrap, ca, certificate, key, mechanism, password, protocol, tls, user } = login
  const isBearer = mechanism === 'OAUTHBEARER'
  const options: ConnectionOptions = {
    ...(protocol !== 'SASL_PLAINTEXT' && {
      tls: {
        ca: readFileSync(ca),
        ...(certificate !== '' && { cert: readFileSync(certificate), key: readFileSync(key) }),
        ...(tls !== '' && { minVersion: tls as 'TLSv1.2', maxVersion: tls as 'TLSv1.2' }),
      },
      tlsServerName: 'localhost',
    }),
    ...(mechanism !== '' && {
      sasl: {
        mechanism: mechanism as 'PLAIN',
        ...(isBearer ? { token: () => unsecuredToken(user) } : { username: user, password }),
      },
    }),
  }
  return { clientId: 'security', bootstrapBrokers: [bootstrap], retries: 2, retryDelay: 250, ...options }
}

await runSecurityClient({
  async walk(login) {
    const { topic, group: groupId } = login
    const settings = configured(login)
    const admin = new Admin(settings)
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })
    const producer = new Producer(settings)
    const messages = Array.from({ length: recordsPerWalk }, (_, nth) => ({ topic, value: Buffer.from(`record ${nth}`) }))
    await producer.send({ acks: ProduceAcks.ALL, messages })
    await producer.close()
    const consumer = new Consumer({ ...settings, groupId, maxWaitTime: 100 })
    const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest', autocommit: false })
    for await (const message of stream) {
      if (Number(message.offset) < recordsPerWalk - 1) continue
      await message.commit()
      break
    }
    await stream.close()
    await consumer.close()
    const [group] = await admin.listConsumerGroupOffsets({ groups: [groupId] })
    await admin.close()
    const offset = group?.topics[0]?.partitions[0]?.committedOffset
    if (offset !== BigInt(recordsPerWalk)) throw new Error(`committed ${offset}`)
  },

  async refusal(login) {
    const producer = new Producer(configured(login))
    try {
      await producer.send({ acks: ProduceAcks.ALL, messages: [{ topic: login.topic, value: Buffer.from('not to be written') }] })
    } finally {
      await producer.close()
    }
  },

  errorName: error => namesOf(error).join(' < '),
})

/** An error, and those of which it is made. */
function namesOf(error: unknown): string[] {
  const { code, message, cause, errors } = error as Error & { code?: string; errors?: unknown[] }
  const own = `${code ?? (error as Error).name}: ${message}`
  return [own, ...(cause ? namesOf(cause) : []), ...(errors?.slice(0, 1).flatMap(namesOf) ?? [])]
}
