/**
 * The variables of a compose file put to use on this machine, and clients that reach what is advertised.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { dirname, join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { authority, certificate, inFolder, run } from '#testing/certificates.js'
import { freePorts } from '../../lib/ports.js'
import type { Composed } from './environments.js'

/** What clients are told to use, with its protocol. */
export interface Listener {
  readonly name: string
  readonly protocol: string
  readonly host: string
  readonly port: number
}

/**
 * The variables with free ports on the loopback instead of theirs, and their mounted files in `folder`: the root file system of
 * the broker, or else (`isRoot` false) a folder that the variables then name.
 */
export async function onThisMachine(
  { environment, files = {}, stores }: Composed,
  folder: string,
  isRoot = false,
): Promise<Record<string, string>> {
  const place = (path: string) => join(folder, path)
  for (const path of [...Object.keys(files), ...(stores === undefined ? [] : [stores.keyStore, stores.trustStore])]) {
    mkdirSync(dirname(place(path)), { recursive: true })
  }
  for (const [path, text] of Object.entries(files)) writeFileSync(place(path), text)
  if (stores !== undefined) makeStores(place(stores.keyStore), place(stores.trustStore), stores.password)
  const isOfListeners = (name: string) => /LISTENERS$|QUORUM_VOTERS$/.test(name) && !name.includes('REST')
  const texts = Object.entries(environment).filter(([name]) => isOfListeners(name))
  const ports = [...new Set(texts.flatMap(([, text]) => text.match(/\d+(?=,|$)/g) ?? []))]
  const free = await freePorts(ports.length)
  const portOf = new Map(ports.map((port, index) => [port, String(free[index])]))
  const own = Object.entries(environment).map(([name, text]): [string, string] => {
    if (isOfListeners(name)) {
      const moved = text.replace(/\d+(?=,|$)/g, port => portOf.get(port) as string)
      return [name, /(?<!ADVERTISED_)LISTENERS$/.test(name) ? moved.replace(/:\/\/[^:,]*:/g, '://127.0.0.1:') : moved]
    }
    if (isRoot) return [name, text]
    if (/_(FILENAME|CREDENTIALS)$/.test(name)) return [name, place(`/etc/kafka/secrets/${text}`)]
    return [name, text.replace(/\/(etc\/kafka|opt\/bitnami)\/[^\s]+/g, place)]
  })
  return Object.fromEntries(own)
}

function makeStores(keyStore: string, trustStore: string, password: string): void {
  const { certificate: pem, key } = certificate('composed', 'root', { names: 'DNS:localhost,DNS:broker,DNS:kafka' })
  rmSync(trustStore, { force: true })
  run('openssl', 'pkcs12', '-export', '-in', pem, '-inkey', key, '-out', keyStore, '-passout', `pass:${password}`)
  const trusted = ['-noprompt', '-alias', 'root', '-file', inFolder('root.pem'), '-keystore', trustStore, '-storepass', password]
  run('keytool', '-importcert', ...trusted)
  // openssl lets the owner alone read it, and the broker may be another user.
  chmodSync(keyStore, 0o644)
}

export function advertised(environment: Readonly<Record<string, string>>): Listener[] {
  const textOf = (name: string) => environment[`KAFKA_${name}`] ?? environment[`KAFKA_CFG_${name}`] ?? ''
  const protocols = new Map(
    textOf('LISTENER_SECURITY_PROTOCOL_MAP')
      .split(',')
      .map(pair => pair.split(':') as [string, string]),
  )
  return Array.from(
    textOf('ADVERTISED_LISTENERS').matchAll(/([\w-]+):\/\/([^:,]*):(\d+)/g),
    ([, name = '', host = '', port]) => ({
      name,
      protocol: protocols.get(name) ?? name,
      host: host === '' ? '127.0.0.1' : host,
      port: Number(port),
    }),
  )
}

/** kafkajs, which writes into its login, with a resolver that knows every container by the loopback address. */
function client({ host, port, protocol }: Listener, { login, stores }: Composed): Kafka {
  const { keyText, certificateText } = certificate('composed-client', 'root')
  const tls = { ca: authority('root').certificateText, key: keyText, cert: certificateText, servername: 'localhost' }
  const hasTls = protocol.endsWith('SSL')
  return new Kafka({
    brokers: [`${host}:${port}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    socketFactory: ({ port, onConnect }) =>
      stores !== undefined && hasTls
        ? connectTls({ host: '127.0.0.1', port, ...tls }, onConnect)
        : connectTcp({ host: '127.0.0.1', port }, onConnect),
    ...(hasTls && { ssl: true }),
    ...(protocol.startsWith('SASL_') && login !== undefined && { sasl: { ...login } as never }),
  })
}

/** A topic is made and a record written; what the client was told, and where the topic ends then. */
export async function usedBy(listener: Listener, composed: Composed) {
  const kafka = client(listener, composed)
  const topic = `of-${listener.name}`
  const admin = kafka.admin()
  await admin.connect()
  const { brokers } = await admin.describeCluster()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'hello' }] })
  await producer.disconnect()
  const [end] = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return { brokers: brokers.map(({ host, port }) => `${host}:${port}`), end: end?.high }
}
