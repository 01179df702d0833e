/**
 * Gregor started in this process with the variables of other people's compose files, and reached by kafkajs by each advertised
 * listener. What differs from their containers: ports are free ones, on the loopback; mounted files are in a folder of the test.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startBroker } from '../../../src/index.js'
import { hasKeytool } from '../../../src/testing/certificates.js'
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
