/**
 * Partitions on their way from one data directory to another (AlterReplicaLogDirs, KIP-113), one at a time. While files are
 * copied, in slices, the partition is read and written where it is; then one step puts the copy in its place:
 *
 *   a/t-0                       serves
 *   b/t-0.<32 digits>-future    grows, synced                    a crash: begun again, from nothing
 *   b/t-0                       the rest is copied and the name is given, in one turn of the event loop: it serves now
 *   a/t-0.<32 digits>-delete    once all of the copy is on stable storage
 *
 * Between the last two steps both have the name. Whatever was acknowledged before is in both, and what is acknowledged later is
 * synced with the new name; so a start that finds two keeps the longer.
 */
import { fromBase64Url, toHex } from '../../base/bytes.js'
import { randomUuid, type World } from '../../base/world.js'
import { DiskFailure, type Files } from '../files.js'
import { partitionMetadataFile, partitionName } from '../format/checkpoint.js'
import type { Partition } from '../partition.js'
import { Slices, turnOfEventLoop } from '../slices.js'
import type { StorageLog } from '../types.js'
import type { DataDirectory } from './data-directory.js'
import { PartitionCopy } from './partition-copy.js'
import { partitionMetadata } from './partition-loader.js'

/** So much of a log may be copied in the step that ends a move. */
const lastBytesMax = 4 << 20
/** For a slow rate is waited in steps: a move may be called off meanwhile. */
const waitStepMs = 1000
/** Until it is looked again whether a log is still being compacted. */
const heldPauseMs = 100

export interface MovesOptions {
  readonly world: World
  readonly log: StorageLog
  readonly files: Files
  readonly nextTurn?: (() => Promise<void>) | undefined
  /** replica.alter.log.dirs.io.max.bytes.per.second; null: as fast as it goes. */
  readonly bytesPerSecondMax: () => number | null
}

interface Move {
  readonly partition: Partition
  readonly from: DataDirectory
  readonly to: DataDirectory
  readonly folder: string
  readonly copy: PartitionCopy
  isCancelled: boolean
}

/** What there is of a copy. */
export interface FuturePartition {
  readonly sizeBytes: number
  readonly offsetLag: number
}

export class Moves {
  readonly #options: MovesOptions
  /** By partition; in the order in which they came. */
  readonly #moves = new Map<string, Move>()
  readonly #listeners: ((moved: Partition, directory: DataDirectory) => void)[] = []
  #running: Promise<void> | null = null
  #isStopped = false
  /** Ends the pause that is under way. */
  #wake: () => void = () => {}

  constructor(options: MovesOptions) {
    this.#options = options
  }

  /** Called in the step that puts a copy in the place of its partition, before who waits on that is woken. */
  onMoved(listener: (moved: Partition, directory: DataDirectory) => void): void {
    this.#listeners.push(listener)
  }

  /** Begins to move a partition; one that is on its way elsewhere turns round. Throws DiskFailure when no copy can be begun. */
  begin(partition: Partition, from: DataDirectory, to: DataDirectory): void {
    const name = partitionName(partition.topic, partition.index)
    const before = this.#moves.get(name)
    if (before?.to === to && !before.isCancelled) return
    this.cancel(partition)
    if (from === to) return
    const { files, world, log } = this.#options
    const folder = `${to.path}/${name}.${toHex(fromBase64Url(randomUuid(world)))}-future`
    try {
      to.insistThere()
      files.makeDirectory(folder)
      files.writeWhole(`${folder}/${partitionMetadataFile}`, partitionMetadata(partition.topicId))
    } catch (error) {
      if (error instanceof DiskFailure) to.trouble(error)
      throw error
    }
    const copy = new PartitionCopy({
      ...{ files, partition, from: `${from.path}/${name}`, to: folder },
      // Of what is called off the files may be gone, which says nothing about a disk.
      onReadFailure: failure => this.#isOver(move) || from.trouble(failure),
      onWriteFailure: failure => this.#isOver(move) || to.trouble(failure),
    })
    const move: Move = { partition, from, to, folder, copy, isCancelled: false }
    this.#moves.set(name, move)
    log.info('moving a partition', { topic: partition.topic, partition: partition.index, from: from.path, to: to.path })
    this.#running ??= this.#runAll().finally(() => {
      this.#running = null
    })
  }

  /** The partition stays where it is. */
  cancel({ topic, index }: Partition): void {
    const name = partitionName(topic, index)
    const move = this.#moves.get(name)
    if (move === undefined) return
    move.isCancelled = true
    this.#moves.delete(name)
    move.to.removeLeftovers([move.folder])
  }

  /** The copy of a partition that is on its way into this directory; null: there is none. */
  futureIn(directory: DataDirectory, topic: string, index: number): FuturePartition | null {
    const move = this.#moves.size === 0 ? undefined : this.#moves.get(partitionName(topic, index))
    return move?.to === directory ? { sizeBytes: move.copy.logBytes, offsetLag: move.copy.offsetLag } : null
  }

  /** Nothing more is copied; what is under way begins again at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wake()
    await this.#running
  }

  async #runAll(): Promise<void> {
    for (let move = this.#next(); move !== undefined; move = this.#next()) {
      await this.#run(move)
      if (this.#isStopped) return
      const name = partitionName(move.partition.topic, move.partition.index)
      if (this.#moves.get(name) === move) this.#moves.delete(name)
    }
  }
  #next(): Move | undefined {
    return this.#moves.values().next().value
  }

  async #run(move: Move): Promise<void> {
    const { world, log } = this.#options
    const { partition, from, to } = move
    const fields = { topic: partition.topic, partition: partition.index, from: from.path, to: to.path }
    const startedMs = world.host.monotonicMs()
    let isHeld = false
    try {
      while (!partition.upkeep.hold()) {
        if (this.#isOver(move)) return
        await this.#pause(heldPauseMs)
      }
      isHeld = true
      if (this.#isOver(move) || !(await this.#copy(move))) return
      const moved = this.#swap(move)
      if (moved === null) {
        log.warn('could not move a partition: its log is not as it should be; it stays where it is', fields)
        return
      }
      await moved.settled()
      await to.writeState()
      from.removeDeparted(partition)
      log.info('partition moved', { ...fields, durationMs: Math.round(world.host.monotonicMs() - startedMs) })
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      if (this.#isOver(move) && !to.hasFailed) return
      log.error('could not move a partition: disk error', { ...fields, error: error.message })
    } finally {
      if (isHeld) partition.upkeep.letGo()
      if (!this.#isStopped && to.partition(partition.topic, partition.index) === undefined) to.removeLeftovers([move.folder])
    }
  }

  /** Until little is missing; false when there is no use in going on. */
  async #copy(move: Move): Promise<boolean> {
    const { world, nextTurn = turnOfEventLoop, bytesPerSecondMax } = this.#options
    const { copy } = move
    const slices = new Slices(world.host, nextTurn)
    do {
      for (let count = copy.step(); count !== null; count = copy.step()) {
        const rate = bytesPerSecondMax()
        if (rate !== null) await this.#wait((count * 1000) / Math.max(1, rate), move)
        else if (slices.isOver) await slices.next()
        if (this.#isOver(move)) return false
      }
      await copy.sync()
      if (this.#isOver(move)) return false
    } while (copy.missingBytes > lastBytesMax)
    return true
  }

  /** In one step, between two appends. Null: the copy is not taken. */
  #swap({ partition, from, to, folder, copy }: Move): Partition | null {
    partition.upkeep.flushIndexes()
    copy.finish()
    const moved = to.arrive(partition, folder, copy.unsynced)
    if (moved === null) return null
    from.depart(partition)
    for (const listener of this.#listeners) listener(moved, to)
    partition.moveTo(moved)
    return moved
  }

  #isOver({ partition, to, isCancelled }: Move): boolean {
    return this.#isStopped || isCancelled || partition.isClosed || to.isClosed || to.hasFailed
  }

  async #wait(ms: number, move: Move): Promise<void> {
    for (let left = ms; left > 0 && !this.#isOver(move); left -= waitStepMs) await this.#pause(Math.min(left, waitStepMs))
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#options.world.host.after(ms, resolve)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}
