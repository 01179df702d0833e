import { expect, test } from 'vitest'
import type { LogFields } from '../base/log.js'
import { MalformedError } from '../protocol/wire.js'
import { fakeWorld } from '../testing/fake-world.js'
import { FaultReport } from './fault-report.js'

function reporting() {
  const lines: { level: string; message: string; fields: LogFields }[] = []
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, message, fields })
  const world = fakeWorld()
  const report = new FaultReport({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, world)
  return { lines, world, report }
}
const client = {
  id: 7,
  listenerName: 'PLAINTEXT',
  listenerProtocol: 'PLAINTEXT' as const,
  connectedMs: 0,
  peerName: null,
  remoteAddress: '127.0.0.1',
  remotePort: 50000,
  localAddress: '127.0.0.1',
  localPort: 1,
}

test('what a client sent is a warning, what the broker did is an error', () => {
  const { lines, report } = reporting()
  report.closed(client, new MalformedError('short'))
  report.closed(client, new TypeError('ours'))
  expect(lines.map(({ level, fields }) => [level, fields.connection])).toEqual([
    ['warn', 7],
    ['error', 7],
  ])
})

test('a client that fails for the same reason again and again is one line in ten seconds', () => {
  const { lines, world, report } = reporting()
  for (let i = 0; i < 100; i++) report.refused('127.0.0.1', 'no TLS')
  report.refused('127.0.0.2', 'no TLS')
  report.refused('127.0.0.1', 'too slow')
  expect(lines.map(({ fields }) => `${fields.remoteAddress} ${fields.reason}`)).toEqual([
    '127.0.0.1 no TLS',
    '127.0.0.2 no TLS',
    '127.0.0.1 too slow',
  ])
  world.advance(10_000)
  report.refused('127.0.0.1', 'no TLS')
  expect(lines.slice(3)).toMatchObject([{ fields: { leftOut: 99 } }, { fields: { reason: 'no TLS' } }])
})

test('ten seconds are counted from the line, wherever it stood in its window', () => {
  const { lines, world, report } = reporting()
  const refusedAt = (ms: number, reason: string): void => {
    world.advance(ms - world.monotonicMs())
    report.refused('127.0.0.1', reason)
  }
  const since = world.monotonicMs()
  refusedAt(since, 'too slow')
  for (const second of [9, 10, 18, 19]) refusedAt(since + second * 1000, 'no TLS')
  expect(lines.map(({ fields }) => fields.reason ?? fields.leftOut)).toEqual(['too slow', 'no TLS', 'no TLS'])
})

test('a flood of bad input is twenty lines in ten seconds, and the rest is counted', () => {
  const { lines, world, report } = reporting()
  for (let i = 0; i < 1000; i++) report.closed(client, new MalformedError(`again ${i}`))
  expect(lines).toHaveLength(20)
  world.advance(10_000)
  report.refused('127.0.0.1', 'max.connections (1) is reached')
  expect(lines.slice(20)).toMatchObject([{ fields: { leftOut: 980 } }, { message: 'refused a connection' }])
})

test('faults of the broker are never left out', () => {
  const { lines, report } = reporting()
  for (let i = 0; i < 100; i++) report.closed(client, new Error('ours'))
  expect(lines).toHaveLength(100)
})
