/**
 * Group commit: many appends, one sync. Every partition has a line in which appends wait; a data directory syncs a bounded
 * number of partitions at a time. What is appended while a partition is being synced waits for its next sync.
 *
 *   append → line.request() ─┐                      ┌→ highWatermark moves, promise of the group resolves
 *   append → line.request() ─┴→ queue → target.sync()
 *   append → line.request() ───→ waits, goes next
 *
 * [fsyncgate] A failed sync is final: after it the kernel may have dropped the dirty pages and report success next time. It
 * is never retried; everything that waits and everything that comes later is refused. One that could not begin, because no
 * file descriptor is left, has lost nothing: it is tried again a little later, and requests that wait for it go on waiting.
 */
import { DiskFailure } from './files.js'

export interface SyncTarget {
  /** Resolves when everything appended before the call is on stable storage. */
  sync(): Promise<void>
}

/** Leaves one of the four threads of Node's pool free. */
export const parallelSyncsMax = 3

export interface CommitOptions {
  /** Called once: nothing is acknowledged any more. */
  readonly onFatal: (failure: DiskFailure) => void
  /** Runs its argument after the present batch of socket reads, so that their appends share one sync. */
  readonly defer?: ((run: () => void) => void) | undefined
  /** Runs its argument after a pause. */
  readonly later?: (run: () => void) => void
  /** Partitions that are synced at a time. */
  readonly parallelSyncsMax?: number | undefined
  /** Whether a failure that need not be the end is one, because others can go on without this directory. */
  readonly isExpendable?: ((failure: DiskFailure) => boolean) | undefined
}

export class GroupCommit {
  readonly #onFatal: (failure: DiskFailure) => void
  readonly #defer: (run: () => void) => void
  readonly #later: (run: () => void) => void
  readonly #parallelSyncsMax: number
  readonly #isExpendable: (failure: DiskFailure) => boolean
  readonly #queue: CommitLine[] = []
  #running = 0
  #isDeferred = false
  #failure: DiskFailure | null = null

  constructor(options: CommitOptions) {
    this.#onFatal = options.onFatal
    this.#defer = options.defer ?? setImmediate
    this.#later = options.later ?? setImmediate
    this.#parallelSyncsMax = options.parallelSyncsMax ?? parallelSyncsMax
    this.#isExpendable = options.isExpendable ?? (() => false)
  }

  enqueueLater(line: CommitLine): void {
    this.#later(() => this.enqueue(line))
  }

  /** The failure that ended it, if one did. */
  get failure(): DiskFailure | null {
    return this.#failure
  }

  enqueue(line: CommitLine): void {
    if (this.#failure !== null) {
      line.refuse(this.#failure)
      return
    }
    this.#queue.push(line)
    if (this.#isDeferred) return
    this.#isDeferred = true
    this.#defer(() => {
      this.#isDeferred = false
      this.#start()
    })
  }

  #start(): void {
    while (this.#running < this.#parallelSyncsMax && this.#failure === null) {
      const line = this.#queue.shift()
      if (line === undefined) return
      this.#running++
      // Rejects only because of a bug, which must not be caught.
      void line.run().then(() => {
        this.#running--
        this.#start()
      })
    }
  }

  /** Something was refused that need not be the end, such as a read: of one directory among several it is. */
  trouble(failure: DiskFailure): void {
    if (this.#failure === null && this.#isExpendable(failure)) this.fail(failure)
  }

  /** Ends it; only the first failure counts. */
  fail(failure: DiskFailure): DiskFailure {
    if (this.#failure !== null) return this.#failure
    this.#failure = failure
    this.#onFatal(failure)
    for (const line of this.#queue.splice(0)) line.refuse(failure)
    return failure
  }
}

interface Group {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class CommitLine {
  readonly #commit: GroupCommit
  readonly #target: SyncTarget
  /** What waits for the next sync; null when nothing does. */
  #waiting: Group | null = null
  /** What the sync under way is for. */
  #running: Group | null = null

  constructor(commit: GroupCommit, target: SyncTarget) {
    this.#commit = commit
    this.#target = target
  }

  /** A promise for everything that the target holds now. Rejects with DiskFailure; unheeded rejections are no error. */
  request(): Promise<void> {
    if (this.#commit.failure !== null) return refused(this.#commit.failure)
    if (this.#waiting === null) {
      this.#waiting = newGroup()
      if (this.#running === null) this.#commit.enqueue(this)
    }
    return this.#waiting.promise
  }

  /** The promise for what was requested last; null when all of it is settled. */
  get pending(): Promise<void> | null {
    return (this.#waiting ?? this.#running)?.promise ?? null
  }

  async run(): Promise<void> {
    const group = this.#waiting
    if (group === null) return
    this.#waiting = null
    this.#running = group
    try {
      await this.#target.sync()
      // [fsyncgate] Two targets may share a directory: a sync after one that failed says nothing about what that one lost.
      if (this.#commit.failure === null) group.resolve()
      else group.reject(this.#commit.failure)
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      if (error.kind === 'exhausted') {
        this.request().then(group.resolve, group.reject)
        this.#running = null
        return this.#commit.enqueueLater(this)
      }
      const failure = this.#commit.fail(error)
      group.reject(failure)
      this.refuse(failure)
    }
    this.#running = null
    if (this.#waiting !== null) this.#commit.enqueue(this)
  }

  refuse(failure: DiskFailure): void {
    this.#waiting?.reject(failure)
    this.#waiting = null
  }
}

function newGroup(): Group {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((onDone, onFailure) => {
    resolve = onDone
    reject = onFailure
  })
  // acks=1 never looks at it.
  promise.catch(() => {})
  return { promise, resolve, reject }
}

function refused(failure: DiskFailure): Promise<void> {
  const promise = Promise.reject(failure)
  promise.catch(() => {})
  return promise
}
