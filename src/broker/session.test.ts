import { expect, test } from 'vitest'
import { Session } from './session.js'

function session(): Session {
  const connection = {
    id: 1,
    listenerName: 'L',
    listenerProtocol: 'PLAINTEXT' as const,
    connectedMs: 0,
    peerName: null,
    remoteAddress: '127.0.0.1',
    remotePort: 50000,
    localAddress: '127.0.0.1',
    localPort: 9092,
  }
  return new Session(connection, { muteFor() {}, close() {}, boundFrames() {} })
}

test('a client is anonymous and of unknown software until it says more', () => {
  const { principal, authentication, clientSoftwareName, clientSoftwareVersion } = session()
  expect(`${principal.type}:${principal.name}`).toBe('User:ANONYMOUS')
  expect([authentication, clientSoftwareName, clientSoftwareVersion]).toEqual([null, 'unknown', 'unknown'])
})

test('who waits for the end of a connection is told once, unless it no longer wants to know', () => {
  const ended = session()
  const told: string[] = []
  ended.onClosed(() => told.push('a'))
  const takeBack = ended.onClosed(() => told.push('b'))
  takeBack()
  expect(ended.isClosed).toBe(false)
  ended.closed()
  expect([told, ended.isClosed]).toEqual([['a'], true])
})

test('listeners of a closed connection are called at once', () => {
  const ended = session()
  ended.closed()
  const told: string[] = []
  ended.onClosed(() => told.push('late'))()
  expect(told).toEqual(['late'])
})
