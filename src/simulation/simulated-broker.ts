/**
 * A whole broker core on a simulated disk, with a clock that only the caller moves and no socket: requests go to dispatch
 * as encoded frames and come back decoded, as on the wire. Syncs end when the caller says so. One value is one life of the
 * process; what the disk keeps is where the next one begins.
 */

import { copyOf } from '../base/bytes.js'
import type { Log } from '../base/log.js'
import { copyAtOnce } from '../base/slice.js'
import type { BrokerConfig } from '../config/broker-config.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import type { ConnectionService } from '../net/connection.js'
import type { ConnectionInfo } from '../net/connection-info.js'
import { decode, encode } from '../protocol/codec.js'
import type { Outgoing } from '../protocol/frame.js'
import { type Api, type DecodedResponseOf, type Encodable, type Fields, inRange } from '../protocol/schema.js'
import { Reader, Writer } from '../protocol/wire.js'
import { type BrokerCore, openCore } from '../server/core.js'
import type { Files } from '../storage/files.js'
import type { Durability } from '../storage/types.js'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.js'
import type { SimulatedDisk } from '../testing/simulated-disk/disk.js'

export const dataPath = '/data'

/** Small enough that a short run rolls segments, writes index entries and has more than one partition of offsets. */
export const simulatedSegmentBytes = 1500
const indexIntervalBytes = 200

export interface SimulationOptions {
  readonly disk: SimulatedDisk
  readonly seed: number
  readonly nowMs?: number
  /** What the broker uses instead of the disk's own files: how a deliberate fault gets in. */
  readonly files?: Files
  readonly durability?: Durability
  readonly segmentBytes?: number
  /** More settings, or others. */
  readonly settings?: Readonly<Record<string, string>>
}

const connection: ConnectionInfo = {
  id: 1,
  listenerName: 'PLAINTEXT',
  listenerProtocol: 'PLAINTEXT',
  connectedMs: 0,
  peerName: null,
  remoteAddress: '127.0.0.1',
  remotePort: 50000,
  localAddress: '127.0.0.1',
  localPort: 9092,
}

const configs = new Map<string, BrokerConfig>()

function configFor(durability: Durability, settings: Readonly<Record<string, string>>): BrokerConfig {
  const key = JSON.stringify([durability, settings])
  let config = configs.get(key)
  if (config === undefined) {
    const values = {
      'log.dirs': dataPath,
      'offsets.topic.num.partitions': '2',
      'transaction.state.log.num.partitions': '2',
      'gregor.durability': durability,
      ...settings,
    }
    config = resolveBrokerConfig([optionsLayer(values)]).config
    configs.set(key, config)
  }
  return config
}

export class SimulatedBroker {
  readonly disk: SimulatedDisk
  readonly world: FakeWorld
  readonly core: BrokerCore
  /** Errors that the broker logged. */
  readonly errors: string[]
  readonly warnings: string[]
  /** What ended the broker, if something did. */
  readonly fatal: Error[]
  readonly #deferred: (() => void)[]
  readonly #service: ConnectionService
  readonly #writer = new Writer(4096)
  #nextCorrelationId = 0

  private constructor(
    parts: Pick<SimulatedBroker, 'disk' | 'world' | 'core' | 'errors' | 'warnings' | 'fatal'>,
    deferred: (() => void)[],
  ) {
    this.disk = parts.disk
    this.world = parts.world
    this.core = parts.core
    this.errors = parts.errors
    this.warnings = parts.warnings
    this.fatal = parts.fatal
    this.#deferred = deferred
    this.#service = parts.core.serve(connection, { muteFor() {}, close() {}, boundFrames() {} })
  }

  /** Recovers what the disk holds. Syncs of the recovery end by themselves. */
  static async open({
    disk,
    seed,
    nowMs,
    files,
    durability = 'fsync',
    segmentBytes,
    settings = {},
  }: SimulationOptions): Promise<SimulatedBroker> {
    const world = fakeWorld({ seed, ...(nowMs === undefined ? {} : { nowMs }) })
    const deferred: (() => void)[] = []
    const [errors, warnings, fatal]: [string[], string[], Error[]] = [[], [], []]
    const log: Log = {
      debug() {},
      info() {},
      warn: (fields, message) => void warnings.push(`${message} ${textOf(fields)}`),
      error: (fields, message) => void errors.push(`${message} ${textOf(fields)}`),
    }
    disk.isEager = true
    const core = await openCore({
      config: configFor(durability, settings),
      world,
      log,
      isEphemeral: false,
      onFatal: error => void fatal.push(error),
      files: files ?? disk.files,
      defer: run => (disk.isEager ? queueMicrotask(run) : void deferred.push(run)),
      adjustLog: (_topic, settings) => ({ ...settings, segmentBytes: segmentBytes ?? simulatedSegmentBytes, indexIntervalBytes }),
    })
    disk.isEager = false
    return new SimulatedBroker({ disk, world, core, errors, warnings, fatal }, deferred)
  }

  /** Sends a request; its effects are decided when this returns, its answer comes when the broker gives it. */
  request<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): Promise<DecodedResponseOf<Api<Req, Res>>> {
    const frame = this.#frame(api as unknown as Api, version, body)
    const dispatched = this.#service.dispatch(frame, true)
    const answer = dispatched === null || 'bytes' in dispatched ? Promise.resolve(dispatched) : dispatched.answer
    return answer.then(outgoing => {
      if (outgoing === null) throw new Error(`${api.name} is not answered`)
      const reader = new Reader(wholeFrame(outgoing), 8)
      if (inRange(api.flexible, version)) reader.skipTags()
      return decode(api.response, version, reader) as DecodedResponseOf<Api<Req, Res>>
    })
  }

  /** Everything that waited for the end of a batch of requests runs now: group commits begin. */
  runDeferred(): void {
    for (const run of this.#deferred.splice(0)) run()
  }

  /** Lets what is settled have its consequences. No time passes and no sync ends. */
  settle(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve))
  }

  /** Ends syncs and begins the next until `promise` has its result. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const done = (): void => {
      isDone = true
    }
    promise.then(done, done)
    for (let turn = 0; turn < turnsMax; turn++) {
      this.runDeferred()
      for (const sync of [...this.disk.pendingSyncs]) sync.finish()
      await this.settle()
      if (isDone) return promise
    }
    throw new Error('the broker does not come to an end')
  }

  /** Stops in order. */
  async stop(): Promise<void> {
    this.core.stopServing()
    await this.until(this.core.close())
  }

  #frame(api: Api, version: number, body: unknown): Uint8Array {
    const writer = this.#writer
    writer.reset()
    writer.int16(api.key)
    writer.int16(version)
    writer.int32(this.#nextCorrelationId++)
    writer.string('simulation')
    if (inRange(api.flexible, version)) writer.uint8(0)
    encode(api.request, version, writer, body as never)
    return writer.finish()
  }
}

const turnsMax = 1000

function textOf(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? value.message : String(value)}`)
    .join(' ')
}

/** The answer as a client receives it: ranges of files are read where they belong, and let go. */
function wholeFrame({ bytes, inserts, byteLength }: Outgoing): Buffer {
  const frame = Buffer.alloc(byteLength)
  let from = 0
  let at = 0
  for (const { position, source } of inserts ?? []) {
    frame.set(bytes.subarray(from, position), at)
    at += position - from
    from = position
    at += copyAtOnce(source, frame, at)
    source.release()
  }
  frame.set(copyOf(bytes.subarray(from)), at)
  return frame
}
