/** A broker with its HTTP port for the tests of this room, and requests to it that may say anything: a path is sent as it is. */
import http from 'node:http'
import https from 'node:https'
import { silentLog } from '../base/log.js'
import { realWorld, type World } from '../base/world.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { parseScramUser, type ScramUser } from '../security/scram-argument.js'
import { type RunningBroker, startBroker } from '../server/broker.js'
import { type HttpListener, openHttp } from './listener.js'

export interface HttpBroker extends AsyncDisposable {
  readonly broker: RunningBroker
  readonly http: HttpListener
  readonly port: number
  ask(path: string, request?: AskOptions): Promise<Answer>
  /** The body of an answer that must be good. */
  json<T = Record<string, unknown>>(path: string, request?: AskOptions): Promise<T>
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON unless it is a text or bytes. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

export interface HttpBrokerOptions {
  readonly config?: Readonly<Record<string, string>>
  readonly world?: World
  readonly addScram?: readonly string[]
}

export async function httpBroker({ config = {}, world = realWorld, addScram = [] }: HttpBrokerOptions = {}): Promise<HttpBroker> {
  const entries = {
    listeners: 'PLAINTEXT://127.0.0.1:0',
    'offsets.topic.num.partitions': '2',
    'transaction.state.log.num.partitions': '2',
    'gregor.http.listener': '127.0.0.1:0',
    // Records of tests are old.
    'log.retention.ms': '-1',
    ...config,
  }
  const broker = await startBroker({
    config: resolveBrokerConfig([optionsLayer(entries)]).config,
    world,
    log: silentLog,
    isEphemeral: config['log.dirs'] === undefined,
    unref: false,
    scramUsers: addScram.map(text => parseScramUser(text) as ScramUser),
    onFatal: error => {
      throw error
    },
  })
  const listener = await openHttp({ broker, world, log: silentLog, unref: false }).catch(async error => {
    await broker.stop(0)
    throw error
  })
  if (listener === null) throw new Error('there is no HTTP port')
  const { port } = new URL(listener.url)
  const agent = listener.hasTls
    ? new https.Agent({ keepAlive: true, rejectUnauthorized: false })
    : new http.Agent({ keepAlive: true })
  const ask: HttpBroker['ask'] = (path, request = {}) => send(listener.url, agent, path, request)
  return {
    broker,
    http: listener,
    port: Number(port),
    ask,
    async json<T>(path: string, request?: AskOptions) {
      const { status, text, json } = await ask(path, request)
      if (status >= 300) throw new Error(`${request?.method ?? 'GET'} ${path}: ${status} ${text}`)
      return json as T
    },
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await listener.close(0)
      await broker.stop(0)
    },
  }
}

function send(origin: string, agent: http.Agent, path: string, { method, headers = {}, body }: AskOptions): Promise<Answer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const bytes = body === undefined ? undefined : isRaw ? body : JSON.stringify(body)
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  // Node sends no length with a DELETE by itself.
  if (bytes !== undefined && headers['transfer-encoding'] === undefined) type['content-length'] = `${Buffer.byteLength(bytes)}`
  const { protocol, hostname, port } = new URL(origin)
  const { request } = protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    let isAnswered = false
    const sent = request(
      { hostname, port, path, agent, method: method ?? (body === undefined ? 'GET' : 'POST'), headers: { ...type, ...headers } },
      answer => {
        isAnswered = true
        const chunks: Buffer[] = []
        answer.on('data', chunk => chunks.push(chunk)).on('error', reject)
        answer.on('end', () => {
          if (!sent.writableEnded) sent.destroy()
          const text = Buffer.concat(chunks).toString('utf8')
          const isJson = answer.headers['content-type']?.startsWith('application/json')
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            json: isJson && text !== '' ? JSON.parse(text) : null,
          })
        })
      },
    )
    sent.on('error', reject)
    void pour(sent, Buffer.from(bytes ?? ''), () => isAnswered)
  })
}

/** A piece at a time: who is answered already, as with a body that is too large, sends no more of it. */
async function pour(sent: http.ClientRequest, body: Uint8Array, isAnswered: () => boolean): Promise<void> {
  const pieceBytes = 256 * 1024
  for (let at = 0; at < body.byteLength && !isAnswered(); at += pieceBytes) {
    await new Promise<void>(resolve => void sent.write(body.subarray(at, at + pieceBytes), () => resolve()))
  }
  if (!isAnswered()) sent.end()
}
