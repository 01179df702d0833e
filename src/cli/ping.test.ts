import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { realWorld } from '../base/world.js'
import { environmentLayer } from '../config/environment.js'
import { startBroker } from '../index.js'
import { ping } from './ping.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A port where every connection gets this. */
function portThatSays(answer: Buffer | null): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    if (answer === null) socket.end()
    else socket.on('data', () => socket.write(answer))
  })
  servers.push(server)
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    }),
  )
}

async function pinged(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    args,
    world: realWorld,
    stdout: (text: string) => void out.push(text),
    stderr: (text: string) => void err.push(text),
  }
  const code = await ping(terminal, () => [environmentLayer(environment)])
  return { code, out: out.join(''), err: err.join('') }
}

describe('gregor ping', () => {
  it('finds a broker by its address, and by the environment that configures it', async () => {
    await using broker = await startBroker()
    const up = { code: 0, out: `127.0.0.1:${broker.port} answers\n`, err: '' }
    expect(await pinged(['--bootstrap-server', `127.0.0.1:${broker.port}`])).toEqual(up)
    const listeners = `SSL://:1,PLAINTEXT://0.0.0.0:${broker.port}`
    expect(await pinged([], { KAFKA_LISTENERS: listeners })).toEqual(up)
  })

  it('takes a TLS handshake for an answer, without a certificate of its own', async () => {
    await using broker = await startBroker({ security: true })
    const address = broker.description.listeners.find(listener => listener.startsWith('SASL_SSL'))!.replace(/.*:/, '127.0.0.1:')
    expect(await pinged(['--tls', '--bootstrap-server', address])).toMatchObject({ code: 0, err: '' })
  })

  it.each([
    ['nothing', null, /the connection was closed/],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /no answer within 50 ms|no Kafka broker/],
    ['another answer', Buffer.from([0, 0, 0, 4, 0, 0, 0, 7]), /no Kafka broker/],
    ['an endless answer', Buffer.alloc(70_000, 1), /no Kafka broker/],
    ['a refusal', Buffer.from([0, 0, 0, 10, 0, 0, 0, 1, 0, 35, 0, 0, 0, 0]), /the broker answers UNSUPPORTED_VERSION/],
  ])('does not take %s for a broker', async (_, answer, problem) => {
    const port = await portThatSays(answer)
    const { code, err } = await pinged(['--bootstrap-server', `127.0.0.1:${port}`, '--timeout-ms', '50'])
    expect(code).toBe(1)
    expect(err).toMatch(problem)
  })

  it.each([
    [['x'], /takes no arguments/],
    [['--bootstrap-server', 'nowhere'], /takes HOST:PORT/],
    [['--timeout-ms', 'soon'], /--timeout-ms takes/],
    [['--help'], null],
  ])('%j', async (args, problem) => {
    const { code, out, err } = await pinged(args)
    expect(code).toBe(problem === null ? 0 : 2)
    expect(err).toMatch(problem ?? /^$/)
    if (problem === null) expect(out).toMatch(/^Usage: gregor ping/)
  })

  it('says what is wrong with the environment', async () => {
    expect(await pinged([], { KAFKA_LISTENERS: 'nonsense' })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/not NAME:\/\/HOST:PORT/),
    })
    expect(await pinged([], { KAFKA_LISTENERS: 'PLAINTEXT://:0' })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/has a free port/),
    })
  })
})
