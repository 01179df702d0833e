/** Groups: listed with their lag, shown with members and positions, moved to other offsets, deleted. */
import { createRoute, z } from '@hono/zod-openapi'
import { rebalanceReasons } from '../../coordinator/group/rebalance-cause.js'
import { Errors } from '../../protocol/errors.js'
import { DeleteGroups } from '../../protocol/messages/delete-groups.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { OffsetDelete } from '../../protocol/messages/offset-delete.js'
import type { App } from '../access.js'
import { failure } from '../failures.js'
import {
  type Committed,
  committedOffsets,
  describeGroup,
  type ListedGroup,
  lagOf,
  listGroups,
  logsOf,
  offsetsVersion,
} from '../groups.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted, kafkaFailure } from '../kafka-failures.js'
import { type ByPartition, findOffsets, foundAt } from '../offsets.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { groupName, listQuery, matching, offset, paged, pageOf, partitionIndex, sorted, topicName } from '../schemas.js'
import { indexesOf, topicOf } from '../topics.js'

const tags = ['groups']
const params = z.object({ group: groupName })

const GroupRow = z
  .object({
    groupId: z.string(),
    type: z.string().openapi({ description: 'classic, consumer, share or streams', example: 'classic' }),
    protocolType: z.string(),
    state: z.string(),
    lag: z.number().int().nullable().openapi({ description: 'Of all partitions; null without a position' }),
  })
  .openapi('GroupRow')

const Position = z
  .object({
    topic: z.string(),
    partition: z.number().int(),
    committedOffset: z.number().int().nullable(),
    startOffset: z.number().int().nullable().openapi({ description: 'Of the log; null when it is gone' }),
    endOffset: z.number().int().nullable(),
    lag: z.number().int().nullable(),
    metadata: z.string().nullable(),
    memberId: z.string().nullable().openapi({ description: 'Who reads it' }),
  })
  .openapi('Position')

const Member = z.object({
  memberId: z.string(),
  instanceId: z.string().nullable(),
  clientId: z.string(),
  host: z.string(),
  assignment: z.array(z.object({ topic: z.string(), partitions: z.array(z.number().int()) })),
})

const Rebalance = z
  .object({
    atMs: z.number().int(),
    epoch: z.number().int().openapi({ description: 'The generation, or the epoch of the group, that it leads to' }),
    reason: z.enum(rebalanceReasons),
    memberId: z.string().nullable().openapi({ description: 'Whose doing it was' }),
    clientId: z.string().nullable(),
    said: z.string().nullable().openapi({ description: 'The reason in the client’s own words (KIP-800)' }),
    members: z.number().int().openapi({ description: 'In the group at that moment' }),
  })
  .openapi('Rebalance')

const Group = GroupRow.extend({
  assignor: z.string().nullable(),
  members: z.array(Member).nullable().openapi({ description: 'null: this version does not describe groups of this type' }),
  positions: z.array(Position),
  rebalances: z.array(Rebalance).openapi({ description: 'The latest since the broker started, oldest first' }),
}).openapi('Group')

const list = createRoute({
  method: 'get',
  path: '/api/v1/groups',
  tags,
  summary: 'Groups, a page at a time',
  request: {
    query: listQuery.extend({
      sort: z.enum(['groupId', 'state', 'type', 'lag']).default('groupId'),
      state: z.string().max(64).optional(),
      type: z.string().max(64).optional(),
      topic: topicName
        .optional()
        .openapi({ description: 'Only groups that have a position in this topic, with their lag in it' }),
    }),
  },
  responses: answers(pageOf(GroupRow), 'A page of groups'),
})

const show = createRoute({
  method: 'get',
  path: '/api/v1/groups/{group}',
  tags,
  summary: 'A group, its members and positions',
  request: { params },
  responses: answers(Group, 'The group'),
})

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/groups/{group}',
  tags,
  summary: 'Delete a group that has no members',
  request: { params },
  responses: answersNothing('Deleted'),
})

const Reset = z
  .strictObject({
    topics: z
      .array(z.strictObject({ topic: topicName, partitions: z.array(partitionIndex).min(1).max(10_000).optional() }))
      .min(1)
      .max(1000)
      .optional()
      .openapi({ description: 'Without them all that the group has a position in' }),
    to: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('earliest') }),
      z.strictObject({ kind: z.literal('latest') }),
      z.strictObject({ kind: z.literal('offset'), offset }),
      z.strictObject({ kind: z.literal('timestamp'), timestampMs: offset }),
      z.strictObject({
        kind: z.literal('shift'),
        by: z
          .number()
          .int()
          .min(-(2 ** 53) + 1)
          .max(2 ** 53 - 1),
      }),
    ]),
    dryRun: z.boolean().default(true).openapi({ description: 'Only tell what would be' }),
  })
  .openapi('OffsetReset')

const Moves = z.object({
  isDone: z.boolean(),
  positions: z.array(
    z.object({ topic: z.string(), partition: z.number().int(), before: z.number().int().nullable(), after: z.number().int() }),
  ),
})

const reset = createRoute({
  method: 'post',
  path: '/api/v1/groups/{group}/offsets',
  tags,
  summary: 'Move a group that has no members to other offsets; by default a preview',
  request: { params, body: jsonBody(Reset) },
  responses: answers(Moves, 'What is moved, or would be'),
})

const forget = createRoute({
  method: 'delete',
  path: '/api/v1/groups/{group}/offsets/{topic}',
  tags,
  summary: 'Delete the positions of a group in a topic that it does not read',
  request: { params: z.object({ group: groupName, topic: topicName }) },
  responses: answersNothing('Deleted'),
})

export function groupRoutes(app: App, { broker }: HttpParts): void {
  app.openapi(list, async context => {
    const query = context.req.valid('query')
    const kafka = context.get('kafka')
    const isWanted = matching(query.search)
    const is = (wanted: string | undefined, value: string) => wanted === undefined || wanted.toLowerCase() === value.toLowerCase()
    const listed = (await listGroups(kafka)).filter(
      ({ groupId, state, type }) => isWanted(groupId) && is(query.state, state) && is(query.type, type),
    )
    const idOf = ({ groupId }: ListedGroup) => groupId
    const ofAll = query.sort === 'lag' || query.topic !== undefined ? await lags(kafka, listed, query.topic) : null
    const groups = query.topic === undefined ? listed : listed.filter(({ groupId }) => ofAll?.has(groupId))
    const keys = {
      groupId: idOf,
      state: ({ state }: ListedGroup) => state,
      type: ({ type }: ListedGroup) => type,
      lag: (group: ListedGroup) => ofAll?.get(group.groupId) ?? -1,
    }
    const page = paged(sorted(groups, query.order, keys[query.sort], idOf), query)
    const found = ofAll ?? (await lags(kafka, page.rows))
    return context.json({ ...page, rows: page.rows.map(group => ({ ...group, lag: found.get(group.groupId) ?? null })) }, 200)
  })

  app.openapi(show, async context => {
    const kafka = context.get('kafka')
    const { group: groupId } = context.req.valid('param')
    const listed = await groupOf(kafka, groupId)
    const described = await describeGroup(kafka, listed)
    const committed = (await committedOffsets(kafka, [groupId])).get(groupId) ?? new Map()
    const readers = new Map<string, Map<number, string>>()
    for (const { memberId, assignment } of described?.members ?? []) {
      for (const { topic, partitions } of assignment) {
        const ofTopic = readers.get(topic) ?? new Map<number, string>()
        readers.set(topic, ofTopic)
        for (const partition of partitions) ofTopic.set(partition, memberId)
      }
    }
    const positions = await positionsOf(kafka, committed, readers)
    const counted = positions.flatMap(({ lag }) => (lag === null ? [] : [lag]))
    const lag = counted.length === 0 ? null : counted.reduce((sum, one) => sum + one, 0)
    return context.json(
      {
        ...listed,
        state: described?.state ?? listed.state,
        lag,
        assignor: described?.assignor ?? null,
        members: described?.members ?? null,
        positions,
        rebalances: [...(await broker.observed.rebalances(groupId))],
      },
      200,
    )
  })

  app.openapi(remove, async context => {
    const { group } = context.req.valid('param')
    const { results } = await context.get('kafka').call(DeleteGroups, { groupsNames: [group] })
    accepted(results[0])
    return context.body(null, 204)
  })

  app.openapi(reset, async context => {
    const kafka = context.get('kafka')
    const { group: groupId } = context.req.valid('param')
    const { topics, to, dryRun } = context.req.valid('json')
    const committed = (await committedOffsets(kafka, [groupId])).get(groupId) ?? new Map<string, Map<number, Committed>>()
    const asked = new Map<string, number[]>()
    for (const { topic, partitions } of topics ?? []) asked.set(topic, partitions ?? indexesOf(await topicOf(kafka, topic)))
    if (topics === undefined) for (const [topic, ofTopic] of committed) asked.set(topic, [...ofTopic.keys()])
    if (asked.size === 0) throw failure('INVALID_INPUT', 'json topics: the group has no position; name topics')
    const positions = await moves(kafka, asked, to, committed)
    if (!dryRun) await commit(kafka, groupId, positions)
    return context.json({ isDone: !dryRun, positions }, 200)
  })

  app.openapi(forget, async context => {
    const { group: groupId, topic } = context.req.valid('param')
    const kafka = context.get('kafka')
    const committed = (await committedOffsets(kafka, [groupId])).get(groupId)?.get(topic)
    if (committed === undefined) throw kafkaFailure(Errors.RESOURCE_NOT_FOUND, 'The group has no position in this topic.')
    const partitions = Array.from(committed.keys(), partition => ({ partitionIndex: partition }))
    const answer = await kafka.call(OffsetDelete, { groupId, topics: [{ name: topic, partitions }] })
    accepted(answer)
    for (const partition of answer.topics.flatMap(({ partitions }) => partitions)) accepted(partition)
    return context.body(null, 204)
  })
}

async function groupOf(kafka: KafkaClient, groupId: string): Promise<ListedGroup> {
  const group = (await listGroups(kafka)).find(listed => listed.groupId === groupId)
  if (group === undefined) throw kafkaFailure(Errors.GROUP_ID_NOT_FOUND, 'There is no such group.')
  return group
}

/** By group; of one topic: of the groups that have a position in it. */
async function lags(kafka: KafkaClient, groups: readonly ListedGroup[], topic?: string): Promise<Map<string, number | null>> {
  const committed = await committedOffsets(
    kafka,
    groups.map(({ groupId }) => groupId),
  )
  if (topic !== undefined) {
    for (const [groupId, byTopic] of committed) {
      const ofTopic = byTopic.get(topic)
      if (ofTopic === undefined) committed.delete(groupId)
      else committed.set(groupId, new Map([[topic, ofTopic]]))
    }
  }
  const { ends } = await logsOf(kafka, committed.values())
  const found = new Map<string, number | null>()
  for (const [groupId, byTopic] of committed) {
    let sum: number | null = null
    for (const [topic, byPartition] of byTopic) {
      for (const [partition, { offset }] of byPartition) {
        const lag = lagOf(offset, ends.get(topic)?.get(partition))
        if (lag !== null) sum = (sum ?? 0) + lag
      }
    }
    found.set(groupId, sum)
  }
  return found
}

/** Of all partitions in which the group has a position or a reader. */
async function positionsOf(
  kafka: KafkaClient,
  committed: ByPartition<Committed>,
  readers: ByPartition<string>,
): Promise<z.infer<typeof Position>[]> {
  const { starts, ends } = await logsOf(kafka, [committed, readers])
  const positions: z.infer<typeof Position>[] = []
  for (const topic of [...new Set([...committed.keys(), ...readers.keys()])].sort()) {
    const indexes = new Set([...(committed.get(topic)?.keys() ?? []), ...(readers.get(topic)?.keys() ?? [])])
    for (const partition of [...indexes].sort((a, b) => a - b)) {
      const at = committed.get(topic)?.get(partition)
      const [start, end] = [starts.get(topic)?.get(partition), ends.get(topic)?.get(partition)]
      positions.push({
        topic,
        partition,
        committedOffset: at?.offset ?? null,
        startOffset: start?.errorCode === Errors.NONE ? start.offset : null,
        endOffset: end?.errorCode === Errors.NONE ? end.offset : null,
        lag: lagOf(at?.offset, end),
        metadata: at?.metadata ?? null,
        memberId: readers.get(topic)?.get(partition) ?? null,
      })
    }
  }
  return positions
}

type Move = z.infer<typeof Moves>['positions'][number]

/** No position leaves its log. */
async function moves(
  kafka: KafkaClient,
  asked: ReadonlyMap<string, readonly number[]>,
  to: z.infer<typeof Reset>['to'],
  committed: ByPartition<Committed>,
): Promise<Move[]> {
  const { starts, ends } = await logsOf(
    kafka,
    Array.from(asked, ([topic, partitions]) => new Map([[topic, new Map(partitions.map(partition => [partition, null]))]])),
  )
  const byTime = to.kind === 'timestamp' ? await findOffsets(kafka, asked, to.timestampMs) : null
  const positions: Move[] = []
  for (const [topic, partitions] of asked) {
    for (const partition of [...new Set(partitions)].sort((a, b) => a - b)) {
      const start = foundAt(starts, topic, partition)
      const end = foundAt(ends, topic, partition)
      const before = committed.get(topic)?.get(partition)?.offset ?? null
      const wanted = (): number => {
        switch (to.kind) {
          case 'earliest':
            return start
          case 'latest':
            return end
          case 'offset':
            return to.offset
          case 'shift':
            if (before === null) throw failure('INVALID_INPUT', `json to: there is no position in ${topic}-${partition} to shift`)
            return before + to.by
          case 'timestamp': {
            const found = byTime === null ? -1 : foundAt(byTime, topic, partition)
            return found < 0 ? end : found
          }
        }
      }
      positions.push({ topic, partition, before, after: Math.max(start, Math.min(wanted(), end)) })
    }
  }
  return positions
}

async function commit(kafka: KafkaClient, groupId: string, positions: readonly Move[]): Promise<void> {
  const topics = new Map<string, Move[]>()
  for (const position of positions) topics.set(position.topic, [...(topics.get(position.topic) ?? []), position])
  const request = {
    groupId,
    topics: Array.from(topics, ([name, moved]) => ({
      name,
      partitions: moved.map(({ partition, after }) => ({
        partitionIndex: partition,
        committedOffset: after,
        committedMetadata: '',
      })),
    })),
  }
  const answer = await kafka.call(OffsetCommit, request, offsetsVersion)
  for (const { partitions } of answer.topics) {
    for (const { errorCode } of partitions) {
      if (errorCode === Errors.UNKNOWN_MEMBER_ID) {
        throw kafkaFailure(Errors.NON_EMPTY_GROUP, 'The group has members, which commit offsets of their own; stop them first.')
      }
      accepted({ errorCode })
    }
  }
}
