/** Gregor and Kafka with the same server.properties but for ports and directories: every listener that a login needs, at once. */
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AlterUserScramCredentials } from '#protocol/messages/alter-user-scram-credentials.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import type { Certified } from '#testing/certificates.js'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { eventually } from '../../lib/patience.js'
import { freePorts } from '../../lib/ports.js'
import { WireClient } from '../../lib/wire-client.js'
import type { Identities } from './identities.js'

export type ListenerName =
  | 'PLAINTEXT'
  | 'SSL'
  | 'MTLS'
  | 'SASL_PLAINTEXT'
  | 'SASL_SSL'
  | 'SCOPED'
  | 'EXPIRED'
  | 'FUTURE'
  | 'ELSEWHERE'

const protocols: Readonly<Record<ListenerName, string>> = {
  PLAINTEXT: 'PLAINTEXT',
  SSL: 'SSL',
  MTLS: 'SSL',
  SASL_PLAINTEXT: 'SASL_PLAINTEXT',
  SASL_SSL: 'SASL_SSL',
  /** Takes bearer tokens with a scope that none has. */
  SCOPED: 'SASL_PLAINTEXT',
  EXPIRED: 'SSL',
  FUTURE: 'SSL',
  ELSEWHERE: 'SSL',
}
const names = Object.keys(protocols) as ListenerName[]

export const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
export type Mechanism = (typeof mechanisms)[number]

export interface Broker {
  readonly name: 'Gregor' | 'Kafka'
  /** HOST:PORT of each. */
  readonly addresses: Readonly<Record<ListenerName, string>>
  /** Every line of its log. */
  readonly log: readonly string[]
  stop(): Promise<unknown>
}

export async function startBrokers(who: Identities, scratch: string): Promise<readonly [gregor: Broker, kafka: Broker]> {
  const started = await Promise.all([startOne('Gregor', who, scratch), startOne('Kafka', who, scratch)])
  await Promise.all(started.map(broker => prepare(broker, who)))
  return [started[0], started[1]]
}

async function startOne(name: Broker['name'], who: Identities, scratch: string): Promise<Broker> {
  const log: string[] = []
  const onLogLine = (line: string) => log.push(line)
  const ports = await freePorts(names.length + 1)
  const addresses = Object.fromEntries(names.map((listener, nth) => [listener, `127.0.0.1:${ports[nth]}`])) as Broker['addresses']
  const properties = propertiesOf(who, addresses)
  if (name === 'Gregor') {
    const file = join(scratch, 'gregor.properties')
    const lines = Object.entries(properties).map(([key, value]) => `${key}=${value.replaceAll('\n', '\\n')}\n`)
    writeFileSync(file, lines.join(''))
    const gregor = await startGregor({
      listeners: properties.listeners!,
      dataDir: join(scratch, 'gregor'),
      args: [file],
      onLogLine,
    })
    return { name, addresses, log, stop: gregor.stop }
  }
  const controllerPort = ports[names.length]!
  const kafka = await startKafka({
    ports: [ports[0]!, controllerPort],
    onLogLine,
    properties: {
      ...properties,
      listeners: `${properties.listeners},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': properties.listeners!,
      'listener.security.protocol.map': `${properties['listener.security.protocol.map']},CONTROLLER:PLAINTEXT`,
    },
  })
  return { name, addresses, log, stop: kafka.stop }
}

function propertiesOf(who: Identities, addresses: Broker['addresses']): Record<string, string> {
  const { servers, authority, tokenSecret } = who
  const properties: Record<string, string> = {
    listeners: names.map(name => `${name}://${addresses[name]}`).join(),
    'listener.security.protocol.map': names.map(name => `${name}:${protocols[name]}`).join(),
    'inter.broker.listener.name': 'PLAINTEXT',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'true',
    'delegation.token.secret.key': tokenSecret,
    'auto.create.topics.enable': 'true',
    'group.initial.rebalance.delay.ms': '0',
  }
  const keyStore = (listener: ListenerName, { certificate, key }: Certified) => {
    const prefix = `listener.name.${listener.toLowerCase()}.ssl.`
    properties[`${prefix}keystore.type`] = 'PEM'
    properties[`${prefix}keystore.location`] = pemOf(certificate, key)
  }
  for (const listener of ['SSL', 'MTLS', 'SASL_SSL'] as const) keyStore(listener, servers.good)
  keyStore('EXPIRED', servers.expired)
  keyStore('FUTURE', servers.future)
  keyStore('ELSEWHERE', servers.elsewhere)
  properties['listener.name.mtls.ssl.truststore.type'] = 'PEM'
  properties['listener.name.mtls.ssl.truststore.location'] = authority.certificate
  properties['listener.name.mtls.ssl.client.auth'] = 'required'

  const security = 'org.apache.kafka.common.security'
  const bearer = `${security}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker"`
  const modules: Readonly<Record<Mechanism, string>> = {
    PLAIN: `${security}.plain.PlainLoginModule required user_${who.user}="${who.password}"`,
    'SCRAM-SHA-256': `${security}.scram.ScramLoginModule required`,
    'SCRAM-SHA-512': `${security}.scram.ScramLoginModule required`,
    OAUTHBEARER: bearer,
  }
  for (const listener of ['sasl_plaintext', 'sasl_ssl']) {
    properties[`listener.name.${listener}.sasl.enabled.mechanisms`] = mechanisms.join()
    for (const mechanism of mechanisms) {
      properties[`listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`] = `${modules[mechanism]};`
    }
  }
  properties['listener.name.scoped.sasl.enabled.mechanisms'] = 'OAUTHBEARER'
  properties['listener.name.scoped.oauthbearer.sasl.jaas.config'] = `${bearer} unsecuredValidatorRequiredScope="admin";`
  return properties
}

/** One file, the key first, as Kafka wants it. */
function pemOf(certificate: string, key: string): string {
  const file = certificate.replace(/\.pem$/, '.store.pem')
  writeFileSync(file, [key, certificate].map(path => readFileSync(path, 'utf8')).join(''))
  return file
}

const iterations = 4096
const hashes = [
  { mechanism: 1, digest: 'sha256', bytes: 32 },
  { mechanism: 2, digest: 'sha512', bytes: 64 },
] as const

/** The users of SCRAM, and what Kafka makes when it is first asked for a coordinator. */
async function prepare(broker: Broker, { user, password }: Identities): Promise<void> {
  const client = await WireClient.connect(broker.addresses.PLAINTEXT)
  for (const { mechanism, digest, bytes } of hashes) {
    const salt = randomBytes(20)
    const saltedPassword = pbkdf2Sync(password, salt, iterations, bytes, digest)
    const upsertions = [{ name: user, mechanism, iterations, salt, saltedPassword }]
    const { results } = await client.request(AlterUserScramCredentials, 0, { deletions: [], upsertions })
    if (results[0]?.errorCode !== 0) throw new Error(`${broker.name} makes no user: ${results[0]?.errorMessage}`)
  }
  const isReady = async () => (await client.request(FindCoordinator, 3, { key: 'g', keyType: 0 })).errorCode === 0
  if (!(await eventually(isReady, 60_000))) throw new Error(`${broker.name} has no coordinator`)
  client.close()
}
