import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { startBroker } from '../index.js'
import { devSecurityText } from './dev-security-text.js'

/** The lines below a heading, up to the next one. */
function below(heading: string, text: string): string {
  const from = text.indexOf('\n', text.indexOf(heading)) + 1
  return text.slice(from, text.slice(from).search(/^(#|\/\/) /m) + from)
}

test('what is printed for kafkajs connects when it is pasted', async () => {
  await using broker = await startBroker({ security: true })
  const pasted = below('// kafkajs', devSecurityText(broker.security))
  const QuietKafka = class extends Kafka {
    constructor(config: KafkaConfig) {
      super({ ...config, logLevel: logLevel.NOTHING })
    }
  }
  const kafka: Kafka = new Function('Kafka', 'readFileSync', `return ${pasted}`)(QuietKafka, readFileSync)
  const admin = kafka.admin()
  await admin.connect()
  expect((await admin.describeCluster()).brokers).toHaveLength(1)
  await admin.disconnect()
})

test('what is printed for Java and librdkafka is what the broker gives, a property a line', async () => {
  await using broker = await startBroker({ security: true })
  const { app, bootstrapServers, caFile } = broker.security
  const text = devSecurityText(broker.security)
  const propertiesBelow = (heading: string) =>
    Object.fromEntries(Array.from(below(heading, text).matchAll(/^([^=\n]+)=(.*)$/gm), ([, name, value]) => [name, value]))
  expect(propertiesBelow('# Java')).toEqual(app.java)
  expect(propertiesBelow('# librdkafka')).toEqual({
    'bootstrap.servers': bootstrapServers,
    'security.protocol': 'SASL_SSL',
    'sasl.mechanisms': 'SCRAM-SHA-512',
    'sasl.username': 'app',
    'sasl.password': app.password,
    'ssl.ca.location': caFile,
  })
})

test('that an ACL protects what it names, and nothing else, is said where the users are', async () => {
  await using broker = await startBroker({ security: true })
  expect(devSecurityText(broker.security)).toMatch(
    /Unless allow\.everyone\.if\.no\.acl\.found is false,\nwhat no ACL names everyone may use, also without a password: .*the cluster with/,
  )
})

test('passwords are shown by the start that made them; later ones name the files', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'gregor-dev-security-text-'))
  const texts: string[] = []
  let secrets: string[] = []
  for (const _ of [1, 2]) {
    await using broker = await startBroker({ dataDir, security: true })
    const { admin, app } = broker.security
    secrets = [admin.password, app.password]
    texts.push(devSecurityText(broker.security))
  }
  rmSync(dataDir, { recursive: true })
  const [first = '', later = ''] = texts
  for (const secret of secrets) {
    expect(first).toContain(secret)
    expect(later).not.toContain(secret)
  }
  expect(later).toContain(join(dataDir, 'gregor-dev-app.properties'))
  expect(later).toContain(join(dataDir, 'gregor-dev-admin.properties'))
})
