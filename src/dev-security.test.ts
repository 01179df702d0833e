import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { ConfigError, type DevSecurity, type SecureClient, startBroker } from './index.js'

const secretFile = 'gregor-dev-security.json'
const quiet = { logLevel: logLevel.NOTHING, retry: { retries: 0 } }

function dataFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'gregor-dev-security-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

async function produced({ kafkajs }: SecureClient, topic: string): Promise<string> {
  const producer = new Kafka({ ...quiet, ...kafkajs }).producer()
  try {
    await producer.connect()
    const [sent] = await producer.send({ topic, messages: [{ value: 'tea' }] })
    return `offset ${sent?.baseOffset}`
  } catch (error) {
    return (error as Error).message
  } finally {
    await producer.disconnect()
  }
}

test('one option, and kafkajs connects by TLS and SCRAM as either user', async () => {
  await using broker = await startBroker({ security: true })
  expect(broker.description.listeners.map(listener => listener.replace(/\d+$/, ''))).toEqual([
    'PLAINTEXT://127.0.0.1:',
    'SASL_SSL://127.0.0.1:',
  ])
  expect(await produced(broker.security.app, 'orders')).toBe('offset 0')
  expect(await produced(broker.security.admin, 'orders')).toBe('offset 1')
})

test('who has another password, or trusts another authority, does not get in', async () => {
  await using broker = await startBroker({ security: true })
  await using other = await startBroker({ security: true })
  const { app } = broker.security
  const wrongPassword = { ...app.kafkajs, sasl: { ...app.kafkajs.sasl, password: broker.security.admin.password } }
  expect(await produced({ ...app, kafkajs: wrongPassword }, 'orders')).toMatch(/^SASL SCRAM SHA512 authentication failed/)
  const wrongAuthority = { ...app.kafkajs, ssl: other.security.app.kafkajs.ssl }
  expect(await produced({ ...app, kafkajs: wrongAuthority }, 'orders')).toMatch(
    /unable to verify the first certificate|signature/,
  )
})

test('ACLs count for the ordinary user and not for the super user; what the test asks for besides holds', async () => {
  const config = { 'allow.everyone.if.no.acl.found': false, 'super.users': 'User:root' }
  await using broker = await startBroker({ security: true, config, addScram: ['SCRAM-SHA-512=[name=root,password=r]'] })
  await broker.createTopic({ name: 'orders' })
  const { admin, app } = broker.security
  expect(await produced(app, 'orders')).toBe('Not authorized to access topics: [Topic authorization failed]')
  expect(await produced(admin, 'orders')).toBe('offset 0')
  const sasl = { ...app.kafkajs.sasl, username: 'root', password: 'r' }
  expect(await produced({ ...app, kafkajs: { ...app.kafkajs, sasl } }, 'orders')).toBe('offset 1')
})

test('a listener SASL_SSL that is named already is the one that is secured', async () => {
  const config = { listeners: 'INSIDE://127.0.0.1:0,SASL_SSL://:0', 'listener.security.protocol.map': 'INSIDE:PLAINTEXT' }
  await using broker = await startBroker({ security: true, config })
  expect(broker.description.listeners).toHaveLength(2)
  expect(await produced(broker.security.app, 'orders')).toBe('offset 0')
})

test('the certificate is good for where clients are sent: localhost, and what is advertised', async () => {
  using data = dataFolder()
  const connectedTo = async (config: Readonly<Record<string, string>>): Promise<string> => {
    await using broker = await startBroker({ dataDir: data.path, security: true, config })
    expect(await produced(broker.security.app, 'orders')).toMatch(/^offset/)
    const { subjectAltName } = new X509Certificate(JSON.parse(readFileSync(join(data.path, secretFile), 'utf8')).certificate)
    return `${broker.security.bootstrapServers.replace(/\d+$/, '')} ${subjectAltName}`
  }
  const everywhere = { listeners: 'PLAINTEXT://127.0.0.1:0,SASL_SSL://0.0.0.0:0' }
  const loopback = 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1'
  expect(await connectedTo(everywhere)).toBe(`localhost: ${loopback}`)
  const advertised = { ...everywhere, 'advertised.listeners': 'SASL_SSL://127.0.0.2:0' }
  expect(await connectedTo(advertised)).toBe(`127.0.0.2: ${loopback}, IP Address:127.0.0.2`)
})

test('what was made is kept with the data, for this user alone, and used again', async () => {
  using data = dataFolder()
  const started = async (): Promise<DevSecurity> => {
    await using broker = await startBroker({ dataDir: data.path, security: true })
    expect(await produced(broker.security.app, 'orders')).toMatch(/^offset/)
    return broker.security
  }
  const first = await started()
  const again = await started()
  expect([first.isNew, again.isNew]).toEqual([true, false])
  expect(again.ca).toBe(first.ca)
  expect(again.app.password).toBe(first.app.password)
  const modes = readdirSync(data.path)
    .filter(name => /^gregor-(dev|salt)/.test(name))
    .map(name => `${name} ${(statSync(join(data.path, name)).mode & 0o777).toString(8)}`)
  expect(modes.sort()).toEqual([
    'gregor-dev-admin.properties 600',
    'gregor-dev-app.properties 600',
    'gregor-dev-ca.pem 644',
    'gregor-dev-security.json 600',
    'gregor-salt-secret 600',
  ])
  expect(readFileSync(first.caFile, 'utf8')).toBe(first.ca)
  expect(readFileSync(again.app.propertiesFile, 'utf8')).toContain(`password="${first.app.password}"`)
})

test('without the file the users get other passwords, which are those that connect', async () => {
  using data = dataFolder()
  const first = await startBroker({ dataDir: data.path, security: true })
  await first.stop()
  rmSync(join(data.path, secretFile))
  await using broker = await startBroker({ dataDir: data.path, security: true })
  expect(broker.security.isNew).toBe(true)
  expect(broker.security.app.password).not.toBe(first.security.app.password)
  expect(await produced(broker.security.app, 'orders')).toBe('offset 0')
})

test('a certificate that is about to end is made anew, and the passwords stay', async () => {
  using data = dataFolder()
  const first = await startBroker({ dataDir: data.path, security: true })
  await first.stop()
  const file = join(data.path, secretFile)
  const key = join(data.path, 'old.key')
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
  const certificate = execFileSync('openssl', [...request, '-days', '29', '-subj', '/CN=localhost', '-addext', names], {
    stdio: 'pipe',
  })
  const kept = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...kept, certificate: String(certificate), key: readFileSync(key, 'utf8') }))
  await using broker = await startBroker({ dataDir: data.path, security: true })
  expect(broker.security.isNew).toBe(false)
  expect(broker.security.ca).not.toBe(first.security.ca)
  expect(broker.security.app.password).toBe(first.security.app.password)
  expect(await produced(broker.security.app, 'orders')).toBe('offset 0')
})

test('a file that is not ours stops the start with its name, and without what is in it', async () => {
  using data = dataFolder()
  const file = join(data.path, secretFile)
  writeFileSync(file, '{"passwords":{"admin":"secret"}}')
  const start = startBroker({ dataDir: data.path, security: true })
  await expect(start).rejects.toThrow(
    new ConfigError([`${file} is not what Gregor wrote; remove it, and another certificate and passwords are made`]),
  )
})

test('nothing of it is logged', async () => {
  const lines: string[] = []
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  await using broker = await startBroker({ security: true, log: { debug: note, info: note, warn: note, error: note } })
  const { admin, app } = broker.security
  await produced({ ...app, kafkajs: { ...app.kafkajs, sasl: { ...app.kafkajs.sasl, password: 'wrong-one' } } }, 'orders')
  expect(lines.join('\n')).toContain('authentication with SCRAM-SHA-512 failed')
  for (const secret of [admin.password, app.password, 'wrong-one', 'PRIVATE KEY']) expect(lines.join('\n')).not.toContain(secret)
})

test('without the option there is nothing of it', async () => {
  await using broker = await startBroker()
  expect(broker.security).toBeNull()
})

test('a broker that is printed does not show its passwords', async () => {
  await using broker = await startBroker({ security: true })
  const { admin, app } = broker.security
  for (const text of [JSON.stringify(broker), inspect(broker, { depth: 9 }), JSON.stringify({ ...broker })]) {
    for (const password of [admin.password, app.password]) expect(text).not.toContain(password)
  }
  expect(JSON.stringify(app.java)).toContain(app.password)
})
