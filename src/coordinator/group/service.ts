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
import type { TopicsView } from '../machine.js'
import { internalTopicPartitions } from '../partitioner.js'
import { CoordinatorRuntime, type Report } from '../runtime.js'
import type { FetchedGroup, ListedGroup, WantedTopics } from './command.js'
import type { GroupConfig } from './config.js'
import type { GroupCoordinator } from './coordinator.js'
import { groupMachine } from './machine.js'
import { joinFailure, syncFailure } from './responses.js'

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

export function createGroupCoordinator(options: GroupCoordinatorOptions): GroupCoordinator {
  const { world, log, topics, report, partitionsDefault = internalTopicPartitions } = options
  const machine = groupMachine(options.config)
  const runtime = new CoordinatorRuntime({ machine, partitionsDefault, log, world, topics, send: sendsNothing, report })
  const partitionOf = (groupId: string): number => runtime.partitionOf(groupId)
  const allPartitions = (): number[] => Array.from({ length: runtime.partitions }, (_, partition) => partition)

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

    commitOffsets: (request, { version }) =>
      runtime.submit(
        partitionOf(request.groupId),
        token => ({ type: 'commit-offsets', token, version, request }),
        errorCode => OffsetCommit.failure(request, errorCode, version),
      ),
    fetchOffsets: (request, { version }) => fetchAllGroups(request, version, fetchGroup),
    deleteOffsets: (request, { version }) =>
      runtime.submit(
        partitionOf(request.groupId),
        token => ({ type: 'delete-offsets', token, request }),
        errorCode => OffsetDelete.failure(request, errorCode, version),
      ),
    async unload() {
      runtime.unload()
    },
    async topicDeleted(topic) {
      const outcome = (partition: number): Promise<ErrorCode> =>
        runtime.submitWhenLoaded(partition, token => ({ type: 'topic-deleted', token, topic }), asItIs)
      await Promise.all(allPartitions().map(outcome))
    },

    async describe(request, { version }) {
      const describeOne = (groupId: string): Promise<ResponseOf<typeof DescribeGroups>['groups'][number]> =>
        runtime.submit(
          partitionOf(groupId),
          token => ({ type: 'describe', token, version, groupId }),
          errorCode => ({ errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] }),
        )
      return { groups: await Promise.all(request.groups.map(once(describeOne))) }
    },
    async list({ statesFilter, typesFilter }) {
      // Once for all shards: the filters may be long.
      const [states, types] = [asFilter(statesFilter), asFilter(typesFilter)]
      const listOne = (partition: number): Promise<readonly ListedGroup[] | ErrorCode> =>
        runtime.submit<readonly ListedGroup[] | ErrorCode>(partition, token => ({ type: 'list', token, states, types }), asItIs)
      const parts = await Promise.all(allPartitions().map(listOne))
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
      return { results: await Promise.all(Array.from(new Set(request.groupsNames), deleteOne)) }
    },
  }
}

/** Kafka answers what is named twice as often as it is named. What is long is made once for all of them. */
function once<Result>(make: (groupId: string) => Promise<Result>): (groupId: string) => Promise<Result> {
  const made = new Map<string, Promise<Result>>()
  return groupId => {
    const result = made.get(groupId) ?? make(groupId)
    made.set(groupId, result)
    return result
  }
}

/** Groups have no effects elsewhere. */
const sendsNothing = (effect: never): Promise<boolean> => effect

function asFilter(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(name => name.trim().toLowerCase()))
}

const asItIs = (errorCode: ErrorCode): ErrorCode => errorCode

/** Two shapes of the same question: one group at the top of the request, or a list of groups from v8 on. */
async function fetchAllGroups(
  request: RequestOf<typeof OffsetFetch>,
  version: number,
  fetchGroup: (groupId: string, topics: WantedTopics) => Promise<FetchedGroup>,
): Promise<ResponseOf<typeof OffsetFetch>> {
  if (version >= 8) {
    const fetchAll = once(groupId => fetchGroup(groupId, null))
    const fetchOne = ({ groupId, topics }: (typeof request.groups)[number]) =>
      topics === null ? fetchAll(groupId) : fetchGroup(groupId, topics)
    return { groups: await Promise.all(request.groups.map(fetchOne)) }
  }
  const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: zeroUuid, partitionIndexes })) ?? null
  const group = await fetchGroup(request.groupId, topics)
  const errorCode = group.errorCode ?? Errors.NONE
  if (errorCode !== Errors.NONE) return OffsetFetch.failure(request, errorCode, version)
  return { errorCode, topics: group.topics.map(({ name, partitions }) => ({ name: name ?? '', partitions })) }
}
