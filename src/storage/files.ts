/**
 * The port to the disk. Storage opens, writes, syncs and renames through one Files value, so that a simulated disk can replace
 * it. Fetched records are the exception: net reads or sends them from the descriptor of a segment. Synchronous calls touch
 * only the page cache; what waits for the device is a promise. A failed call throws DiskFailure and nothing else; a missing
 * file is null where that is normal.
 */
import fs from 'node:fs'
import { dirname } from 'node:path'
import type { Bytes } from '../base/bytes.js'
import { tryFlock } from './flock.js'

/**
 * Why a call was refused. `full`: no room. `exhausted`: no file descriptor is left. Both may pass, and nothing is torn. `denied`:
 * the path is not for us (rights, another kind of file, nothing there); at a start that is a wrong directory, later it is as
 * bad as `broken`, which is everything else.
 */
export type DiskFailureKind = 'full' | 'exhausted' | 'denied' | 'broken'

const kindOfErrno: Readonly<Record<string, DiskFailureKind>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EMFILE: 'exhausted',
  ENFILE: 'exhausted',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOENT: 'denied',
  EEXIST: 'denied',
  ENOTDIR: 'denied',
  EISDIR: 'denied',
  ELOOP: 'denied',
  ENAMETOOLONG: 'denied',
}

const toldOfKind: Readonly<Record<DiskFailureKind, string>> = {
  full: 'The disk is full',
  exhausted: 'No file descriptor is left',
  denied: 'The disk failed',
  broken: 'The disk failed',
}

export class DiskFailure extends Error {
  override readonly name = 'DiskFailure'
  readonly kind: DiskFailureKind

  constructor(message: string, kind: DiskFailureKind, cause: unknown) {
    super(message, { cause })
    this.kind = kind
  }

  /** For clients; the message names paths of this machine. */
  get told(): string {
    return toldOfKind[this.kind]
  }

  /** The same call may succeed later, and the disk holds what it held. */
  get mayPass(): boolean {
    return this.kind === 'full' || this.kind === 'exhausted'
  }
}

export interface Files {
  /** Opens for reading, or for reading and writing; `create` makes the file when it is missing. */
  open(path: string, mode: 'read' | 'write' | 'create'): number
  close(fd: number): void
  /** Writes all of `length` bytes or throws. */
  write(fd: number, bytes: Bytes, start: number, length: number, position: number): void
  /** Reads up to `length` bytes; fewer only at the end of the file. */
  read(fd: number, bytes: Bytes, start: number, length: number, position: number): number
  size(fd: number): number
  truncate(fd: number, size: number): void
  /** fdatasync in the thread pool. */
  syncData(fd: number): Promise<void>
  /** fsync of a file or directory by name, in the thread pool. */
  syncPath(path: string): Promise<void>

  /** @param isPrivate nobody else of the machine looks into it; of one that is there nothing changes */
  makeDirectory(path: string, isPrivate?: boolean): void
  makeTemporaryDirectory(prefix: string): string
  /** Names in a directory, unsorted. */
  list(path: string): string[]
  rename(from: string, to: string): void
  /** A second name for the same file; false when `to` is taken. */
  link(from: string, to: string): boolean
  /** Removes a file or a whole tree; a missing one is no error. */
  remove(path: string): void
  removeLater(path: string): Promise<void>
  readWhole(path: string): Bytes | null
  /** `isSecret`: nobody but this user may read it. */
  writeWhole(path: string, bytes: Bytes | string, isSecret?: boolean): void
  /** Size of a file in bytes, or null when it is missing. */
  sizeOf(path: string): number | null
  isDirectory(path: string): boolean
  /** Of the file system that the path is on. */
  room(path: string): Promise<DiskRoom>
  /**
   * Takes the lock of a directory, which the system holds until it is released or the process ends. `taken`: another
   * process has it, in any container. Null: there is no such lock here.
   */
  lockDirectory(path: string): HeldLock | 'taken' | null
}

export interface DiskRoom {
  readonly totalBytes: number
  /** What this process may still fill. */
  readonly usableBytes: number
}

export interface HeldLock {
  release(): void
}

const flags = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
} as const

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}

/** The one place where an errno becomes storage's own word. */
export function asDiskFailure(error: unknown, what: string): DiskFailure {
  if (error instanceof DiskFailure) return error
  const kind = kindOfErrno[codeOf(error) ?? ''] ?? 'broken'
  return new DiskFailure(`${what}: ${error instanceof Error ? error.message : String(error)}`, kind, error)
}

function attempt<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw asDiskFailure(error, what)
  }
}

/** The machine's own file system. */
export const nodeFiles: Files = {
  open: (path, mode) => attempt(`open ${path}`, () => fs.openSync(path, flags[mode], 0o644)),
  close: fd => fs.closeSync(fd),
  write(fd, bytes, start, length, position) {
    // A nearly full disk takes a part first and says ENOSPC on the next call.
    let done = 0
    try {
      while (done < length) done += fs.writeSync(fd, bytes, start + done, length - done, position + done)
    } catch (error) {
      throw asDiskFailure(error, 'write')
    }
  },
  read(fd, bytes, start, length, position) {
    let done = 0
    try {
      while (done < length) {
        const count = fs.readSync(fd, bytes, start + done, length - done, position + done)
        if (count === 0) break
        done += count
      }
    } catch (error) {
      throw asDiskFailure(error, 'read')
    }
    return done
  },
  size: fd => attempt('stat', () => fs.fstatSync(fd).size),
  truncate: (fd, size) => attempt('truncate', () => fs.ftruncateSync(fd, size)),
  syncData: fd =>
    new Promise((resolve, reject) => {
      fs.fdatasync(fd, error => (error === null ? resolve() : reject(asDiskFailure(error, 'fdatasync'))))
    }),
  async syncPath(path) {
    try {
      const handle = await fs.promises.open(path, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw asDiskFailure(error, `fsync ${path}`)
    }
  },

  makeDirectory: (path, isPrivate = false) => attempt(`mkdir ${path}`, () => makeDirectories(path, isPrivate ? 0o700 : 0o777)),
  makeTemporaryDirectory: prefix => attempt(`mkdtemp ${prefix}`, () => fs.mkdtempSync(prefix)),
  list: path => attempt(`list ${path}`, () => fs.readdirSync(path)),
  rename: (from, to) => attempt(`rename ${from}`, () => fs.renameSync(from, to)),
  link(from, to) {
    try {
      fs.linkSync(from, to)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw asDiskFailure(error, `link ${to}`)
    }
  },
  remove: path => attempt(`remove ${path}`, () => fs.rmSync(path, { recursive: true, force: true })),
  async removeLater(path) {
    try {
      await fs.promises.rm(path, { recursive: true, force: true })
    } catch (error) {
      throw asDiskFailure(error, `remove ${path}`)
    }
  },
  readWhole(path) {
    try {
      return fs.readFileSync(path)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw asDiskFailure(error, `read ${path}`)
    }
  },
  writeWhole: (path, bytes, isSecret = false) =>
    attempt(`write ${path}`, () => {
      // A mode counts for a new file alone: one that is there may be open to others, and what reads it would go on reading.
      if (isSecret) fs.rmSync(path, { force: true })
      fs.writeFileSync(path, bytes, { mode: isSecret ? 0o600 : 0o666 })
    }),
  sizeOf: path => attempt(`stat ${path}`, () => fs.statSync(path, { throwIfNoEntry: false })?.size ?? null),
  isDirectory: path => fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  async room(path) {
    try {
      const { bsize, blocks, bavail } = await fs.promises.statfs(path)
      return { totalBytes: bsize * blocks, usableBytes: bsize * bavail }
    } catch (error) {
      throw asDiskFailure(error, `statfs ${path}`)
    }
  },
  lockDirectory(path) {
    // The directory itself: it takes no file, which a full disk would not give.
    const fd = attempt(`open ${path}`, () => fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY))
    const isOurs = tryFlock(fd)
    if (isOurs === true) return { release: () => fs.closeSync(fd) }
    fs.closeSync(fd)
    return isOurs === null ? null : 'taken'
  },
}

/**
 * Step by step: Node's own recursion never ends below a directory that is there but takes none, as /proc, because the system
 * says "no such file" for it too.
 */
function makeDirectories(path: string, mode = 0o777): void {
  try {
    fs.mkdirSync(path, mode)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      if (fs.statSync(path).isDirectory()) return
      throw new DiskFailure(`${path} is a file and not a directory`, 'denied', error)
    }
    const parent = dirname(path)
    const isBelowFile = codeOf(error) === 'ENOTDIR'
    if (!isBelowFile && (codeOf(error) !== 'ENOENT' || fs.existsSync(parent))) throw error
    makeDirectories(parent)
    fs.mkdirSync(path, mode)
  }
}

/**
 * Replaces a small file so that a crash leaves the old or the new one, never a part: tmp, fsync, rename, fsync of the
 * directory. Without `isDurable` only the rename guards it, which is enough against a crash of the process alone.
 */
export async function replaceFile(
  files: Files,
  folder: string,
  name: string,
  text: string,
  isDurable: boolean,
  isSecret = false,
): Promise<void> {
  const path = `${folder}/${name}`
  files.writeWhole(`${path}.tmp`, text, isSecret)
  if (isDurable) await files.syncPath(`${path}.tmp`)
  files.rename(`${path}.tmp`, path)
  if (isDurable) await files.syncPath(folder)
}
