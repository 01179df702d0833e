/**
 * Brings the ends of transactions to the partitions: what the coordinator of transactions sends, and what an operator asks for.
 * On __consumer_offsets a marker goes through the coordinator of groups, which holds back the offsets until it is there.
 */

import type { ProducerId } from '../base/ids.js'
import type { Log } from '../base/log.js'
import type { Clock } from '../base/world.js'
import type { GroupCoordinator } from '../coordinator/group/service.js'
import { type ErrorCode, Errors, errorName, isRefusal } from '../protocol/errors.js'
import type { Marker, TransactionVersion } from '../protocol/records/marker.js'
import { Slices } from '../storage/slices.js'
import { offsetsTopic } from './internal-topics.js'
import type { Topics } from './topics.js'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface MarkerToWrite {
  readonly marker: Marker
  /** As it came in a request or a record; of a level that is not known yet the highest that is. */
  readonly transactionVersion: number
}

/** The end of one transaction, on all that it wrote to. */
export interface MarkersToWrite extends MarkerToWrite {
  readonly partitions: readonly TopicPartition[]
}

export interface TransactionMarkersOptions {
  readonly topics: Topics
  readonly groups: Pick<GroupCoordinator, 'writeMarker'>
  readonly clock: Clock
  readonly log: Log
}

/** Until what a partition would not take is offered again. */
const offerAgainMs = 100

export class TransactionMarkers {
  readonly #options: TransactionMarkersOptions
  /** A marker must not come late, into the next transaction of its producer: one after the other. */
  readonly #underWay = new Map<ProducerId, Promise<boolean>>()
  #isStopped = false

  constructor(options: TransactionMarkersOptions) {
    this.#options = options
  }

  /** What is under way goes on to its next pause. */
  stop(): void {
    this.#isStopped = true
  }

  /** NONE once the marker is durable. Its place in the log is fixed when this returns, unless a coordinator has to load first. */
  write(
    { topic, partition: index }: TopicPartition,
    { marker, transactionVersion }: MarkerToWrite,
  ): ErrorCode | Promise<ErrorCode> {
    const { topics, groups } = this.#options
    const version = levelOf(transactionVersion)
    const partition = topics.partition(topic, index)
    if (partition === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION
    if (topic === offsetsTopic.name) return groups.writeMarker(index, marker, version).then(asOfPartition)
    const appended = partition.appendMarker(marker, version)
    if (isRefusal(appended)) return appended.errorCode
    return appended.durable === null ? Errors.NONE : appended.durable.then(written, notWritten)
  }

  /**
   * True when every marker is durable, or nobody waits for it any more. What a partition does not take is offered again, to that
   * partition alone; false when the broker stops before it has.
   */
  send(markers: MarkersToWrite): Promise<boolean> {
    const { producerId } = markers.marker.producer
    const before = this.#underWay.get(producerId) ?? Promise.resolve(true)
    const sent = before.then(() => this.#sendAll(markers))
    this.#underWay.set(producerId, sent)
    const forget = (): void => {
      if (this.#underWay.get(producerId) === sent) this.#underWay.delete(producerId)
    }
    sent.then(forget, forget)
    return sent
  }

  async #sendAll(markers: MarkersToWrite): Promise<boolean> {
    let left = markers.partitions
    while (left.length > 0 && !this.#isStopped) {
      const refused = await this.#sendTo(left, markers)
      if (refused.length > 0) await new Promise<void>(resolve => this.#options.clock.after(offerAgainMs, resolve))
      left = refused
    }
    return left.length === 0
  }

  async #sendTo(partitions: readonly TopicPartition[], markers: MarkersToWrite): Promise<TopicPartition[]> {
    const slices = Slices.ofRequest(this.#options.clock)
    const outcomes: (ErrorCode | Promise<ErrorCode>)[] = []
    for (const place of partitions) {
      outcomes.push(this.write(place, markers))
      if (slices.isOver) await slices.next()
    }
    const errorCodes = await Promise.all(outcomes)
    return partitions.filter((place, at) => !this.#isDone(place, markers, errorCodes[at] as ErrorCode))
  }

  #isDone({ topic, partition }: TopicPartition, { marker }: MarkersToWrite, errorCode: ErrorCode): boolean {
    switch (errorCode) {
      case Errors.NONE:
      // Deleted meanwhile, and the transaction's records with it.
      case Errors.UNKNOWN_TOPIC_OR_PARTITION:
        return true
      // Somebody else has ended it there: an operator. Waiting would keep the producer out for ever.
      case Errors.INVALID_PRODUCER_EPOCH:
      case Errors.TRANSACTION_COORDINATOR_FENCED: {
        const { producerId, producerEpoch } = marker.producer
        const fields = { topic, partition, producerId, producerEpoch, error: errorName(errorCode) }
        this.#options.log.warn(fields, 'a partition refused the end of a transaction: it knows of a later one')
        return true
      }
      default:
        return false
    }
  }
}

const levelOf = (version: number): TransactionVersion => (version >= 2 ? 2 : version === 1 ? 1 : 0)

const written = (): ErrorCode => Errors.NONE
const notWritten = (): ErrorCode => Errors.KAFKA_STORAGE_ERROR

/** A coordinator's troubles, as a partition would tell them. */
function asOfPartition(errorCode: ErrorCode): ErrorCode {
  switch (errorCode) {
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.NOT_COORDINATOR:
      return Errors.NOT_LEADER_OR_FOLLOWER
    default:
      return errorCode
  }
}
