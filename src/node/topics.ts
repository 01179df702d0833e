/**
 * The topics of this broker: what the controller decides is written to __cluster_metadata, applied to the image, and turned
 * into partitions on disk, in one synchronous step; only the durability of the record is waited for. So a topic that a
 * client was told about is there at once and survives.
 */
import type { Uuid } from '../base/ids.js'
import type { Log } from '../base/log.js'
import { Traffic } from '../base/meter.js'
import { randomUuid, type World } from '../base/world.js'
import {
  type ClusterSettings,
  type CreatePartitionsCommand,
  type CreateTopicCommand,
  createPartitions,
  createTopic,
  type Decided,
  removeTopic,
} from '../cluster/controller.js'
import { type MutableImage, type TopicImage, topicResource, unchangedLeader } from '../cluster/image.js'
import { collisionKey } from '../cluster/topic-name.js'
import type { BrokerConfig } from '../config/broker-config.js'
import { type TopicConfig, topicConfig } from '../config/topic-config.js'
import { Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import type { LogDirs } from '../storage/directory/log-dirs.js'
import { DiskFailure } from '../storage/files.js'
import type { Partition } from '../storage/partition.js'
import { Slices } from '../storage/slices.js'
import { type InternalTopic, onDemandShape } from './internal-topics.js'
import type { MetadataLog } from './metadata-log.js'
import { placed } from './placed.js'
import { StorageFailure } from './storage-failure.js'

/** Partitions of a topic that is there as soon as it is asked for: coordinators rely on it. More are made in slices. */
const madeAtOnceMax = 100

export type TopicOutcome = TopicImage | Refusal

export interface TopicsOptions {
  readonly image: MutableImage
  readonly metadataLog: MetadataLog
  readonly directory: LogDirs
  readonly settings: ClusterSettings
  readonly config: BrokerConfig
  readonly world: World
  readonly log: Log
}

export class Topics {
  readonly #options: TopicsOptions
  /** Open partitions by topic name and index: the hot path's lookup. */
  readonly #partitions = new Map<string, Partition[]>()
  /** Of topics that were deleted. */
  readonly pastTraffic = new Traffic()
  readonly #configs = new Map<string, TopicConfig>()
  #configsRevision = -1
  /** Topics whose partitions are being made, by collision key. */
  readonly #underWay = new Map<string, Promise<unknown>>()
  /** Files of recorded topics were missing and were made again, empty: a deletion was interrupted, or they were removed. */
  readonly hasRemadePartitions: boolean
  readonly #deletionListeners: ((topic: string) => Promise<void>)[] = []

  constructor(options: TopicsOptions) {
    this.#options = options
    let made = 0
    for (const topic of options.image.topics.values()) made += this.#open(topic, 0)
    this.hasRemadePartitions = made > 0
  }

  get image(): MutableImage {
    return this.#options.image
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#partitions.get(topic)?.[index]
  }

  /** A partition has been moved to another directory: from now on it is this one. */
  moved(partition: Partition, directoryId: Uuid): void {
    const { topic, topicId, index, leaderEpoch } = partition
    const open = this.#partitions.get(topic)
    if (open?.[index] === undefined) return
    open[index] = partition
    this.image.raiseLeaderEpoch(topicId, index, leaderEpoch)
    const { metadataLog, log } = this.#options
    const place = { leader: unchangedLeader, directories: [directoryId] }
    metadataLog.writeOrAssume([{ kind: 'partitionChange', topicId, partitionId: index, ...place }], log)
  }

  /** Indexes of a topic's partitions whose directory is offline. */
  offlinePartitions(topic: string): number[] {
    return (this.#partitions.get(topic) ?? []).filter(({ isOffline }) => isOffline).map(({ index }) => index)
  }

  /** The topic's configuration over the broker's; defaults when there is no such topic. */
  config(topic: string): TopicConfig {
    if (this.#configsRevision !== this.image.configsRevision) {
      this.#configs.clear()
      this.#configsRevision = this.image.configsRevision
    }
    let config = this.#configs.get(topic)
    if (config === undefined) {
      config = topicConfig(this.#options.config, this.image.configsOf(topicResource, topic))
      if (this.image.topics.has(topic)) this.#configs.set(topic, config)
    }
    return config
  }

  /** Called with the name of each deleted topic; deletion waits for what it returns. */
  onDeleted(listener: (topic: string) => Promise<void>): void {
    this.#deletionListeners.push(listener)
  }

  /** Decides without doing: for validate_only. */
  tryCreate(command: Omit<CreateTopicCommand, 'topicId'>): Decided<TopicImage> | Refusal {
    const topicId = randomUuid(this.#options.world)
    return createTopic(this.image, this.#options.settings, { ...command, topicId })
  }

  /** The new topic is there when this returns, or a little later when it is large; the promise waits until that is durable. */
  create(command: Omit<CreateTopicCommand, 'topicId'>): Promise<TopicOutcome> {
    return this.#orRefused(async () => {
      const made = await this.#making(command.name, async () => {
        const decided = this.tryCreate(command)
        if (isRefusal(decided)) return decided
        const { result } = decided
        return this.#writeWithFiles(decided.records, result, 0, result.partitions.length)
      })
      if (isRefusal(made)) return made
      const { name, topicId, partitions } = made.topic
      const fields = { topic: name, topicId, partitions: partitions.length, configs: Object.fromEntries(command.configs) }
      this.#options.log.info(fields, 'topic created')
      await made.written
      return made.topic
    })
  }

  /**
   * Runs what makes a topic's partitions, alone: files are made in slices, between which other requests are served.
   * Commands that create, grow or delete the same topic wait.
   */
  async #making<Made>(name: string, run: () => Promise<Made>): Promise<Made> {
    for (let other = this.#makerOf(name); other !== undefined; other = this.#makerOf(name)) await other
    const key = collisionKey(name)
    const made = run()
    // Its outcome goes to its own caller.
    this.#underWay.set(
      key,
      made.catch(() => {}),
    )
    try {
      return await made
    } finally {
      this.#underWay.delete(key)
    }
  }

  #makerOf(name: string): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : this.#underWay.get(collisionKey(name))
  }

  /** Auto-creation: with the broker's defaults, or with what an internal topic needs. */
  createOnDemand(name: string): Promise<TopicOutcome> {
    return this.create({ name, assignments: [], ...onDemandShape(name, this.#options.config) })
  }

  /** The topic of a coordinator; made when there is the first thing to coordinate. */
  createInternal({ name }: InternalTopic): Promise<unknown> | null {
    return this.image.topics.has(name) ? null : this.createOnDemand(name)
  }

  delete(name: string): Promise<TopicOutcome> {
    return this.#orRefused(async () => {
      for (let maker = this.#makerOf(name); maker !== undefined; maker = this.#makerOf(name)) await maker
      const decided = removeTopic(this.image, name)
      if (isRefusal(decided)) return decided
      const topic = decided.result
      const written = this.#options.metadataLog.write(decided.records)
      for (const { traffic } of this.#partitions.get(name) ?? []) this.pastTraffic.add(traffic)
      this.#partitions.delete(name)
      for (const { index } of topic.partitions) this.#options.directory.deletePartition(name, index, written)
      // Told at once: what belongs to a topic of the same name that comes next must not be touched.
      const told = this.#deletionListeners.map(listener => listener(name))
      this.#options.log.info({ topic: name, topicId: topic.topicId }, 'topic deleted')
      await Promise.all([written, ...told])
      return topic
    })
  }

  tryAddPartitions(command: CreatePartitionsCommand): Decided<unknown> | Refusal {
    return createPartitions(this.image, this.#options.settings, command)
  }

  addPartitions(command: CreatePartitionsCommand): Promise<TopicOutcome> {
    return this.#orRefused(async () => {
      const made = await this.#making(command.name, async () => {
        const decided = createPartitions(this.image, this.#options.settings, command)
        if (isRefusal(decided)) return decided
        const { topic, firstNew } = decided.result
        return this.#writeWithFiles(decided.records, topic, firstNew, command.count)
      })
      if (isRefusal(made)) return made
      await made.written
      return made.topic
    })
  }

  /**
   * Makes the files of new partitions, then writes the records that say so: a disk that refuses either leaves nothing behind.
   * (A crash in between leaves files without a record, which go at the next start.)
   */
  async #writeWithFiles(
    records: readonly MetadataRecordInput[],
    topic: TopicImage,
    from: number,
    to: number,
  ): Promise<{ readonly topic: TopicImage; readonly written: Promise<void> }> {
    const { directory, metadataLog, world } = this.#options
    const slices = to - from > madeAtOnceMax ? Slices.ofRequest(world.host) : null
    let written: Promise<void>
    let index = from
    try {
      for (; index < to; index++) {
        if (slices?.isOver === true) {
          await slices.next()
          // Its next start clears up.
          if (directory.isClosed) throw new StorageFailure(Errors.KAFKA_STORAGE_ERROR, 'The broker has stopped.')
        }
        const there = directory.partition(topic.name, index)
        // A crash between the files and the record of a growing topic left them there: they are its own.
        if (there?.topicId === topic.topicId) continue
        // Files of another topic of this name that no record knows are set aside.
        if (there !== undefined) directory.strayPartition(topic.name, index)
        directory.createPartition(topic.name, index, topic.topicId)
      }
      written = metadataLog.write(placed(records, topic.name, directory))
    } catch (error) {
      while (index-- > from && !directory.isClosed) directory.deletePartition(topic.name, index)
      throw error
    }
    // At once: a topic that is in the image has its partitions.
    const made = this.image.topics.get(topic.name) as TopicImage
    this.#open(made, from)
    return { topic: made, written }
  }

  /** Opens the topic's partitions from `firstIndex` on, and makes those whose files are missing; answers how many. */
  #open(topic: TopicImage, firstIndex: number): number {
    const { directory } = this.#options
    const open = this.#partitions.get(topic.name) ?? []
    this.#partitions.set(topic.name, open)
    let made = 0
    for (const { index, leaderEpoch, directory: directoryId } of topic.partitions.slice(firstIndex)) {
      let partition = directory.partition(topic.name, index)
      // What lies in a directory that is not here is not made again, empty.
      if (partition === undefined && directory.isMissing(directoryId)) {
        partition = directory.offlinePartition(topic.name, index, topic.topicId)
      } else if (partition === undefined) {
        partition = directory.createPartition(topic.name, index, topic.topicId)
        made++
      }
      // Clients compare what Metadata says with what Fetch accepts: the log and its record are of the same epoch.
      if (partition.leaderEpoch < leaderEpoch) partition.raiseLeaderEpoch(leaderEpoch)
      else if (partition.leaderEpoch > leaderEpoch) {
        this.#options.image.raiseLeaderEpoch(topic.topicId, index, partition.leaderEpoch)
      }
      open[index] = partition
    }
    return made
  }

  /** What the disk refused is the outcome of one topic, not of the whole request. `run` begins at once. */
  async #orRefused(run: () => Promise<TopicOutcome>): Promise<TopicOutcome> {
    try {
      return await run()
    } catch (error) {
      if (error instanceof StorageFailure) return refuse(error.errorCode, error.detail ?? '')
      if (!(error instanceof DiskFailure)) throw error
      this.#options.log.error({ reason: error.message }, 'a topic could not be changed: the disk refused')
      return refuse(Errors.KAFKA_STORAGE_ERROR, error.told)
    }
  }
}
