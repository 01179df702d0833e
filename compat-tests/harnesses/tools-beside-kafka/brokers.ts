/** Gregor and Kafka with the same settings: one listener for all, one with a login, one of the controller, and an authorizer. */
import { join } from 'node:path'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { freePorts } from '../../lib/ports.js'

export interface Broker {
  readonly name: 'Gregor' | 'Kafka'
  readonly addresses: Readonly<Record<'server' | 'controller' | 'sasl', string>>
  readonly dataDir: string
  stop(): Promise<unknown>
}

export const login = { user: 'alice', password: 'alices-own' } as const
export const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule'

export async function startBroker(name: Broker['name'], scratch: string): Promise<Broker> {
  const ports = await freePorts(3)
  const [server, controller, sasl] = ports.map(port => `127.0.0.1:${port}`) as [string, string, string]
  const dataDir = join(scratch, name.toLowerCase())
  const listeners = `PLAINTEXT://${server},SASL://${sasl}`
  const users = `user_${login.user}="${login.password}"`
  const properties = {
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl.plain.sasl.jaas.config': `${plainLogin} required ${users};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:ANONYMOUS;User:${login.user}`,
    'delegation.token.secret.key': 'secret-of-the-tokens',
    'group.initial.rebalance.delay.ms': '0',
  }
  const addresses = { server, controller, sasl }
  if (name === 'Gregor') {
    const configs = Object.entries({ 'node.id': '1', ...properties }).map(([key, value]) => `${key}=${value}`)
    const gregor = await startGregor({
      listeners: `${listeners},CONTROLLER://${controller}`,
      dataDir,
      args: configs.flatMap(config => ['--config', config]),
    })
    return { name, addresses, dataDir, stop: gregor.stop }
  }
  const kafka = await startKafka({
    ports: [ports[0]!, ports[1]!],
    logDir: dataDir,
    properties: {
      ...properties,
      listeners: `${listeners},CONTROLLER://${controller}`,
      'advertised.listeners': listeners,
    },
  })
  return { name, addresses, dataDir, stop: kafka.stop }
}
