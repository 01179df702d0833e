/** Every client of the matrix that speaks TLS or SASL, and the logins that each is asked for. */
import type { Login } from '../../lib/security-client.js'
import { type ListenerName, type Mechanism, mechanisms } from './brokers.js'
import type { Identities } from './identities.js'

export interface TestedClient {
  /** `folder` or `folder/profile`, as the record-set matrix names them. */
  readonly name: string
  readonly mechanisms: readonly Mechanism[]
  /** It can be told which versions of TLS to offer. */
  readonly choosesTls: boolean
  /** One that goes on for ever, or a JVM that tries all at once on few cores, is watched for so long. */
  readonly windowMs?: number
  /** Among the clients of a short run: one of each family. */
  readonly isInShortRun?: boolean
}

const javaWindowMs = 20_000

export const testedClients: readonly TestedClient[] = [
  { name: 'kafkajs', mechanisms, choosesTls: true, isInShortRun: true },
  { name: 'platformatic-kafka', mechanisms, choosesTls: true, windowMs: 15_000 },
  { name: 'confluent-kafka', mechanisms, choosesTls: false, isInShortRun: true },
  { name: 'kcat', mechanisms, choosesTls: false },
  { name: 'java-clients/2.8.2', mechanisms, choosesTls: true, windowMs: javaWindowMs },
  { name: 'java-clients/3.9.1', mechanisms, choosesTls: true, windowMs: javaWindowMs },
  { name: 'java-clients/4.4.0', mechanisms, choosesTls: true, windowMs: javaWindowMs, isInShortRun: true },
  { name: 'franz-go', mechanisms, choosesTls: true, isInShortRun: true },
  { name: 'sarama', mechanisms, choosesTls: true },
  { name: 'segmentio', mechanisms: mechanisms.filter(name => name !== 'OAUTHBEARER'), choosesTls: true },
  { name: 'kafka-python', mechanisms, choosesTls: true },
  { name: 'aiokafka', mechanisms, choosesTls: true },
]

/** A login before it has an address. */
export interface PlannedLogin extends Omit<Login, 'bootstrap'> {
  readonly listener: ListenerName
}

const ordinary = { certificate: '', key: '', tls: '', mechanism: '', windowMs: 4_000 } as const

function ssl(who: Identities) {
  return { ...ordinary, protocol: 'SSL', user: '', password: '', ca: who.authority.certificate } as const
}

function sasl(who: Identities, listener: 'SASL_PLAINTEXT' | 'SASL_SSL', mechanism: Mechanism) {
  const { user, password, authority } = who
  return { ...ordinary, listener, protocol: listener, mechanism, user, password, ca: authority.certificate } as const
}

function shown({ certificate, key }: { readonly certificate: string; readonly key: string }) {
  return { certificate, key }
}

/** In, by every way that the client knows. */
export function walksOf(client: TestedClient, who: Identities): PlannedLogin[] {
  const name = client.name.replace(/\W/g, '-')
  const walk = <T extends object>(id: string, login: T) => {
    const of = `${name}-${id.replace(/\W/g, '-')}`
    return { ...login, id, kind: 'walk', topic: of, group: `${of}-group` } as const
  }
  return [
    walk('SSL', { ...ssl(who), listener: 'SSL' } as const),
    walk('mTLS', { ...ssl(who), ...shown(who.clients.good), listener: 'MTLS' } as const),
    ...(['SASL_PLAINTEXT', 'SASL_SSL'] as const).flatMap(listener =>
      client.mechanisms.map(mechanism => walk(`${listener} ${mechanism}`, sasl(who, listener, mechanism))),
    ),
  ]
}

/** Not in, by every reason. */
export function refusalsOf(client: TestedClient, who: Identities): PlannedLogin[] {
  const refusal = <T extends object>(id: string, login: T) =>
    ({
      ...login,
      id,
      kind: 'refusal',
      topic: 'never-written',
      group: '',
      windowMs: client.windowMs ?? ordinary.windowMs,
    }) as const
  const withPassword = client.mechanisms.filter(mechanism => mechanism !== 'OAUTHBEARER')
  const other = who.otherAuthority.certificate
  const mtls = { ...ssl(who), listener: 'MTLS' } as const
  const logins: PlannedLogin[] = [
    ...withPassword.flatMap(mechanism => {
      const login = sasl(who, 'SASL_SSL', mechanism)
      return [
        refusal(`wrong password, ${mechanism}`, { ...login, password: who.wrongPassword }),
        refusal(`unknown user, ${mechanism}`, { ...login, user: 'nobody' }),
      ]
    }),
    refusal('wrong password, PLAIN without TLS', { ...sasl(who, 'SASL_PLAINTEXT', 'PLAIN'), password: who.wrongPassword }),
    refusal('the broker’s certificate is expired', { ...ssl(who), listener: 'EXPIRED' } as const),
    refusal('the broker’s certificate is not yet valid', { ...ssl(who), listener: 'FUTURE' } as const),
    refusal('the broker’s certificate is for another host', { ...ssl(who), listener: 'ELSEWHERE' } as const),
    refusal('the broker’s certificate is of another authority', { ...ssl(who), listener: 'SSL', ca: other } as const),
    refusal('the client’s certificate is expired', { ...mtls, ...shown(who.clients.expired) }),
    refusal('the client’s certificate is not yet valid', { ...mtls, ...shown(who.clients.future) }),
    refusal('the client’s certificate is of another authority', { ...mtls, ...shown(who.clients.stranger) }),
    refusal('the client shows no certificate', mtls),
  ]
  if (client.mechanisms.includes('OAUTHBEARER')) {
    const login = sasl(who, 'SASL_PLAINTEXT', 'OAUTHBEARER')
    logins.push(refusal('a scope that the token lacks, OAUTHBEARER', { ...login, listener: 'SCOPED' } as const))
  }
  if (client.choosesTls) {
    const before = { tls: 'TLSv1.2' } as const
    logins.push(
      refusal('the client’s certificate is expired, TLS 1.2', { ...mtls, ...before, ...shown(who.clients.expired) }),
      refusal('the client shows no certificate, TLS 1.2', { ...mtls, ...before }),
      refusal('the broker’s certificate is expired, TLS 1.2', { ...ssl(who), ...before, listener: 'EXPIRED' } as const),
    )
  }
  return logins
}
