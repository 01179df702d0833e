/** The group coordinator over its runtime: requests become commands for the shard of their group. */
import { zeroUuid } from '../../base/ids.js'
import type { World } from '../../base/world.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { DescribeGroups } from '../../protocol/messages/describe-groups.js'
import { Heartbeat } from '../../protocol/messages/heartbeat.js'
import { LeaveGroup } from '../../protocol/messages/leave-group.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { OffsetDelete } from '../../protocol/messages/offset-delete.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { LogPort } from '../log-port.js'
import { internalTopicPartitions, partitionFor } from '../partitioner.js'
import { CoordinatorRuntime, type Report } from '../runtime.js'
import type { FetchedGroup, ListedGroup, Refusals, WantedTopics } from './command.js'
import type { GroupConfig } from './config.js'
import type { GroupCoordinator, PartitionContext } from './coordinator.js'
import { groupMachine } from './machine.js'
import { joinFailure, syncFailure } from './responses.js'

export interface GroupCoordinatorOptions {
  readonly world: World
  readonly log: LogPort
  /** Asked at every use, so that dynamic keys take effect at once. */
  readonly config: () => GroupConfig
  readonly report: Report
  /** Partitions of __consumer_offsets; 50 unless the topic was made with another number. */
  readonly partitions?: number
}

export function createGroupCoordinator(options: GroupCoordinatorOptions): GroupCoordinator {
  const { world, log, report, partitions = internalTopicPartitions } = options
  const runtime = new CoordinatorRuntime({ machine: groupMachine(options.config), partitions, log, world, report })
  const partitionOf = (groupId: string): number => partitionFor(groupId, partitions)
  const allPartitions = Array.from({ length: partitions }, (_, partition) => partition)

  const fetchGroup = (groupId: string, topics: WantedTopics): Promise<FetchedGroup> =>
    runtime.submit(
      partitionOf(groupId),
      token => ({ type: 'fetch-offsets', token, groupId, topics }),
      errorCode => ({ groupId, topics: [], errorCode }),
    )

  return {
    start: () => runtime.start(),
    stop: () => runtime.stop(),
    partitionOf,

    announce: groupId => runtime.tell(partitionOf(groupId), { type: 'announce', groupId }),
    join: (request, { version, clientId, clientHost }) =>
      runtime.submit(
        partitionOf(request.groupId),
        token => ({ type: 'join', token, version, clientId, clientHost, request }),
        errorCode => joinFailure(errorCode, request.memberId),
      ),
    sync: (request, { version }) =>
      runtime.submit(partitionOf(request.groupId), token => ({ type: 'sync', token, version, request }), syncFailure),
    heartbeat: (request, { version }) =>
      runtime.submit(
        partitionOf(request.groupId),
        token => ({ type: 'heartbeat', token, request }),
        errorCode => Heartbeat.failure(request, errorCode, version),
      ),
    leave: (request, { version }) =>
      runtime.submit(
        partitionOf(request.groupId),
        token => ({ type: 'leave', token, version, request }),
        errorCode => LeaveGroup.failure(request, errorCode, version),
      ),

    commitOffsets: (request, context) =>
      runtime.submit(
        partitionOf(request.groupId),
        token => ({
          type: 'commit-offsets',
          token,
          version: context.version,
          request,
          refusals: refusalsOf(request.topics, context),
        }),
        errorCode => OffsetCommit.failure(request, errorCode, context.version),
      ),
    fetchOffsets: (request, { version }) => fetchAllGroups(request, version, fetchGroup),
    deleteOffsets: (request, context) =>
      runtime.submit(
        partitionOf(request.groupId),
        token => ({ type: 'delete-offsets', token, request, refusals: refusalsOf(request.topics, context) }),
        errorCode => OffsetDelete.failure(request, errorCode, context.version),
      ),
    async topicDeleted(topic) {
      const outcome = (partition: number): Promise<ErrorCode> =>
        runtime.submitWhenLoaded(partition, token => ({ type: 'topic-deleted', token, topic }), asItIs)
      await Promise.all(allPartitions.map(outcome))
    },

    async describe(request, { version }) {
      const describeOne = (groupId: string): Promise<ResponseOf<typeof DescribeGroups>['groups'][number]> =>
        runtime.submit(
          partitionOf(groupId),
          token => ({ type: 'describe', token, version, groupId }),
          errorCode => ({ errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] }),
        )
      return { groups: await Promise.all(request.groups.map(describeOne)) }
    },
    async list(request) {
      const listOne = (partition: number): Promise<readonly ListedGroup[] | ErrorCode> =>
        runtime.submit<readonly ListedGroup[] | ErrorCode>(partition, token => ({ type: 'list', token, request }), asItIs)
      const parts = await Promise.all(allPartitions.map(listOne))
      const failed = parts.find(part => typeof part === 'number')
      if (failed !== undefined) return { errorCode: failed as ErrorCode, groups: [] }
      return { errorCode: Errors.NONE, groups: (parts as ListedGroup[][]).flat() }
    },
    async deleteGroups(request) {
      const deleteOne = async (groupId: string): Promise<{ groupId: string; errorCode: ErrorCode }> => ({
        groupId,
        errorCode: await runtime.submit<ErrorCode>(
          partitionOf(groupId),
          token => ({ type: 'delete-group', token, groupId }),
          asItIs,
        ),
      })
      return { results: await Promise.all(request.groupsNames.map(deleteOne)) }
    },
  }
}

const asItIs = (errorCode: ErrorCode): ErrorCode => errorCode

/** Two shapes of the same question: one group at the top of the request, or a list of groups from v8 on. */
async function fetchAllGroups(
  request: RequestOf<typeof OffsetFetch>,
  version: number,
  fetchGroup: (groupId: string, topics: WantedTopics) => Promise<FetchedGroup>,
): Promise<ResponseOf<typeof OffsetFetch>> {
  if (version >= 8) {
    return { groups: await Promise.all(request.groups.map(({ groupId, topics }) => fetchGroup(groupId, topics))) }
  }
  const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: zeroUuid, partitionIndexes })) ?? null
  const group = await fetchGroup(request.groupId, topics)
  const errorCode = group.errorCode ?? Errors.NONE
  if (errorCode !== Errors.NONE) return OffsetFetch.failure(request, errorCode, version)
  return { errorCode, topics: group.topics.map(({ name, partitions }) => ({ name: name ?? '', partitions })) }
}

/** Asks the handler's rule for each partition; null, and no array, when it lets all of them through. */
function refusalsOf(
  topics: readonly { readonly name: string; readonly partitions: readonly { readonly partitionIndex: number }[] }[],
  { refusalOf }: PartitionContext,
): Refusals {
  if (refusalOf === undefined) return null
  let refusals: ErrorCode[] | null = null
  let at = 0
  for (const { name, partitions } of topics) {
    for (const { partitionIndex } of partitions) {
      const errorCode = refusalOf(name, partitionIndex)
      if (errorCode !== Errors.NONE) {
        refusals ??= []
        refusals[at] = errorCode
      }
      at++
    }
  }
  return refusals
}
