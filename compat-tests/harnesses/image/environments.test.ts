/**
 * Gregor started in this process with the variables of other people's compose files, and reached by kafkajs by each advertised
 * listener. What differs from their containers: ports are free ones, on the loopback; mounted files are in a folder of the test.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startBroker } from '../../../src/index.js'
import { hasKeytool } from '../../../src/testing/certificates.js'
import { freePorts } from '../../lib/ports.js'
import { advertised, type Listener, onThisMachine, usedBy } from './composing.js'
import { type Composed, refused, started } from './environments.js'

async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'gregor-composed-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('a compose file for Kafka starts Gregor, and clients reach it by each advertised listener', () => {
  const canTest = ({ stores }: Composed) => stores === undefined || hasKeytool()
  test.each(started.filter(canTest))('$name', { timeout: 60_000 }, composed =>
    withFolder(async folder => {
      const environment = await onThisMachine(composed, folder)
      const warnings: string[] = []
      const log = { debug() {}, info() {}, warn: (_: unknown, message: string) => void warnings.push(message), error() {} }
      await using broker = await startBroker({ environment, ephemeral: true, log })
      const id = environment.CLUSTER_ID ?? environment.KAFKA_KRAFT_CLUSTER_ID
      if (id !== undefined) expect(broker.clusterId).toBe(id)
      const listeners = advertised(environment)
      expect(listeners.length).toBeGreaterThan(0)
      for (const listener of listeners) {
        const told = { brokers: [`${listener.host}:${listener.port}`], end: '1' }
        expect(await usedBy(listener, composed), listener.name).toEqual(told)
      }
      // What is meant for other programs is one line, what has no effect another.
      expect(warnings.filter(warning => warning.startsWith('Unknown configuration'))).toEqual([])
      expect(warnings.filter(warning => /^(Ignored|Configuration without effect)/.test(warning)).length).toBeLessThanOrEqual(2)
    }),
  )
})

test("the server.properties of Kafka's distribution starts, and clients reach what it advertises", () =>
  withFolder(async folder => {
    const [port = 0, controllerPort = 0] = await freePorts(2)
    const file = join(folder, 'server.properties')
    const texts = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.bootstrap.servers': `localhost:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'inter.broker.listener.name': 'PLAINTEXT',
      'advertised.listeners': `PLAINTEXT://localhost:${port},CONTROLLER://localhost:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map':
        'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
      'num.network.threads': '3',
      'num.io.threads': '8',
      'socket.send.buffer.bytes': '102400',
      'socket.receive.buffer.bytes': '102400',
      'socket.request.max.bytes': '104857600',
      'log.dirs': join(folder, 'kraft-combined-logs'),
      'num.partitions': '1',
      'num.recovery.threads.per.data.dir': '1',
      'offsets.topic.replication.factor': '1',
      'share.coordinator.state.topic.replication.factor': '1',
      'share.coordinator.state.topic.min.isr': '1',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'log.retention.hours': '168',
      'log.segment.bytes': '1073741824',
      'log.retention.check.interval.ms': '300000',
    }
    writeFileSync(
      file,
      Object.entries(texts)
        .map(([key, text]) => `${key}=${text}\n`)
        .join(''),
    )
    await using _ = await startBroker({ propertiesFile: file })
    const listener = { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: 'localhost', port }
    const plain = { name: '', source: '', environment: {} }
    expect(await usedBy(listener, plain)).toEqual({ brokers: [`localhost:${port}`], end: '1' })
  }))

test('a client that may not is not let in by such a broker', () =>
  withFolder(async folder => {
    const composed = started.find(({ login }) => login?.mechanism === 'scram-sha-512') as Composed
    const environment = await onThisMachine(composed, folder)
    await using _ = await startBroker({ environment, ephemeral: true })
    const [listener] = advertised(environment) as [Listener]
    const stranger = { ...composed, login: { ...composed.login!, password: 'secret' } }
    await expect(usedBy(listener, stranger)).rejects.toThrow(/SASL SCRAM SHA512 authentication failed/)
  }))

test.each(refused)('refused with a sentence: $name', ({ environment, because }) =>
  expect(startBroker({ environment, ephemeral: true })).rejects.toThrow(because),
)
