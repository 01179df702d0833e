/**
 * The door to group coordination for the broker's handlers: decoded requests in, responses out. Authorisation, the existence
 * of partitions and topic ids are the handlers' business. No method rejects for a client's fault: it answers with the error
 * in the place where the API has it.
 */
import type { World } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import type { LogPort } from '../log-port.js'
import type { TopicsView } from '../machine.js'
import { internalTopicPartitions } from '../partitioner.js'
import { CoordinatorRuntime, type Report } from '../runtime.js'
import { asked, type CallContext, type Command } from './command.js'
import type { GroupConfig } from './config.js'
import { groupMachine } from './machine.js'
import { type GroupRequests, requestsOf } from './requests.js'

export interface GroupCoordinatorOptions {
  readonly world: World
  readonly log: LogPort
  /** Asked at every use, so that dynamic keys take effect at once. */
  readonly config: () => GroupConfig
  readonly topics: TopicsView
  readonly report: Report
  /** Partitions of __consumer_offsets when the broker makes it. */
  readonly partitionsDefault?: number
}

export interface GroupCoordinator extends GroupRequests {
  /** Replays every partition of __consumer_offsets; throws what the log's reader throws. Call once, before the port opens. */
  start(): void
  /** Answers everything that is parked with NOT_COORDINATOR and refuses what comes later; drops all deadlines. */
  stop(): void
  /** The partition of __consumer_offsets that holds this group. */
  partitionOf(groupId: string): number
  /** A client asked for the coordinator of this group. */
  announce(groupId: string): void
  /** The log of a partition is offline: its groups are asked for elsewhere, NOT_COORDINATOR, until the next start. */
  resign(partition: number): void
  /** __consumer_offsets was deleted, and with it every group: parked requests are answered. */
  unload(): Promise<void>
}

export function createGroupCoordinator(options: GroupCoordinatorOptions): GroupCoordinator {
  const { world, log, topics, report, partitionsDefault = internalTopicPartitions } = options
  const machine = groupMachine(options.config)
  const runtime = new CoordinatorRuntime({ machine, partitionsDefault, log, world, topics, send: sendsNothing, report })
  /** Partitions whose log is offline. */
  const resigned = new Set<number>()
  const partitionOf = (groupId: string): number => runtime.partitionOf(groupId)
  const ask = <Request, Response, Context extends CallContext>(
    partition: number,
    command: Command<Request, Response, Context>,
    request: Request,
    context: Context,
    how: 'submit' | 'submitWhenLoaded' = 'submit',
  ): Promise<Response> =>
    resigned.has(partition)
      ? Promise.resolve(command.failure(request, Errors.NOT_COORDINATOR, context.version))
      : runtime[how](
          partition,
          token => asked(command, { request, context, token }),
          errorCode => command.failure(request, errorCode, context.version),
        )
  return {
    start: () => runtime.start(),
    stop: () => runtime.stop(),
    partitionOf,
    resign(partition) {
      resigned.add(partition)
      runtime.stop(partition)
    },
    announce: groupId => runtime.tell(partitionOf(groupId), { type: 'announce', groupId }),
    async unload() {
      resigned.clear()
      runtime.unload()
    },
    ...requestsOf({
      ask: (command, request, context) => ask(partitionOf(request.groupId), command, request, context),
      askAll: (command, request, context, waits) =>
        Promise.all(
          Array.from({ length: runtime.partitions }, (_, partition) => partition)
            .filter(partition => !resigned.has(partition))
            .map(partition => ask(partition, command, request, context, waits === 'waits' ? 'submitWhenLoaded' : 'submit')),
        ),
      askShard: (partition, command, request, context) => ask(partition, command, request, context, 'submitWhenLoaded'),
    }),
  }
}

/** Groups have no effects elsewhere. */
const sendsNothing = (effect: never): Promise<boolean> => effect
