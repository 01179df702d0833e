/**
 * `gregor ping`: whether a broker answers, for the health checks of containers and for scripts that wait for one. Without an
 * address it asks the broker that this environment configures, as `gregor start` would read it. It proves no identity and takes
 * none for proven: a certificate is not checked, and nothing is sent but ApiVersions.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { parseArgs } from 'node:util'
import type { World } from '../base/world.js'
import { addressText, type ListenerConfig } from '../config/listeners.js'
import { ConfigError, type ConfigLayer, resolveBrokerConfig } from '../config/resolve.js'
import { decode, encode } from '../protocol/codec.js'
import { Errors, errorName } from '../protocol/errors.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { Reader, Writer } from '../protocol/wire.js'
import { type ExitCode, exitCodes } from './exit-codes.js'
import { pingHelpText } from './help.js'
import type { Terminal } from './verify.js'

interface Target {
  readonly host: string
  readonly port: number
  readonly hasTls: boolean
}

/** @param configured the sources of this environment, the strongest first; asked only without --bootstrap-server */
export async function ping(
  { args, world, stdout, stderr }: Terminal & { readonly world: World },
  configured: () => readonly ConfigLayer[],
): Promise<ExitCode> {
  const wrong = (message: string): ExitCode => {
    stderr(`gregor ping: ${message}\nTry: gregor ping --help\n`)
    return exitCodes.usage
  }
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    return wrong((error as Error).message.replace(/\. .*$/s, ''))
  }
  const { values, positionals } = parsed
  if (values.help) {
    stdout(pingHelpText)
    return exitCodes.clean
  }
  if (positionals.length > 0) return wrong('takes no arguments but options')
  if (!/^\d{1,6}$/.test(values['timeout-ms']) || Number(values['timeout-ms']) === 0)
    return wrong('--timeout-ms takes 1 to 999999')
  const address = values['bootstrap-server']
  let target: Target | null
  try {
    target =
      address === undefined ? targetOf(resolveBrokerConfig(configured()).config.listeners) : parseTarget(address, values.tls)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return wrong(error.message)
  }
  if (target === null) return wrong('--bootstrap-server takes HOST:PORT, such as localhost:9092')
  const name = addressText(target.host, target.port)
  const problem = await problemOf(target, Number(values['timeout-ms']), world)
  if (problem === null) stdout(`${name} answers\n`)
  else stderr(`gregor ping: ${name}: ${problem}\n`)
  return problem === null ? exitCodes.clean : exitCodes.fatal
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      'bootstrap-server': { type: 'string' },
      tls: { type: 'boolean', default: false },
      'timeout-ms': { type: 'string', default: '4000' },
    },
  })
}

function parseTarget(address: string, hasTls: boolean): Target | null {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? []
  const host = bracketed ?? plain
  return host === undefined || port === undefined || Number(port) > 65_535 ? null : { host, port: Number(port), hasTls }
}

/** A listener that can be asked without a certificate, where there is one. */
function targetOf(listeners: readonly ListenerConfig[]): Target {
  const hasTls = ({ protocol }: ListenerConfig): boolean => protocol.endsWith('SSL')
  const listener = (listeners.find(listener => !hasTls(listener)) ?? listeners[0]) as ListenerConfig
  if (listener.port === 0) throw new ConfigError([`listener ${listener.name} has a free port; name it with --bootstrap-server`])
  const everywhere: Readonly<Record<string, string>> = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '::1' }
  return { host: everywhere[listener.host] ?? listener.host, port: listener.port, hasTls: hasTls(listener) }
}

/** What keeps the broker from answering, or null. A TLS handshake is an answer; what follows may need a certificate. */
function problemOf({ host, port, hasTls }: Target, timeoutMs: number, world: World): Promise<string | null> {
  return new Promise(resolve => {
    const socket: Socket = hasTls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port })
    const finish = (problem: string | null): void => {
      deadline.cancel()
      socket.destroy()
      resolve(problem)
    }
    const deadline = world.after(timeoutMs, () => finish(`no answer within ${timeoutMs} ms`))
    let received = Buffer.alloc(0)
    socket.on('error', error => finish(error.message))
    socket.on('close', () => finish('the connection was closed'))
    socket.on('secureConnect', () => finish(null))
    if (hasTls) return
    socket.on('connect', () => socket.write(request()))
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (received.length > answerBytesMax) finish('this is no Kafka broker')
      else if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) finish(problemIn(received.subarray(4)))
    })
  })
}

const correlationId = 1
const answerBytesMax = 65_536

/** Version 0: every broker answers it, also before a login. */
function request(): Uint8Array {
  const writer = new Writer()
  writer.reset()
  writer.int32(0)
  writer.int16(ApiVersions.key)
  writer.int16(0)
  writer.int32(correlationId)
  writer.string('gregor-ping')
  encode(ApiVersions.request, 0, writer, { clientSoftwareName: '', clientSoftwareVersion: '' })
  writer.patchInt32(0, writer.position - 4)
  return writer.finish()
}

function problemIn(frame: Buffer): string | null {
  try {
    const reader = new Reader(frame)
    if (reader.int32() !== correlationId) return 'this is no Kafka broker'
    const { errorCode } = decode(ApiVersions.response, 0, reader)
    return errorCode === Errors.NONE ? null : `the broker answers ${errorName(errorCode)}`
  } catch {
    return 'this is no Kafka broker'
  }
}
