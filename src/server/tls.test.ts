/** A whole broker with listeners of several protocols, as stock clients use it. */
import { copyFileSync, writeFileSync } from 'node:fs'
import tls from 'node:tls'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import type { LogFields } from '../base/log.js'
import type { Interceptor } from '../broker/handler.js'
import { requestBytes, type TestBroker, temporaryDirectory, testBroker } from '../broker/test-client.test-support.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { IncrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.js'
import { principalText } from '../security/principal.js'
import { authority, type Certified, certificate, inFolder } from '../testing/certificates.js'
import { sslSettings } from './tls.js'

const broker = certificate('broker', 'root')
const alice = certificate('alice', 'root')
const ca = [authority('root').certificateText]

/** The files of a key store and a trust store, which a test may write again. */
function files(name: string, { keyText, certificateText }: Certified) {
  writeFileSync(inFolder(`${name}.store`), keyText + certificateText)
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': inFolder(`${name}.store`),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': authority('root').certificate,
  }
}

function noted() {
  const lines: string[] = []
  const note = (fields: LogFields, message: string) => void lines.push(`${message} ${fields.reason ?? ''}`.trim())
  return { lines, log: { debug() {}, info: note, warn: note, error: note } }
}

const threeListeners = {
  listeners: 'PLAINTEXT://127.0.0.1:0,SSL://127.0.0.1:0,MUTUAL://127.0.0.1:0',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SSL:SSL,MUTUAL:SSL',
  'listener.name.mutual.ssl.client.auth': 'required',
  'offsets.topic.num.partitions': '1',
}

test('kafkajs produces and consumes in a group over SSL and over mutual TLS, and sees one log', async () => {
  await using running = await testBroker({ config: { ...threeListeners, ...files('three', broker) } })
  const [plain, ssl, mutual] = running.running.listeners.map(({ port }) => `127.0.0.1:${port}`)
  const over = (address: string | undefined, options?: tls.ConnectionOptions) =>
    new Kafka({ brokers: [address ?? ''], logLevel: logLevel.NOTHING, ...(options === undefined ? {} : { ssl: options }) })
  const clients = [over(plain), over(ssl, { ca }), over(mutual, { ca, key: alice.keyText, cert: alice.certificateText })]
  const expected: string[] = []
  for (const [at, kafka] of clients.entries()) {
    const producer = kafka.producer()
    await producer.connect()
    const values = Array.from({ length: 50 }, (_, n) => `${at}-${n}-${'x'.repeat(20_000)}`)
    expected.push(...values)
    await producer.send({ topic: 't', messages: values.map(value => ({ value })) })
    await producer.disconnect()
  }
  for (const [at, kafka] of clients.entries()) {
    const consumer = kafka.consumer({ groupId: `g${at}` })
    const read: string[] = []
    await consumer.connect()
    await consumer.subscribe({ topics: ['t'], fromBeginning: true })
    await new Promise<void>(resolve => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          read.push(String(message.value))
          if (read.length === expected.length) resolve()
        },
      })
    })
    expect(read).toEqual(expected)
    await consumer.disconnect()
  }
  expect(running.fatal).toEqual([])
})

test('a client that reads a fetch answer of many megabytes over TLS gets what was produced', async () => {
  await using running = await testBroker({ config: { listeners: 'SSL://127.0.0.1:0', ...files('large', broker) } })
  const kafka = new Kafka({ brokers: [`127.0.0.1:${running.port}`], logLevel: logLevel.NOTHING, ssl: { ca } })
  const producer = kafka.producer()
  await producer.connect()
  for (let n = 0; n < 8; n++) await producer.send({ topic: 't', messages: [{ value: String(n).repeat(900_000) }] })
  const consumer = kafka.consumer({ groupId: 'g' })
  await consumer.connect()
  await consumer.subscribe({ topics: ['t'], fromBeginning: true })
  const lengths: number[] = []
  await new Promise<void>(resolve => {
    void consumer.run({ eachMessage: async ({ message }) => void (lengths.push(message.value?.length ?? 0) === 8 && resolve()) })
  })
  expect(lengths).toEqual(Array(8).fill(900_000))
  await Promise.all([producer.disconnect(), consumer.disconnect()])
})

test('a broker stops while clients wait over TLS: their fetches are answered', async () => {
  const running = await testBroker({ config: { listeners: 'SSL://127.0.0.1:0', ...files('stops', broker) } })
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${running.port}`],
    logLevel: logLevel.NOTHING,
    ssl: { ca },
    retry: { retries: 0 },
  })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 't' }] })
  const consumer = kafka.consumer({ groupId: 'g', maxWaitTimeInMs: 60_000 })
  await consumer.connect()
  await consumer.subscribe({ topics: ['t'] })
  const fetching = new Promise(resolve => consumer.on(consumer.events.FETCH_START, resolve))
  await consumer.run({ eachMessage: async () => {} })
  await fetching
  const since = performance.now()
  await running.stop()
  expect(performance.now() - since).toBeLessThan(60_000)
  await Promise.allSettled([admin.disconnect(), consumer.stop(), consumer.disconnect()])
})

test('the principal of a connection is made of its certificate by the rules of its listener', async () => {
  const subject = '/C=DE/O=Gregor/CN=Bob/emailAddress=bob@example.org'
  const bob = certificate('bob', 'root', { subject })
  const rules = 'RULE:^.*,CN=(Bob),.*$/$1@gregor/L'
  const config = {
    ...threeListeners,
    ...files('principals', broker),
    'ssl.client.auth': 'requested',
    'listener.name.mutual.ssl.principal.mapping.rules': rules,
  }
  const seen: string[] = []
  const notes: Interceptor = (call, next) => {
    seen.push(principalText(call.context.session.principal))
    return next(call)
  }
  await using running = await testBroker({ config, interceptors: () => [notes] })
  const ofBob = { key: bob.keyText, cert: bob.certificateText }
  const ofAlice = { key: alice.keyText, cert: alice.certificateText }
  for (const [listener, identity] of [
    [1, {}],
    [1, ofBob],
    [2, ofBob],
    [2, ofAlice],
  ] as const) {
    const port = running.running.listeners[listener]?.port ?? 0
    const wasAnswered = await new Promise<boolean>(resolve => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca, ...identity }, () => {
        socket.write(requestBytes(ApiVersions, 0, 1, 'test', { clientSoftwareName: '', clientSoftwareVersion: '' }))
      })
      socket.on('data', () => resolve(true)).on('error', () => resolve(false))
      socket.on('close', () => resolve(false))
    })
    if (!wasAnswered) seen.push('not let in')
  }
  expect(seen).toEqual([
    'User:ANONYMOUS',
    'User:1.2.840.113549.1.9.1=#160f626f62406578616d706c652e6f7267,CN=Bob,O=Gregor,C=DE',
    'User:bob@gregor',
    'not let in',
  ])
  await expect(testBroker({ config: { ...config, 'ssl.principal.mapping.rules': 'RULE:x' } })).rejects.toThrow(
    /^listener SSL: ssl.principal.mapping.rules: Invalid rule/,
  )
})

test('what is wrong with TLS stops the start, each with its listener and key, and no secret', async () => {
  const config = {
    ...threeListeners,
    ...files('wrong', broker),
    'listener.name.mutual.ssl.keystore.location': '/nowhere/store.pem',
    'listener.name.ssl.ssl.keystore.password': 'treasure',
  }
  const failure = await testBroker({ config }).catch((error: Error) => error)
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID' })
  expect((failure as Error).message).toBe(
    'listener SSL: listener.name.ssl.ssl.keystore.password: is not for PEM; the password of the key is ssl.key.password\n' +
      'listener MUTUAL: listener.name.mutual.ssl.keystore.location: cannot read the file: ENOENT: no such file or directory, ' +
      "open '/nowhere/store.pem'",
  )
})

test('certificates that are read again are shown to new clients; a broken file changes nothing and is told', async () => {
  const { lines, log } = noted()
  const values = files('renewed', broker)
  await using running = await testBroker({ config: { ...threeListeners, ...values }, log })
  const port = running.running.listeners[1]?.port ?? 0
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  const before = await shown()
  const later = certificate('later', 'root', { subject: '/O=Gregor/CN=broker' })
  writeFileSync(values['ssl.keystore.location'], later.keyText + later.certificateText)
  expect(await running.running.reloadCertificates()).toEqual([])
  const after = await shown()
  expect(after).not.toBe(before)
  copyFileSync(alice.certificate, values['ssl.keystore.location'])
  const problem = `ssl.keystore.location: there is no private key in ${values['ssl.keystore.location']}`
  expect(await running.running.reloadCertificates()).toEqual([`listener SSL: ${problem}`, `listener MUTUAL: ${problem}`])
  expect(lines.slice(-2)).toEqual(Array(2).fill(`certificates were not replaced; those from before stay in use ${problem}`))
  expect(await shown()).toBe(after)
})

test('a store set while the broker runs is read, also again; an unfit one is refused; restarts keep it', async () => {
  using directory = temporaryDirectory()
  const values = files('live', broker)
  const key = 'listener.name.ssl.ssl.keystore.location'
  const start = () => testBroker({ config: { ...threeListeners, ...values }, directory: directory.path })
  const shownBy = ({ running }: TestBroker) =>
    new Promise<string>((resolve, reject) => {
      const socket = tls.connect({ port: running.listeners[1]?.port ?? 0, host: '127.0.0.1', ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  const set = async (running: TestBroker, value: string) => {
    const configs = [{ name: key, configOperation: 0, value }]
    const resources = [{ resourceType: 4, resourceName: '1', configs }]
    const client = await running.connect()
    const { responses } = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
    return [responses[0]?.errorCode, responses[0]?.errorMessage]
  }
  const first = await start()
  const before = await shownBy(first)
  const later = certificate('later', 'root', { subject: '/O=Gregor/CN=broker' })
  writeFileSync(values['ssl.keystore.location'], later.keyText + later.certificateText)
  expect(await set(first, values['ssl.keystore.location'])).toEqual([0, null])
  const after = await shownBy(first)
  expect(after).not.toBe(before)
  writeFileSync(inFolder('secret.txt'), 'no store')
  for (const path of ['/nowhere/store.pem', inFolder('secret.txt'), '/dev/zero', authority('root').certificate, '/']) {
    // Which files there are, and what is in them, is not told.
    const told = 'listener SSL: these ssl.* configs cannot be used; the log of the broker says why'
    expect(await set(first, path)).toEqual([42, told])
  }
  expect(await shownBy(first)).toBe(after)
  copyFileSync(values['ssl.keystore.location'], inFolder('elsewhere.store'))
  expect(await set(first, inFolder('elsewhere.store'))).toEqual([0, null])
  await first.stop()
  writeFileSync(values['ssl.keystore.location'], broker.keyText + broker.certificateText)
  await using second = await start()
  expect(await shownBy(second)).toBe(after)
})

test('a client that fails again and again is one line in the log', async () => {
  const { lines, log } = noted()
  await using running = await testBroker({ config: { listeners: 'SSL://127.0.0.1:0', ...files('again', broker) }, log })
  for (let n = 0; n < 20; n++) {
    const client = await running.connect()
    client.write(Buffer.from([0, 0, 0, 20]))
    await client.closed()
  }
  expect(lines.filter(line => line.startsWith('refused'))).toEqual([
    'refused a connection the client speaks without TLS; this listener is SSL: set security.protocol=SSL in the client',
  ])
})

test('certificates of clients are asked for on a SASL_SSL listener only where it is said of it alone, as in Kafka', () => {
  const { config } = resolveBrokerConfig([
    optionsLayer({
      listeners: 'A://:1,B://:2',
      'listener.security.protocol.map': 'A:SSL,B:SSL',
      'ssl.client.auth': 'required',
      'listener.name.b.ssl.client.auth': 'requested',
    }),
  ])
  expect(sslSettings(config.forListener('A'), 'SSL').get('ssl.client.auth')).toBe('required')
  expect(sslSettings(config.forListener('A'), 'SASL_SSL').get('ssl.client.auth')).toBe('none')
  expect(sslSettings(config.forListener('B'), 'SASL_SSL').get('ssl.client.auth')).toBe('requested')
})
