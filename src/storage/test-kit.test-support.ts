/** What the tests of this room share: temporary folders, a directory with a clock of its own, batches, and reading bytes. */

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'
import type { Bytes } from '../base/bytes.js'
import type { Offset } from '../base/ids.js'
import { atOnce, type Slice } from '../base/slice.js'
import { isErrorCode, isRefusal } from '../protocol/errors.js'
import { baseOffset, batchLength, lastOffset } from '../protocol/records/batch.js'
import { type BatchOptions, buildBatch } from '../protocol/records/build.js'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.js'
import type { DataDirectory, UpkeepSettings } from './directory/data-directory.js'
import { openDataDirectory } from './directory/open-directory.js'
import type { DiskFailure, Files } from './files.js'
import { defaultLogConfig, type LogConfig } from './log-config.js'
import type { Partition } from './partition.js'
import type { Appended, AppendOrigin, Durability, ReadLimits, StorageLog } from './types.js'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gregor-test-'))
  folders.push(folder)
  return folder
}

/** The state of a directory as kill -9 would leave it: everything that reached the operating system. */
export function copyFolder(from: string): string {
  const to = temporaryFolder()
  fs.cpSync(from, to, { recursive: true })
  fs.rmSync(path.join(to, '.lock'), { force: true })
  return to
}

export interface TestDirectory {
  readonly directory: DataDirectory
  readonly world: FakeWorld
  readonly path: string
  readonly warnings: string[]
  readonly failures: DiskFailure[]
  /** Syncs wait here in `fsync` mode until a test runs them. */
  readonly deferred: (() => void)[]
  config: LogConfig
}

export interface TestOptions {
  readonly path?: string | null
  readonly durability?: Durability
  readonly config?: Partial<LogConfig>
  readonly files?: Files
  /** Leaves syncs to the test, in `deferred`. */
  readonly defers?: boolean
  readonly upkeep?: UpkeepSettings
}

export async function openTest(options: TestOptions = {}): Promise<TestDirectory> {
  const world = fakeWorld()
  const warnings: string[] = []
  const failures: DiskFailure[] = []
  const deferred: (() => void)[] = []
  const log: StorageLog = {
    info: () => {},
    warn: message => void warnings.push(message),
    error: message => void warnings.push(message),
  }
  const folder = options.path === undefined ? temporaryFolder() : options.path
  const test: { config: LogConfig } = { config: { ...defaultLogConfig, ...options.config } }
  const directory = await openDataDirectory({
    path: folder,
    durability: options.durability ?? 'os',
    world,
    log,
    onFatal: failure => void failures.push(failure),
    nodeId: 1,
    configFor: () => () => test.config,
    ...(options.files === undefined ? {} : { files: options.files }),
    ...(options.upkeep === undefined ? {} : { upkeep: options.upkeep }),
    ...(options.defers === true ? { defer: (run: () => void) => void deferred.push(run) } : {}),
  })
  return Object.assign(test, { directory, world, path: directory.path, warnings, failures, deferred })
}

export const topicId = 'AbCdEfGhIjKlMnOpQrStUw'
export const client: AppendOrigin = { kind: 'client', apiVersion: 11 }
export const everything: ReadLimits = { maxBytes: 1 << 30, atLeastOneBatch: true, isolation: 'read_uncommitted' }

export interface TestBatch extends BatchOptions {
  readonly count?: number
  readonly valueBytes?: number
}

/** A batch whose values tell it apart: `label` and the record's index. */
export function batchOf(label: string, options: TestBatch = {}): Bytes {
  const { count = 1, valueBytes = 10, ...rest } = options
  const records = Array.from({ length: count }, (_, n) => {
    return { key: Buffer.from(`k${n}`), value: Buffer.from(`${label}#${n}`.padEnd(valueBytes, '.')) }
  })
  return buildBatch(records, { timestampMs: 1_700_000_000_000, ...rest })
}

export function append(partition: Partition, batch: Bytes, origin = client): Appended {
  const outcome = partition.append(batch, origin)
  if (isRefusal(outcome)) throw new Error(`refused: ${outcome.errorCode} ${outcome.message}`)
  return outcome
}

/** The bytes of slices, which are released. */
export function bytesOf(slices: readonly Slice[]): Buffer {
  const parts = slices.map(slice => {
    const bytes = Buffer.alloc(slice.byteLength)
    const count = fs.readSync(slice.fd, bytes, 0, slice.byteLength, slice.position)
    slice.release()
    return bytes.subarray(0, count)
  })
  return Buffer.concat(parts)
}

export function readBytes(partition: Partition, from: Offset, limits: Partial<ReadLimits> = {}): Buffer {
  const read = atOnce(partition.read(from, { ...everything, ...limits }))
  if (isErrorCode(read)) throw new Error(`error ${read}`)
  const bytes = bytesOf(read.slices)
  if (bytes.byteLength !== read.byteLength) throw new Error('byteLength is not what the slices hold')
  return bytes
}

/** Offsets of the batches in `bytes` as `first-last`; throws on anything that is not whole batches. */
export function offsetsIn(bytes: Bytes): string[] {
  const found: string[] = []
  let at = 0
  while (at < bytes.byteLength) {
    const length = batchLength(bytes, at)
    if (length < 61 || at + length > bytes.byteLength) throw new Error(`no whole batch at ${at}`)
    found.push(`${baseOffset(bytes, at)}-${lastOffset(bytes, at)}`)
    at += length
  }
  return found
}
