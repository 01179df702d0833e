/**
 * Gregor with a listener of every security protocol, a certificate made by openssl, and one user, alice, whom every mechanism
 * knows. For harnesses about what happens before and around a login.
 */
import { writeFileSync } from 'node:fs'
import type { KafkaConfig } from 'kafkajs'
import { authority, certificate, inFolder } from '#testing/certificates.js'
import { type GregorOptions, type RunningGregor, startGregor } from './gregor.js'
import { alice, bearerToken, bob, type MechanismName, mechanisms, secondsFromNow } from './logins.js'

export const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const
export type Protocol = (typeof protocols)[number]

export interface SecureGregor extends RunningGregor {
  /** HOST:PORT by protocol. */
  readonly addresses: Readonly<Record<Protocol, string>>
  /** What clients have to trust, as PEM and as a file of it. */
  readonly authority: { readonly text: string; readonly file: string }
}

export interface SecureOptions extends Omit<GregorOptions, 'listen' | 'listeners' | 'args'> {
  readonly config?: Readonly<Record<string, string>>
}

export async function startSecureGregor(options: SecureOptions = {}): Promise<SecureGregor> {
  const { keyText, certificateText } = certificate('broker', 'root')
  writeFileSync(inFolder('broker.store'), keyText + certificateText)
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${[alice, bob]
    .map(({ name, password }) => `user_${name}="${password}"`)
    .join(' ')};`
  const bearer = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;'
  const config: Record<string, string> = {
    'sasl.enabled.mechanisms': mechanisms.join(),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': inFolder('broker.store'),
    'offsets.topic.num.partitions': '1',
    ...options.config,
  }
  for (const listener of ['sasl_plaintext', 'sasl_ssl']) {
    config[`listener.name.${listener}.plain.sasl.jaas.config`] = plain
    config[`listener.name.${listener}.oauthbearer.sasl.jaas.config`] = bearer
  }
  const users = [alice, bob].flatMap(({ name, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
  )
  const gregor = await startGregor({
    ...options,
    listeners: protocols.map(protocol => `${protocol}://127.0.0.1:0`).join(),
    args: [...Object.entries(config).flatMap(([key, value]) => ['--config', `${key}=${value}`]), ...users],
  })
  const told = [...gregor.readyLine.matchAll(/(\w+):\/\/([^\s,]+)/g)].map(([, protocol, address]) => [protocol, address])
  const root = authority('root')
  return Object.assign(gregor, {
    addresses: Object.fromEntries(told) as Record<Protocol, string>,
    authority: { text: root.certificateText, file: root.certificate },
  })
}

/** As kafkajs is told of a listener and a mechanism. */
export function kafkajsLogin(gregor: SecureGregor, protocol: Protocol, mechanism: MechanismName): Partial<KafkaConfig> {
  const { name: username, password } = alice
  const bearer = async () => ({ value: bearerToken({ sub: username, exp: secondsFromNow(600) }) })
  const sasl = {
    PLAIN: { mechanism: 'plain', username, password },
    'SCRAM-SHA-256': { mechanism: 'scram-sha-256', username, password },
    'SCRAM-SHA-512': { mechanism: 'scram-sha-512', username, password },
    OAUTHBEARER: { mechanism: 'oauthbearer', oauthBearerProvider: bearer },
  }[mechanism] as KafkaConfig['sasl'] & object
  return {
    ...(protocol.endsWith('SSL') ? { ssl: { ca: [gregor.authority.text] } } : {}),
    ...(protocol.startsWith('SASL') ? { sasl } : {}),
  }
}
