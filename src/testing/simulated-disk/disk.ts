/**
 * A disk in memory behind the Files port, for tests: it can lose power, fail at the n-th call and hold syncs back. It shows
 * what the operating system would show and remembers what a sync has made durable; see crash.ts for the fault model.
 *
 *   const disk = new SimulatedDisk('/data')
 *   … run something on disk.files …
 *   const found = disk.crash('pages', random)      // another disk: what the next start finds
 */

import { asDiskFailure, type DiskFailure, type Files } from '../../storage/files.js'
import type { SeededRandom } from '../seeded-random.js'
import { afterCrash, type CrashPolicy } from './crash.js'
import { SimulatedFile, SimulatedFolder, type SimulatedNode } from './nodes.js'

export type DiskOperation = Exclude<keyof Files, 'close' | 'isDirectory' | 'room' | 'lockDirectory'> | 'synced'

/** A call that is about to be carried out. */
export interface DiskCall {
  /** Counted from 1. */
  readonly number: number
  readonly operation: DiskOperation
  readonly path: string
  /** False for calls that only look. */
  readonly changes: boolean
}

/** How a call fails. EMFILE: one that opens something. `short`: a write of which half is in place before it is full. */
export type DiskFault = 'EIO' | 'ENOSPC' | 'EMFILE' | 'short'

/** A sync that was asked for and has not ended. */
export interface PendingSync {
  readonly path: string
  finish(): void
}

interface OpenFile {
  readonly file: SimulatedFile
  readonly path: string
}

const changing: ReadonlySet<DiskOperation> = new Set([
  'open',
  'write',
  'truncate',
  'syncData',
  'syncPath',
  'synced',
  'makeDirectory',
  'makeTemporaryDirectory',
  'rename',
  'link',
  'remove',
  'removeLater',
  'writeWhole',
])

export class SimulatedDisk {
  readonly files: Files = this.#makeFiles()
  /** Called before every call; answers how the call fails, if it should. */
  beforeCall: (call: DiskCall) => DiskFault | undefined = () => undefined
  /** Syncs that have begun. They end when `finish` is called, in any order, unless the disk is eager. */
  readonly pendingSyncs: PendingSync[] = []
  /** Syncs end by themselves, one turn of the microtask queue later. */
  isEager = true
  callCount = 0

  readonly #root: SimulatedFolder
  readonly #open = new Map<number, OpenFile>()
  readonly #locks = new Set<string>()
  #nextDescriptor = 1000
  #order = 0

  /** A disk with the empty folder `path`, or with what a crash left. */
  constructor(path: string, root: SimulatedFolder = new SimulatedFolder()) {
    this.#root = root
    let folder = root
    for (const name of partsOf(path)) {
      let next = folder.shown.get(name)
      if (!(next instanceof SimulatedFolder)) {
        next = new SimulatedFolder()
        folder.shown.set(name, next)
        folder.durable.set(name, next)
      }
      folder = next
    }
  }

  /** What the next start finds when the power fails now. This disk goes on as if nothing had happened. */
  crash(policy: CrashPolicy, random: SeededRandom): SimulatedDisk {
    return new SimulatedDisk('/', afterCrash(this.#root, policy, random))
  }

  /** The process that uses the disk is no more; what it wrote is there. */
  endProcess(): void {
    this.#locks.clear()
  }

  get openCount(): number {
    return this.#open.size
  }

  /** Paths of all files below `path`, sorted. */
  paths(path = '/'): string[] {
    const found: string[] = []
    const walk = (folder: SimulatedFolder, prefix: string): void => {
      for (const [name, node] of folder.shown) {
        if (node instanceof SimulatedFolder) walk(node, `${prefix}/${name}`)
        else found.push(`${prefix}/${name}`)
      }
    }
    const folder = this.#find(path)
    if (folder instanceof SimulatedFolder) walk(folder, path === '/' ? '' : path)
    return found.sort()
  }

  /** Changes bytes where they lie, on stable storage, unnoticed. */
  damage(path: string, change: (bytes: Buffer) => void): void {
    const file = this.#fileAt(path)
    const bytes = Buffer.from(file.shown.bytes)
    change(bytes)
    file.write(++this.#order, 0, bytes)
    file.settle(this.#order)
  }

  #makeFiles(): Files {
    return {
      open: (path, mode) => {
        this.#enter('open', path)
        let node = this.#find(path)
        if (node === undefined && mode === 'create') {
          node = new SimulatedFile()
          this.#folderOf(path).change(++this.#order, [nameOf(path), node])
        }
        if (!(node instanceof SimulatedFile)) throw failure('ENOENT', `open ${path}`)
        const descriptor = this.#nextDescriptor++
        this.#open.set(descriptor, { file: node, path })
        return descriptor
      },
      close: fd => {
        this.#opened(fd)
        this.#open.delete(fd)
      },
      write: (fd, bytes, start, length, position) => {
        const { file, path } = this.#opened(fd)
        const fault = this.#faultAt('write', path)
        const kept = fault === undefined ? length : fault === 'short' ? length >>> 1 : 0
        if (kept > 0) file.write(++this.#order, position, Buffer.from(bytes.subarray(start, start + kept)))
        if (fault !== undefined) throw failure(errnoOf(fault), `write ${path}`)
      },
      read: (fd, bytes, start, length, position) => {
        const { file, path } = this.#opened(fd)
        this.#enter('read', path)
        const part = file.shown.bytes.subarray(position, position + length)
        bytes.set(part, start)
        return part.byteLength
      },
      size: fd => {
        const { file, path } = this.#opened(fd)
        this.#enter('size', path)
        return file.shown.size
      },
      truncate: (fd, size) => {
        const { file, path } = this.#opened(fd)
        this.#enter('truncate', path)
        file.resize(++this.#order, size)
      },
      syncData: fd => {
        const { file, path } = this.#opened(fd)
        return this.#sync('syncData', path, file)
      },
      syncPath: path => {
        const node = this.#find(path)
        return node === undefined ? Promise.reject(failure('ENOENT', `fsync ${path}`)) : this.#sync('syncPath', path, node)
      },
      makeDirectory: path => {
        this.#enter('makeDirectory', path)
        this.#makeFolder(path)
      },
      makeTemporaryDirectory: prefix => {
        this.#enter('makeTemporaryDirectory', prefix)
        const path = `${prefix}${++this.#order}`
        this.#makeFolder(path)
        return path
      },
      list: path => {
        this.#enter('list', path)
        const node = this.#find(path)
        if (!(node instanceof SimulatedFolder)) throw failure('ENOENT', `list ${path}`)
        return [...node.shown.keys()]
      },
      rename: (from, to) => {
        this.#enter('rename', from)
        const node = this.#find(from)
        const folder = this.#folderOf(from)
        if (node === undefined) throw failure('ENOENT', `rename ${from}`)
        if (folder !== this.#folderOf(to)) throw new Error('the simulated disk renames within one folder')
        folder.change(++this.#order, [nameOf(from), null], [nameOf(to), node])
      },
      link: (from, to) => {
        this.#enter('link', to)
        const node = this.#find(from)
        if (node === undefined) throw failure('ENOENT', `link ${from}`)
        if (this.#find(to) !== undefined) return false
        this.#folderOf(to).change(++this.#order, [nameOf(to), node])
        return true
      },
      remove: path => {
        this.#enter('remove', path)
        this.#unlink(path)
      },
      removeLater: async path => {
        this.#enter('removeLater', path)
        this.#unlink(path)
      },
      readWhole: path => {
        this.#enter('readWhole', path)
        const node = this.#find(path)
        return node instanceof SimulatedFile ? Buffer.from(node.shown.bytes) : null
      },
      writeWhole: (path, bytes) => this.#writeWhole(path, Buffer.from(bytes as string)),
      sizeOf: path => {
        this.#enter('sizeOf', path)
        const node = this.#find(path)
        return node instanceof SimulatedFile ? node.shown.size : null
      },
      isDirectory: path => this.#find(path) instanceof SimulatedFolder,
      room: async () => ({ totalBytes: -1, usableBytes: -1 }),
      lockDirectory: path => {
        if (this.#locks.has(path)) return 'taken'
        this.#locks.add(path)
        return { release: () => void this.#locks.delete(path) }
      },
    }
  }

  /** As the system does it: an existing file is cut to nothing first. */
  #writeWhole(path: string, bytes: Buffer): void {
    const fault = this.#faultAt('writeWhole', path)
    if (fault !== undefined && fault !== 'short') throw failure(fault, `write ${path}`)
    let node = this.#find(path)
    if (node === undefined) {
      node = new SimulatedFile()
      this.#folderOf(path).change(++this.#order, [nameOf(path), node])
    }
    if (!(node instanceof SimulatedFile)) throw failure('EISDIR', `write ${path}`)
    node.resize(++this.#order, 0)
    const kept = fault === 'short' ? bytes.byteLength >>> 1 : bytes.byteLength
    if (kept > 0) node.write(++this.#order, 0, bytes.subarray(0, kept))
    if (fault === 'short') throw failure('ENOSPC', `write ${path}`)
  }

  #sync(operation: 'syncData' | 'syncPath', path: string, node: SimulatedNode): Promise<void> {
    const fault = this.#faultAt(operation, path)
    // It did not even begin.
    if (fault === 'EMFILE') return Promise.reject(failure(fault, `fsync ${path}`))
    const upTo = this.#order
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.pendingSyncs.splice(this.pendingSyncs.indexOf(sync), 1)
        const late = this.#faultAt('synced', path)
        if (fault === undefined && late === undefined) {
          node.settle(upTo)
          resolve()
        } else {
          node.lose(upTo)
          reject(failure('EIO', `fsync ${path}`))
        }
      }
      const sync: PendingSync = { path, finish }
      this.pendingSyncs.push(sync)
      if (this.isEager) queueMicrotask(finish)
    })
  }

  #enter(operation: DiskOperation, path: string): void {
    const fault = this.#faultAt(operation, path)
    if (fault !== undefined) throw failure(errnoOf(fault), `${operation} ${path}`)
  }

  #faultAt(operation: DiskOperation, path: string): DiskFault | undefined {
    return this.beforeCall({ number: ++this.callCount, operation, path, changes: changing.has(operation) })
  }

  #opened(fd: number): OpenFile {
    const opened = this.#open.get(fd)
    if (opened === undefined) throw new Error(`EBADF: descriptor ${fd} is not open`)
    return opened
  }

  #find(path: string): SimulatedNode | undefined {
    let node: SimulatedNode | undefined = this.#root
    for (const name of partsOf(path)) node = node instanceof SimulatedFolder ? node.shown.get(name) : undefined
    return node
  }

  #fileAt(path: string): SimulatedFile {
    const node = this.#find(path)
    if (!(node instanceof SimulatedFile)) throw failure('ENOENT', path)
    return node
  }

  #folderOf(path: string): SimulatedFolder {
    const folder = this.#find(path.slice(0, path.lastIndexOf('/')))
    if (!(folder instanceof SimulatedFolder)) throw failure('ENOENT', path)
    return folder
  }

  #makeFolder(path: string): void {
    let folder = this.#root
    for (const name of partsOf(path)) {
      let next = folder.shown.get(name)
      if (next === undefined) {
        next = new SimulatedFolder()
        folder.change(++this.#order, [name, next])
      }
      if (!(next instanceof SimulatedFolder)) throw failure('ENOTDIR', `mkdir ${path}`)
      folder = next
    }
  }

  #unlink(path: string): void {
    const node = this.#find(path)
    if (node === undefined) return
    if (node instanceof SimulatedFolder) for (const name of [...node.shown.keys()]) this.#unlink(`${path}/${name}`)
    this.#folderOf(path).change(++this.#order, [nameOf(path), null])
  }
}

const knownParts = new Map<string, string[]>()
const knownPartsMax = 10_000

function partsOf(path: string): string[] {
  let parts = knownParts.get(path)
  if (parts === undefined) {
    if (knownParts.size >= knownPartsMax) knownParts.clear()
    parts = path.split('/').filter(part => part !== '')
    knownParts.set(path, parts)
  }
  return parts
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function errnoOf(fault: DiskFault): string {
  return fault === 'short' ? 'ENOSPC' : fault
}

function failure(code: string, what: string): DiskFailure {
  return asDiskFailure(Object.assign(new Error(code), { code }), what)
}
