// What a login costs the broker, and how many there are in a second, beside Kafka: TLS handshakes alone, and PLAIN and SCRAM with
// TLS and without. Each client connects, logs in and leaves; sixteen do at a time, from this one process. The certificate is of
// P-256, TLS 1.3 begins anew each time.
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { freePorts } from '../compat-tests/lib/ports.js'
import { certificateIn } from './lib/certificate.js'
import type { BenchOptions, Series, Table } from './lib/figure.js'
import { cpuSecondsOf, quiet } from './lib/proc.js'
import { inTurns } from './lib/rounds.js'
import type { Subject } from './lib/subject.js'
import { benchUser, type Login, logIn, type Mechanism, makeScramUser } from './load/login.js'
import { gregor } from './peers/gregor.js'
import { kafka } from './peers/kafka.js'
import type { Peer, SecureListeners } from './peers/peer.js'

const atATime = 16
const mechanisms: readonly Mechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
const protocols = ['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const
type Protocol = (typeof protocols)[number]

interface Secured extends Subject {
  readonly ports: Readonly<Record<Protocol, number>>
}

interface Cost {
  readonly cpuMs: number
  readonly perSecond: number
}

export async function logins(options: BenchOptions): Promise<readonly Table[]> {
  const { store, certificate } = certificateIn(options.scratch)
  const secure: ConnectionOptions = { ca: certificate, servername: 'localhost' }
  const running: Secured[] = []
  try {
    running.push(await started(gregor, store, options.scratch))
    const beside = await kafka.prepare()
    if (!('notRun' in beside)) running.push(await started(kafka, store, options.scratch))
    for (const { port } of running) await makeScramUser(port)
    const count = options.isQuick ? 1000 : 3000
    const kinds = running.flatMap(subject => waysIn(subject, secure))
    const costs = await inTurns('logins', kinds, options, ({ subject, login }) => costOf(subject, login, count))
    const table = (id: string, title: string, unit: string, value: (cost: Cost) => number): Table => ({
      id,
      title: `${title} (${atATime} at a time, one client process, P-256, TLS 1.3)`,
      unit,
      series: [
        ...kinds.map(({ name }, at): Series => ({ name, values: (costs[at] ?? []).map(value), limit: besideKafka(name) })),
        ...('notRun' in beside ? [{ name: 'kafka', notRun: beside.notRun }] : []),
      ],
    })
    return [
      table('login-cost', 'logins: processor time of the server for one', 'ms', ({ cpuMs }) => cpuMs),
      table('login-rate', 'logins: in a second', '1/s', ({ perSecond }) => perSecond),
    ]
  } finally {
    for (const subject of running) await subject.stop()
  }
}

function besideKafka(name: string): string | undefined {
  return name.startsWith('gregor') ? name.replace('gregor', 'kafka') : undefined
}

function waysIn(subject: Secured, secure: ConnectionOptions) {
  const { name, ports } = subject
  const sasl = mechanisms.flatMap(mechanism => [
    { name: `${name}: ${mechanism}`, subject, login: { port: ports.SASL_PLAINTEXT, secure: null, mechanism } },
    { name: `${name}: ${mechanism}, TLS`, subject, login: { port: ports.SASL_SSL, secure, mechanism } },
  ])
  return [{ name: `${name}: TLS alone`, subject, login: { port: ports.SSL, secure, mechanism: null } }, ...sasl]
}

async function costOf(subject: Secured, login: Login, count: number): Promise<Cost> {
  await quiet(subject.pid)
  const cpuBefore = cpuSecondsOf(subject.pid)
  const startMs = performance.now()
  let left = count
  const client = async (): Promise<void> => {
    while (left-- > 0) await logIn(login)
  }
  await Promise.all(Array.from({ length: atATime }, client))
  const seconds = (performance.now() - startMs) / 1000
  return { cpuMs: ((cpuSecondsOf(subject.pid) - cpuBefore) / count) * 1000, perSecond: count / seconds }
}

async function started(peer: Peer, store: string, scratch: string): Promise<Secured> {
  const free = await freePorts(protocols.length)
  const ports = Object.fromEntries(protocols.map((protocol, at) => [protocol, free[at]])) as Record<Protocol, number>
  const running = await peer.start({ directory: join(scratch, `logins-${peer.id}`), secure: listenersOf(ports, store) })
  return { ...running, ports }
}

function listenersOf(ports: Readonly<Record<Protocol, number>>, store: string): SecureListeners {
  const modules = 'org.apache.kafka.common.security'
  const ofListeners = ['sasl_plaintext', 'sasl_ssl'].flatMap(listener =>
    mechanisms.map(mechanism => {
      const key = `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`
      const plain = `${modules}.plain.PlainLoginModule required user_${benchUser.name}="${benchUser.password}";`
      return [key, mechanism === 'PLAIN' ? plain : `${modules}.scram.ScramLoginModule required;`]
    }),
  )
  return {
    ports,
    properties: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': store,
      'sasl.enabled.mechanisms': mechanisms.join(','),
      ...Object.fromEntries(ofListeners),
    },
  }
}
