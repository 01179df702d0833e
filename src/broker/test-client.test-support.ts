/**
 * Brokers and clients for the tests of this room: a whole broker on a free port of the loopback, and a client that speaks
 * the wire protocol through the same schemas, one request at a time or pipelined. It checks correlation ids and order.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bytes } from '../base/bytes.js'
import { utf8Encode } from '../base/bytes.js'
import { type Log, silentLog } from '../base/log.js'
import { realWorld, type World } from '../base/world.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { decode, encode } from '../protocol/codec.js'
import { Errors } from '../protocol/errors.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { Produce } from '../protocol/messages/produce.js'
import { type BatchOptions, buildBatch, type NewRecord } from '../protocol/records/build.js'
import { type Api, type DecodedResponseOf, type Encodable, type Fields, inRange } from '../protocol/schema.js'
import { Reader, Writer } from '../protocol/wire.js'
import { type RunningBroker, startBroker } from '../server/broker.js'
import { fakeWorld } from '../testing/fake-world.js'
import type { Handler, Interceptors } from './handler.js'

export interface TestBroker extends AsyncDisposable {
  readonly running: RunningBroker
  readonly port: number
  readonly fatal: Error[]
  connect(options?: { readonly clientId?: string | null }): Promise<TestClient>
  stop(): Promise<void>
}

export interface TestBrokerOptions {
  readonly config?: Readonly<Record<string, string>>
  /** Where data is kept; without it the broker is ephemeral. */
  readonly directory?: string
  readonly world?: World
  readonly log?: Log
  readonly interceptors?: Interceptors
}

export async function testBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const fatal: Error[] = []
  const { directory } = options
  const own = { listeners: 'PLAINTEXT://127.0.0.1:0', 'offsets.topic.num.partitions': '3', ...options.config }
  const entries = directory === undefined ? own : { ...own, 'log.dirs': directory }
  const { config } = resolveBrokerConfig([optionsLayer(entries)])
  const running = await startBroker({
    config,
    world: options.world ?? realWorld,
    log: options.log ?? silentLog,
    ...(options.interceptors === undefined ? {} : { interceptors: options.interceptors }),
    isEphemeral: directory === undefined,
    unref: false,
    onFatal: error => fatal.push(error),
  })
  const port = running.listeners[0]?.port as number
  let stopping: Promise<void> | undefined
  const clients: TestClient[] = []
  const stop = (): Promise<void> => {
    for (const client of clients) client.close()
    stopping ??= running.stop(options.world === undefined ? 1000 : 0)
    return stopping
  }
  const connect: TestBroker['connect'] = async ({ clientId = 'test' } = {}) => {
    const client = await TestClient.connect(port, clientId)
    clients.push(client)
    return client
  }
  return { running, port, fatal, connect, stop, [Symbol.asyncDispose]: stop }
}

/** A directory of the system's temporary one that goes with the test. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'gregor-broker-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A broker whose clock stands still until it is moved. */
export async function brokerInFakeTime(options: TestBrokerOptions = {}) {
  const world = fakeWorld()
  const broker = await testBroker({ ...options, world })
  return { broker, world }
}

interface Pending {
  readonly correlationId: number
  readonly resolve: (body: Reader | Error) => void
}

export class TestClient {
  readonly #socket: net.Socket
  readonly #clientId: string | null
  readonly #pending: Pending[] = []
  #received = Buffer.alloc(0)
  #nextCorrelationId = 1
  isClosed = false
  readonly #onClose: (() => void)[] = []

  private constructor(socket: net.Socket, clientId: string | null) {
    this.#socket = socket
    this.#clientId = clientId
    socket.on('error', () => {})
    socket.on('data', chunk => this.#take(chunk))
    socket.on('close', () => {
      this.isClosed = true
      for (const { resolve } of this.#pending.splice(0)) resolve(new Error('the broker closed the connection'))
      for (const wake of this.#onClose) wake()
    })
  }

  static connect(port: number, clientId: string | null = 'test'): Promise<TestClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new TestClient(socket, clientId)))
    })
  }

  /** Sends a request and waits for its answer. Rejects when the broker closes the connection instead. */
  async call<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    request: Encodable<Req>,
  ): Promise<DecodedResponseOf<Api<Req, Res>>> {
    if (this.isClosed) throw new Error('the connection is closed')
    const correlationId = this.#nextCorrelationId++
    const answer = new Promise<Reader | Error>(resolve => this.#pending.push({ correlationId, resolve }))
    this.write(requestBytes(api, version, correlationId, this.#clientId, request))
    const reader = await answer
    if (reader instanceof Error) throw reader
    if (inRange(api.flexible, version) && api.key !== ApiVersions.key) reader.skipTags()
    const response = decode(api.response, version, reader)
    if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes behind the answer of ${api.name} v${version}`)
    return response as DecodedResponseOf<Api<Req, Res>>
  }

  /** Sends a request that is not answered. */
  tell<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number, request: Encodable<Req>): void {
    this.write(requestBytes(api, version, this.#nextCorrelationId++, this.#clientId, request))
  }

  /** Sends a frame as it is; the body of the answer comes back behind its correlation id. */
  async exchange(frame: Bytes, correlationId: number): Promise<Reader> {
    const answer = new Promise<Reader | Error>(resolve => this.#pending.push({ correlationId, resolve }))
    this.write(frame)
    const reader = await answer
    if (reader instanceof Error) throw reader
    return reader
  }

  write(bytes: Bytes): void {
    this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Says that nothing more comes; answers are still read. */
  end(): void {
    this.#socket.end()
  }

  closed(): Promise<void> {
    return this.isClosed ? Promise.resolve() : new Promise(resolve => this.#onClose.push(resolve))
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.byteLength >= 4) {
      const length = this.#received.readInt32BE(0)
      if (this.#received.byteLength < 4 + length) return
      const body = this.#received.subarray(4, 4 + length)
      this.#received = this.#received.subarray(4 + length)
      const reader = new Reader(body)
      const correlationId = reader.int32()
      const pending = this.#pending.shift()
      if (pending === undefined) throw new Error(`an answer to no request: ${correlationId}`)
      const isIts = pending.correlationId === correlationId
      pending.resolve(isIts ? reader : new Error(`answer ${correlationId} in the place of ${pending.correlationId}`))
    }
  }

  // --- what most tests do ---

  async createTopic(name: string, numPartitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const { topics } = await this.call(CreateTopics, 7, {
      topics: [
        {
          name,
          numPartitions,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
    })
    const [topic] = topics
    if (topic === undefined || topic.errorCode !== Errors.NONE) throw new Error(`not created: ${topic?.errorMessage}`)
    return topic.topicId
  }

  /** Produces one batch with acks=all; the partition's answer. */
  async produce(topic: string, records: Bytes | null, { partition = 0, acks = -1, version = 9 } = {}) {
    const { responses } = await this.call(Produce, version, {
      acks,
      timeoutMs: 1000,
      topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
    })
    return responses[0]!.partitionResponses[0]!
  }

  /** Reads one partition without waiting; its answer. */
  async fetch(topic: string, fetchOffset: number, options: FetchOptions = {}) {
    const { responses } = await this.call(Fetch, options.version ?? 12, fetchRequest(topic, fetchOffset, options))
    return responses[0]!.partitions[0]!
  }

  async topicNames(): Promise<string[]> {
    const { topics } = await this.call(Metadata, 9, { topics: null })
    return topics.map(({ name }) => name ?? '').sort()
  }
}

export interface FetchOptions {
  readonly version?: number
  readonly partition?: number
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly isolationLevel?: number
}

export function fetchRequest(topic: string, fetchOffset: number, options: FetchOptions = {}) {
  const { partition = 0, maxWaitMs = 0, minBytes = 1, maxBytes = 1 << 20, partitionMaxBytes = 1 << 20 } = options
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel: options.isolationLevel ?? 0,
    topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes }] }],
  }
}

/** A whole request, length prefix included. */
export function requestBytes<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  correlationId: number,
  clientId: string | null,
  request: Encodable<Req>,
): Bytes {
  const writer = requestHeader(api.key, version, correlationId, clientId)
  if (inRange(api.flexible, version)) writer.uint8(0)
  encode(api.request, version, writer, request)
  return framed(writer)
}

/** The header that all versions share, with room for the length in front. */
export function requestHeader(apiKey: number, version: number, correlationId: number, clientId: string | null): Writer {
  const writer = new Writer()
  writer.int32(0)
  writer.int16(apiKey)
  writer.int16(version)
  writer.int32(correlationId)
  writer.nullableString(clientId)
  return writer
}

export function framed(writer: Writer): Bytes {
  writer.patchInt32(0, writer.position - 4)
  return writer.finish()
}

/** A batch of records with these values. */
export function batchOf(values: readonly (string | NewRecord)[], options: BatchOptions = {}): Bytes {
  const records = values.map(value => (typeof value === 'string' ? { key: null, value: utf8Encode(value) } : value))
  return buildBatch(records, { timestampMs: 1_700_000_000_000, ...options })
}

/** Every version that a handler serves, and that is at least `from`. */
export function versionsOf({ api }: Handler, from = 0): number[] {
  const versions: number[] = []
  for (let version = Math.max(from, api.versions.min); version <= api.versions.max; version++) versions.push(version)
  return versions
}

/** Lets what is under way in the process go on until `condition` holds. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
