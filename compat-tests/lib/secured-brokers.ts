/**
 * Kafka and Gregor with an authorizer, and with a second listener where clients log in by whatever mechanism. Who comes without
 * may do everything.
 */
import { type RunningGregor, startGregor } from './gregor.js'
import { startKafka } from './kafka-broker.js'
import { freePorts } from './ports.js'

const sasl = 'listener.name.sasl_plaintext'
const modules = 'org.apache.kafka.common.security'
const plainUsers = 'user_alice="alice-secret" user_bob="bob-secret"'
const settings = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  [`${sasl}.plain.sasl.jaas.config`]: `${modules}.plain.PlainLoginModule required ${plainUsers};`,
  [`${sasl}.scram-sha-256.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
  [`${sasl}.scram-sha-512.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
  [`${sasl}.oauthbearer.sasl.jaas.config`]: `${modules}.oauthbearer.OAuthBearerLoginModule required;`,
  // With it a client may authenticate again.
  [`${sasl}.plain.connections.max.reauth.ms`]: '3600000',
  // A hundred refusals are waited for.
  'connection.failed.authentication.delay.ms': '10',
  'delegation.token.secret.key': 'a secret of both',
}

const controller = {
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
}

export interface SecuredBroker {
  /** "HOST:PORT,HOST:PORT": without a login, and with one. */
  readonly addresses: string
  stop(): Promise<unknown>
}

export async function startSecuredKafka(properties: Readonly<Record<string, string>>): Promise<SecuredBroker> {
  const [open, secured, controller] = (await freePorts(3)) as [number, number, number]
  const listeners = `PLAINTEXT://127.0.0.1:${open},SASL_PLAINTEXT://127.0.0.1:${secured}`
  const kafka = await startKafka({
    ports: [open, controller],
    heap: '512m',
    receivesTelemetry: true,
    properties: {
      ...properties,
      ...settings,
      listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': listeners,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    },
  })
  return { addresses: `127.0.0.1:${open},127.0.0.1:${secured}`, stop: kafka.stop }
}

export async function startSecuredGregor(properties: Readonly<Record<string, string>>): Promise<RunningGregor & SecuredBroker> {
  const gregor = await startGregor({
    isEphemeral: true,
    listeners: 'PLAINTEXT://127.0.0.1:0,SASL_PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0',
    args: Object.entries({ ...properties, ...settings, ...controller }).flatMap(([key, value]) => [
      '--config',
      `${key}=${value}`,
    ]),
  })
  const addresses = [...gregor.readyLine.matchAll(/:\/\/([^\s,]+)/g)].map(([, address]) => address).join()
  return { ...gregor, addresses }
}
