/**
 * The door to transaction coordination for the broker's handlers: requests in, responses out. Authorisation, the existence
 * of partitions, and producers without a transactional id are the handlers' business. No method rejects for a client's fault:
 * it answers with the error in the place where the API has it.
 */
import type { ProducerId } from '../../base/ids.js'
import type { World } from '../../base/world.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { EndTxn } from '../../protocol/messages/end-txn.js'
import type { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import type { ListTransactions } from '../../protocol/messages/list-transactions.js'
import type { Marker } from '../../protocol/records/marker.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { LogPort } from '../log-port.js'
import type { TopicsView } from '../machine.js'
import { internalTopicPartitions } from '../partitioner.js'
import { CoordinatorRuntime, type Report } from '../runtime.js'
import { type AddContext, addPartitions } from './add-partitions.js'
import { asked, type CallContext, type Command, type WriteMarkers } from './command.js'
import type { TransactionConfig } from './config.js'
import { type DescribedTransaction, describe } from './describe.js'
import { endTxn } from './end-txn.js'
import { type InitProducerIdRequest, initProducerId } from './init-producer-id.js'
import { type ListFilters, list } from './list.js'
import { transactionMachine } from './machine.js'
import { ProducerIdStock } from './producer-id-stock.js'
import type { PartitionsRequest } from './state.js'
import { type VerifiedPartitions, verifyPartitions } from './verify-partitions.js'

/** The end of a transaction, to be written to each of its partitions. */
export interface MarkersToWrite {
  readonly type: 'write-markers'
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
  readonly marker: Marker
  readonly transactionVersion: number
}

export interface TransactionCoordinatorOptions {
  readonly world: World
  readonly log: LogPort
  readonly topics: TopicsView
  /** Asked at every use, so that dynamic keys take effect at once. */
  readonly config: () => TransactionConfig
  /** An id that nobody was given, nor will be after a crash. */
  readonly newProducerId: () => Promise<ProducerId>
  /**
   * Resolves to true when the marker is durable in every partition that is still there; else it is called again. It may be
   * asked for the same marker again after a restart. What it appends, it appends before the next call can be made: a marker
   * that comes late would end the producer's next transaction.
   */
  readonly send: (markers: MarkersToWrite) => Promise<boolean>
  readonly report: Report
  /** Partitions of __transaction_state when the broker makes it. */
  readonly partitionsDefault?: number
}

export interface TransactionCoordinator {
  /** Replays every partition of __transaction_state and sends markers again. Call once, before the port opens. */
  start(): Promise<void> | null
  /** Refuses what comes later; drops all deadlines. */
  stop(): void
  /** The log of a partition is offline: its ids are asked for elsewhere, NOT_COORDINATOR, until the next start. */
  resign(partition: number): void
  /** __transaction_state was deleted, and with it every transactional id. */
  unload(): Promise<void>
  /** The partition of __transaction_state that holds this id. */
  partitionOf(transactionalId: string): number
  initProducerId(request: InitProducerIdRequest, context: CallContext): Promise<ResponseOf<typeof InitProducerId>>
  /** One code for all partitions: PRODUCER_FENCED for a stale epoch, whatever the version. An implicit add may take 20 ms. */
  addPartitions(request: PartitionsRequest, context: AddContext): Promise<ErrorCode>
  /** A code for all partitions, or one for each. */
  verifyPartitions(request: PartitionsRequest, context: CallContext): Promise<VerifiedPartitions | ErrorCode>
  endTxn(request: RequestOf<typeof EndTxn>, context: CallContext): Promise<ResponseOf<typeof EndTxn>>
  describe(transactionalId: string): Promise<DescribedTransaction>
  list(filters: ListFilters): Promise<ResponseOf<typeof ListTransactions>>
}

export function createTransactionCoordinator(options: TransactionCoordinatorOptions): TransactionCoordinator {
  const { world, log, topics, report, config, partitionsDefault = internalTopicPartitions } = options
  const producerIds = new ProducerIdStock(options.newProducerId)
  const runtime = new CoordinatorRuntime({
    machine: transactionMachine(config, () => producerIds.take()),
    partitionsDefault,
    log,
    world,
    topics,
    send: (markers, partition) => options.send(markersToWrite(markers, log.leaderEpoch(partition))),
    report,
  })
  /** Partitions whose log is offline. */
  const resigned = new Set<number>()
  const partitionOf = (transactionalId: string): number => runtime.partitionOf(transactionalId)
  const askIn = <Request, Response, Context>(
    partition: number,
    command: Command<Request, Response, Context>,
    request: Request,
    context: Context,
  ): Promise<Response> =>
    resigned.has(partition)
      ? Promise.resolve(command.failure(request, Errors.NOT_COORDINATOR, context))
      : runtime.submit(
          partition,
          token => asked(command, { request, context, token }),
          errorCode => command.failure(request, errorCode, context),
        )
  const ask = <Request extends { readonly transactionalId: string }, Response, Context>(
    command: Command<Request, Response, Context>,
    request: Request,
    context: Context,
  ): Promise<Response> => askIn(partitionOf(request.transactionalId), command, request, context)
  const noContext = { version: 0 }
  return {
    start: () => runtime.start(),
    stop: () => runtime.stop(),
    resign(partition) {
      resigned.add(partition)
      runtime.stop(partition)
    },
    async unload() {
      resigned.clear()
      runtime.unload()
    },
    partitionOf,
    async initProducerId(request, context) {
      while (producerIds.isEmpty && (await producerIds.fill()));
      return ask(initProducerId, request, context)
    },
    addPartitions: (request, context) => ask(addPartitions, request, context),
    verifyPartitions: (request, context) => ask(verifyPartitions, request, context),
    endTxn: (request, context) => ask(endTxn, request, context),
    describe: transactionalId => askIn(partitionOf(transactionalId), describe, transactionalId, noContext),
    list: filters =>
      list(
        (command, shardFilters) =>
          Promise.all(
            Array.from({ length: runtime.partitions }, (_, index) => index)
              .filter(index => !resigned.has(index))
              .map(index => askIn(index, command, shardFilters, noContext)),
          ),
        filters,
      ),
  }
}

function markersToWrite(markers: WriteMarkers, coordinatorEpoch: number): MarkersToWrite {
  const { partitions, producer, isCommit, transactionVersion } = markers
  return {
    type: 'write-markers',
    partitions: partitions.flatMap(({ topic, partitionIds }) => partitionIds.map(partition => ({ topic, partition }))),
    marker: { producer, isCommit, coordinatorEpoch },
    transactionVersion,
  }
}
