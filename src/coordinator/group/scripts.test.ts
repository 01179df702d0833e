/**
 * Transcripts of groups at work: each *.script.txt in scripts/ is a list of commands (lines that start with ">"), and below
 * each command what came of it: records written, and answers in the order in which they left. A rewrite of the expected
 * parts: `UPDATE_SCRIPTS=1 npx vitest run src/coordinator`. Read the difference before you believe it.
 *
 *   join NAME [v=9] [instance=i] [protocols=range,sticky] [topics=t] [type=consumer] [session=10s] [rebalance=60s]
 *   sync NAME [a=x b=y]     heartbeat NAME       leave NAME… [v=5]     leave-instance i…
 *   commit NAME|- [v=8] [meta=m] [retention=1s] [at=5] t-0=5…          fetch [t-0…]
 *   commit-in P1 [v=4] [by=NAME] t-0=5…          fetch stable [t-0…]         end P1 commit|abort [v=0]
 *   why (the group rebalanced)                    join and leave with said=words
 *   describe [v=5]          list [state…]        delete-group          delete-offsets t-0…
 *   topic-deleted t         announce             forget NAME           advance 10s           restart           set groupMaxSize=2
 *   refuse large|all|nothing                     what the log does with records from now on
 *
 * P1 is a producer by its id. NAME is a client; it remembers its member id (shown as a1, the next one as a2 …) and generation
 * as a real one does.
 * `forget` makes it lose them. An option `as=NAME:a1` sends another member id.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { asBuffer, type Bytes, concat, utf8Encode } from '../../base/bytes.js'
import { zeroUuid } from '../../base/ids.js'
import { Errors, errorName } from '../../protocol/errors.js'
import { assignmentBytes, assignmentOf } from '../../protocol/messages/consumer-protocol.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { MemoryLog } from '../../testing/memory-log.js'
import { MemoryTopics } from '../../testing/memory-topics.js'
import { ms, transcriptOf } from '../../testing/transcript.js'
import type { LogEntry } from '../log-port.js'
import { type GroupConfig, groupConfigDefaults } from './config.js'
import type { ConsumerRecord, CurrentAssignment, MemberMetadata, OwnedPartitions } from './consumer/state.js'
import { decodeRecord } from './records.js'
import { createGroupCoordinator } from './service.js'

const folder = new URL('./scripts/', import.meta.url)

for (const file of readdirSync(folder).sort()) {
  test(file.replace('.script.txt', '').replaceAll('-', ' '), async () => {
    const expected = readFileSync(new URL(file, folder), 'utf8')
    const actual = await play(expected)
    if (process.env.UPDATE_SCRIPTS !== undefined) writeFileSync(new URL(file, folder), actual)
    else expect(actual).toBe(expected)
  })
}

interface Client {
  memberId: string
  generation: number
  protocol: string | null
  type: string
  instance: string | null
  ids: number
}

const groupId = 'g'
/** What consumers read there is shown as it is read. */
function text(bytes: Bytes): string {
  const parsed = bytes[0] === 0 ? assignmentOf(bytes) : null
  const shown = parsed?.assignedPartitions.map(({ topic, partitions }) => `${topic}:${partitions}`)
  return shown === undefined ? JSON.stringify(asBuffer(bytes).toString('utf8')) : `@${shown.join(' ')}`
}

/** "@t:0,1+u:2" is an assignment of consumers, everything else is itself. */
function assignmentFrom(value: string): Bytes {
  if (!value.startsWith('@')) return utf8Encode(value)
  const parts = value.slice(1).split('+').filter(Boolean)
  const assigned = parts.map(part => {
    const [topic = '', partitions = ''] = part.split(':')
    return { topic, partitions: partitions.split(',').map(Number) }
  })
  return assignmentBytes(assigned, new Uint8Array(2))
}

/** A consumer's subscription v0 to one topic. */
function subscription(topic: string): Bytes {
  const header = new Uint8Array([0, 0, 0, 0, 0, 1, 0, topic.length])
  return concat([header, utf8Encode(topic), new Uint8Array([0xff, 0xff, 0xff, 0xff])])
}

async function play(script: string): Promise<string> {
  const world = fakeWorld()
  const log = new MemoryLog()
  const topics = new MemoryTopics()
  let config: GroupConfig = { ...groupConfigDefaults, groupInitialRebalanceDelayMs: 1 }
  const options = {
    world,
    log,
    topics,
    config: () => config,
    report: { unknownRecord: noReport, shardDropped: noReport, shardUnavailable: noReport },
  }
  let coordinator = createGroupCoordinator(options)
  coordinator.start()
  const partition = coordinator.partitionOf(groupId)
  const clients = new Map<string, Client>()
  const nameOfId = new Map<string, string>([['', '-']])
  const output: string[] = []
  let shownEntries = 0

  /** An id that is met before its owner has heard of it gets its name from its prefix. */
  const named = (memberId: string): string => {
    const known = nameOfId.get(memberId)
    if (known !== undefined) return known
    const owner = [...clients].find(([name, client]) => memberId.startsWith(`${client.instance ?? name}-`))
    if (owner === undefined) return memberId
    nameOfId.set(memberId, `${owner[0]}${++owner[1].ids}`)
    return named(memberId)
  }
  const clientOf = (name: string): Client => {
    const client = clients.get(name) ?? { memberId: '', generation: -1, protocol: null, type: 'consumer', instance: null, ids: 0 }
    clients.set(name, client)
    return client
  }
  const idOf = (name: string): string => {
    for (const [id, known] of nameOfId) if (known === name) return id
    return clients.get(name)?.memberId ?? name
  }
  const say = (line: string): void => void output.push(line)
  const when = <R>(promise: Promise<R>, show: (response: R) => void): void => void promise.then(show)

  function showRecords(): void {
    const entries = log.replay(partition)
    for (; shownEntries < entries.length; shownEntries++) {
      const entry = entries[shownEntries] as LogEntry
      if (entry.kind === 'marker')
        say(`  log: P${entry.marker.producer.producerId} ${entry.marker.isCommit ? 'commit' : 'abort'}`)
      if (entry.kind !== 'record') continue
      const record = decodeRecord(entry.record)
      if (record?.type === 'offset') {
        const { topic, value } = record
        const expiry =
          value === null || value.expireTimestampMs === -1 ? '' : ` expires=${value.expireTimestampMs - world.nowMs()}`
        const producer = entry.producer === null ? '' : ` in P${entry.producer.producerId}`
        say(`  log: ${topic}-${record.partition} ${value === null ? 'tombstone' : `${value.offset}${expiry}`}${producer}`)
      } else if (record?.type === 'group' && record.value !== null) {
        const { generation, leader, protocol, members } = record.value
        const shown = members.map(member => `${named(member.memberId)}:${text(member.assignment)}`)
        say(
          `  log: group generation=${generation} leader=${named(leader ?? '')} protocol=${protocol} ${shown.join(' ')}`.trimEnd(),
        )
      } else if (record?.type === 'group') say('  log: group tombstone')
      else if (record !== null) say(`  log: ${consumerRecordText(record as ConsumerRecord, named, topics)}`)
    }
  }

  const commands: Record<string, (args: string[], options: Map<string, string>) => void> = {
    join([name = ''], opts) {
      const client = clientOf(name)
      client.instance = opts.get('instance') ?? client.instance
      client.type = opts.get('type') ?? client.type
      const version = Number(opts.get('v') ?? 9)
      const metadata = opts.has('meta') ? utf8Encode(opts.get('meta') ?? '') : subscription(opts.get('topics') ?? 't')
      const request = {
        groupId: opts.get('group') ?? groupId,
        sessionTimeoutMs: ms(opts.get('session') ?? '10s'),
        rebalanceTimeoutMs: version === 0 ? -1 : ms(opts.get('rebalance') ?? '60s'),
        memberId: opts.has('as') ? idOf(opts.get('as') ?? '') : client.memberId,
        groupInstanceId: version >= 5 ? client.instance : null,
        protocolType: client.type,
        protocols: (opts.get('protocols') ?? 'range')
          .split(',')
          .filter(Boolean)
          .map(name => ({ name, metadata })),
        reason: opts.get('said') ?? null,
      }
      when(coordinator.join(request, { version, clientId: name, clientHost: '/127.0.0.1' }), response => {
        const { errorCode } = response
        if (errorCode === 0 || errorCode === 79) client.memberId = response.memberId
        if (errorCode === 79 && named(response.memberId) === response.memberId)
          nameOfId.set(response.memberId, `${name}${++client.ids}`)
        if (errorCode !== 0) {
          if (errorCode === 25) client.memberId = ''
          return say(`  ${name}: ${errorName(errorCode)} id=${named(response.memberId)}`)
        }
        client.generation = response.generationId ?? -1
        client.protocol = response.protocolName
        const members = response.members.map(member => named(member.memberId))
        const skip = response.skipAssignment ? ' skip-assignment' : ''
        const list = members.length > 0 ? ` members=${members.join(',')}` : ''
        say(
          `  ${name}: joined id=${named(response.memberId)} generation=${response.generationId}` +
            ` protocol=${response.protocolName} leader=${named(response.leader)}${list}${skip}`,
        )
      })
    },
    sync([name = ''], opts) {
      const client = clientOf(name)
      const assignments = [...opts].filter(([key]) => !['v', 'generation', 'type', 'protocol', 'as'].includes(key))
      const request = {
        groupId,
        generationId: Number(opts.get('generation') ?? client.generation),
        memberId: opts.has('as') ? idOf(opts.get('as') ?? '') : client.memberId,
        groupInstanceId: client.instance,
        protocolType: opts.get('type') ?? client.type,
        protocolName: opts.get('protocol') ?? client.protocol,
        assignments: assignments.map(([key, value]) => ({ memberId: idOf(key), assignment: assignmentFrom(value) })),
      }
      when(coordinator.sync(request, { version: 5 }), response =>
        say(
          response.errorCode === 0
            ? `  ${name}: assigned ${text(response.assignment)} of ${response.protocolType}/${response.protocolName}`
            : `  ${name}: ${errorName(response.errorCode)}`,
        ),
      )
    },
    heartbeat([name = ''], opts) {
      const client = clientOf(name)
      const request = {
        groupId,
        generationId: Number(opts.get('generation') ?? client.generation),
        memberId: opts.has('as') ? idOf(opts.get('as') ?? '') : client.memberId,
        groupInstanceId: client.instance,
      }
      when(coordinator.heartbeat(request, { version: 4 }), ({ errorCode }) => say(`  ${name}: ${errorName(errorCode)}`))
    },
    leave(names, opts) {
      const version = Number(opts.get('v') ?? 5)
      const members = names.map(name => ({
        memberId: idOf(name),
        groupInstanceId: clientOf(name).instance,
        reason: opts.get('said') ?? null,
      }))
      leave(version, members)
    },
    'leave-instance'(instances) {
      leave(
        5,
        instances.map(groupInstanceId => ({ memberId: '', groupInstanceId, reason: null })),
      )
    },
    commit([name = ''], opts) {
      const client = name === '-' ? null : clientOf(name)
      const version = Number(opts.get('v') ?? 8)
      const topics = [...opts]
        .filter(([key]) => /-\d+$/.test(key))
        .map(([key, offset]) => ({
          ...topicPartition(key),
          offset: Number(offset),
        }))
      const request = {
        groupId,
        generationIdOrMemberEpoch: Number(opts.get('generation') ?? client?.generation ?? -1),
        memberId: client?.memberId ?? '',
        groupInstanceId: client?.instance ?? null,
        retentionTimeMs: opts.has('retention') ? ms(opts.get('retention') ?? '') : -1,
        topics: topics.map(({ topic, partitionIndex, offset }) => ({
          name: topic,
          topicId: zeroUuid,
          partitions: [
            {
              partitionIndex,
              committedOffset: offset,
              committedLeaderEpoch: -1,
              commitTimestamp: opts.has('at') ? Number(opts.get('at')) : -1,
              committedMetadata: opts.get('meta') ?? null,
            },
          ],
        })),
      }
      when(coordinator.commitOffsets(request, { version }), response => say(`  ${name}: ${codes(response.topics)}`))
    },
    'commit-in'([name = ''], opts) {
      const client = opts.has('by') ? clientOf(opts.get('by') ?? '') : null
      const topics = [...opts].filter(([key]) => /-\d+$/.test(key))
      const request = {
        transactionalId: 'x',
        groupId: opts.get('group') ?? groupId,
        producerId: producerIdOf(name),
        producerEpoch: 0,
        generationIdOrMemberEpoch: Number(opts.get('generation') ?? client?.generation ?? -1),
        memberId: opts.has('as') ? idOf(opts.get('as') ?? '') : (client?.memberId ?? ''),
        groupInstanceId: client?.instance ?? null,
        topics: topics.map(([key, offset]) => {
          const { topic, partitionIndex } = topicPartition(key)
          const committed = {
            committedOffset: Number(offset),
            committedLeaderEpoch: -1,
            committedMetadata: opts.get('meta') ?? null,
          }
          return { name: topic, topicId: zeroUuid, partitions: [{ partitionIndex, ...committed }] }
        }),
      }
      const context = { version: Number(opts.get('v') ?? 4), guard: null }
      when(coordinator.commitInTransaction(request, context), response => say(`  ${name}: ${codes(response.topics)}`))
    },
    end([name = '', outcome = ''], opts) {
      const producer = { producerId: producerIdOf(name), producerEpoch: 0 }
      const marker = { producer, isCommit: outcome === 'commit', coordinatorEpoch: 0 }
      when(coordinator.writeMarker(partition, marker, Number(opts.get('v') ?? 0) as 0), errorCode =>
        say(`  ${name}: ${errorName(errorCode)}`),
      )
    },
    fetch(words) {
      const requireStable = words[0] === 'stable'
      const wanted = requireStable ? words.slice(1) : words
      const topics = wanted.map(topicPartition).map(({ topic, partitionIndex }) => ({
        name: topic,
        topicId: zeroUuid,
        partitionIndexes: [partitionIndex],
      }))
      const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: wanted.length === 0 ? null : topics }]
      when(coordinator.fetchOffsets({ groupId: '', topics: [], groups, requireStable }, { version: 8 }), response => {
        for (const topic of response.groups?.[0]?.topics ?? []) {
          for (const { partitionIndex, committedOffset, metadata, errorCode } of topic.partitions) {
            say(`  ${topic.name}-${partitionIndex}: ${committedOffset} ${JSON.stringify(metadata)} ${errorName(errorCode)}`)
          }
        }
      })
    },
    describe(_, opts) {
      const request = { groups: [groupId], includeAuthorizedOperations: false }
      when(coordinator.describe(request, { version: Number(opts.get('v') ?? 5) }), ({ groups: [group] }) => {
        if (group === undefined) return
        const { groupState, protocolType, protocolData, errorCode, errorMessage } = group
        say(
          `  ${groupState} type="${protocolType}" protocol="${protocolData}" ${errorName(errorCode)} ${errorMessage ?? ''}`.trimEnd(),
        )
        for (const member of group.members) {
          const instance = member.groupInstanceId === null ? '' : ` instance=${member.groupInstanceId}`
          const bytes = member.memberMetadata.byteLength
          say(
            `    ${named(member.memberId)}${instance} ${member.clientId}${member.clientHost}` +
              ` metadata=${bytes}B assignment=${text(member.memberAssignment)}`,
          )
        }
      })
    },
    list(statesFilter, opts) {
      const typesFilter = opts.has('type') ? [opts.get('type') ?? ''] : []
      when(coordinator.list({ statesFilter, typesFilter }, { version: 5 }), ({ groups }) => {
        for (const group of groups) say(`  ${group.groupId} type="${group.protocolType}" ${group.groupState} ${group.groupType}`)
        if (groups.length === 0) say('  none')
      })
    },
    why() {
      when(coordinator.describeRebalances({ groupId }, { version: 0 }), rebalances => {
        for (const { epoch, reason, memberId, clientId, said, members } of rebalances) {
          const who = memberId === null ? '' : ` ${named(memberId)}/${clientId}`
          say(`  ${epoch}: ${reason}${who} members=${members}${said === null ? '' : ` "${said}"`}`)
        }
        if (rebalances.length === 0) say('  nothing is remembered')
      })
    },
    'delete-group'() {
      when(coordinator.deleteGroups({ groupsNames: [groupId] }, { version: 2 }), ({ results }) =>
        say(`  ${results.map(result => errorName(result.errorCode)).join()}`),
      )
    },
    'delete-offsets'(wanted) {
      const topics = wanted
        .map(topicPartition)
        .map(({ topic, partitionIndex }) => ({ name: topic, partitions: [{ partitionIndex }] }))
      when(coordinator.deleteOffsets({ groupId, topics }, { version: 0 }), response =>
        say(`  ${errorName(response.errorCode)} ${codes(response.topics)}`.trimEnd()),
      )
    },
    'topic-deleted'([topic = '']) {
      when(coordinator.topicDeleted(topic), () => say('  done'))
    },
    beat([name = ''], opts) {
      const client = clientOf(name)
      client.instance = opts.get('instance') ?? client.instance
      const isJoin = opts.get('epoch') === '0'
      const names = opts.get('topics')?.split(',').filter(Boolean) ?? null
      const request = {
        groupId,
        memberId: opts.get('as') ?? name,
        memberEpoch: Number(opts.get('epoch') ?? client.generation),
        instanceId: client.instance,
        rackId: opts.get('rack') ?? null,
        rebalanceTimeoutMs: opts.has('rebalance') ? ms(opts.get('rebalance') ?? '') : isJoin ? 60_000 : -1,
        subscribedTopicNames: names ?? (isJoin && !opts.has('regex') ? ['t'] : null),
        subscribedTopicRegex: opts.get('regex') ?? null,
        serverAssignor: opts.get('assignor') ?? null,
        topicPartitions: opts.has('owns') ? partitionsFrom(opts.get('owns') ?? '', topics) : isJoin ? [] : null,
      }
      const context = {
        ...{ version: Number(opts.get('v') ?? 1), clientId: name, clientHost: '/127.0.0.1', regexProblem: null },
        topicsMatching: async (pattern: string) =>
          new Set([...topics.topics.keys()].filter(topic => topic.match(`^(${pattern})$`))),
        topicsRevision: () => topics.topicsRevision,
      }
      when(coordinator.consumerHeartbeat(request, context), response => {
        if (response.errorCode === 0) client.generation = response.memberEpoch ?? 0
        const error = response.errorCode === 0 ? '' : ` ${errorName(response.errorCode)}`
        const assigned = response.assignment == null ? '' : ` has ${assignmentText(response.assignment.topicPartitions, topics)}`
        say(`  ${name}:${error || ` epoch=${response.memberEpoch}`}${assigned}`)
      })
    },
    'describe-consumer'() {
      const request = { groupIds: [groupId], includeAuthorizedOperations: false }
      when(coordinator.describeConsumer(request, { version: 1 }), ({ groups: [group] }) => {
        if (group === undefined) return
        if (group.errorCode !== 0) return say(`  ${errorName(group.errorCode)} ${group.errorMessage}`)
        const { groupState, groupEpoch, assignmentEpoch, assignorName } = group
        say(`  ${groupState} epoch=${groupEpoch} assignment=${assignmentEpoch} ${assignorName}`)
        for (const member of group.members ?? []) {
          const [has, gets] = [member.assignment, member.targetAssignment].map(of => assignmentText(of.topicPartitions, topics))
          const type = member.memberType === 0 ? 'classic' : 'consumer'
          say(`    ${named(member.memberId)} ${type} epoch=${member.memberEpoch} has ${has} gets ${gets}`)
        }
      })
    },
    topic([name = '', partitions = '']) {
      topics.set(name, Number(partitions))
    },
    'drop-topic'([name = '']) {
      topics.delete(name)
    },
    announce() {
      coordinator.announce(groupId)
    },
    forget([name = '']) {
      clientOf(name).memberId = ''
    },
    advance([duration = '']) {
      world.advance(ms(duration))
    },
    restart() {
      coordinator.stop()
      coordinator = createGroupCoordinator(options)
      coordinator.start()
    },
    refuse([what = '']) {
      log.refusal = { large: Errors.MESSAGE_TOO_LARGE, all: Errors.KAFKA_STORAGE_ERROR }[what] ?? null
    },
    set(_, opts) {
      config = { ...config, ...Object.fromEntries([...opts].map(([key, value]) => [key, ms(value)])) }
    },
  }

  function leave(version: number, members: { memberId: string; groupInstanceId: string | null; reason: string | null }[]): void {
    const request = { groupId, memberId: members[0]?.memberId ?? '', members }
    when(coordinator.leave(request, { version }), response => {
      const each = response.members?.map(member => ` ${named(member.memberId)}=${errorName(member.errorCode)}`) ?? []
      say(`  left: ${errorName(response.errorCode)}${each.join('')}`)
    })
  }

  const takeSaid = (): string[] => output.splice(0)
  return transcriptOf(script, { commands, takeSaid, sayRecords: showRecords })
}

const noReport = (): void => {}

const topicOf = (topicId: string, topics: MemoryTopics): string => topics.topicsById.get(topicId)?.name ?? topicId

function assignmentText(of: readonly { topicId: string; partitions: readonly number[] }[], topics: MemoryTopics): string {
  return of.map(({ topicId, partitions }) => `${topicOf(topicId, topics)}:${partitions}`).join(' ') || 'nothing'
}

/** "t:0,1 u:2"; "" is nothing. */
function partitionsFrom(text: string, topics: MemoryTopics) {
  return text
    .split('+')
    .filter(Boolean)
    .map(part => {
      const [topic = '', partitions = ''] = part.split(':')
      return { topicId: topics.topics.get(topic)?.topicId ?? topic, partitions: partitions.split(',').map(Number) }
    })
}

const memberStates = ['stable', 'unrevoked', 'unreleased']

function consumerRecordText(record: ConsumerRecord, named: (memberId: string) => string, topics: MemoryTopics): string {
  const { type, key, value } = record
  const who = 'memberId' in key ? `${named(key.memberId)}` : 'regularExpression' in key ? key.regularExpression : 'group'
  const what = type.replace('consumer-', '')
  if (value === null) return `${what} ${who} tombstone`
  const ownedText = (owned: OwnedPartitions): string =>
    [...owned].map(([id, those]) => `${topicOf(id, topics)}:${[...those].map(([n, epoch]) => `${n}@${epoch}`)}`).join(' ') ||
    'nothing'
  switch (type) {
    case 'consumer-epoch':
      return `epoch ${record.value?.epoch}${record.value?.metadataHash === 0 ? ' of no topics' : ''}`
    case 'consumer-target-epoch':
      return `target-epoch ${record.value?.assignmentEpoch}`
    case 'consumer-member': {
      const { instanceId, subscribedTopicNames, subscribedTopicRegex, serverAssignor, classicMemberMetadata } =
        value as MemberMetadata
      const instance = instanceId === null ? '' : ` instance=${instanceId}`
      const wants = [...subscribedTopicNames, subscribedTopicRegex === '' ? '' : `/${subscribedTopicRegex}/`].filter(Boolean)
      const assignor = serverAssignor === null ? '' : ` assignor=${serverAssignor}`
      return `member ${who}${instance}${classicMemberMetadata === null ? '' : ' classic'} wants ${wants.join(' ') || 'nothing'}${assignor}`
    }
    case 'consumer-target':
      return `target ${who} ${assignmentText(
        Array.from(record.value ?? [], ([topicId, partitions]) => ({ topicId, partitions })),
        topics,
      )}`
    case 'consumer-current': {
      const { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation } = value as CurrentAssignment
      const revoking = pendingRevocation.size === 0 ? '' : ` revoking ${ownedText(pendingRevocation)}`
      return `current ${who} ${previousMemberEpoch}→${memberEpoch} ${memberStates[state]} ${ownedText(assigned)}${revoking}`
    }
    case 'consumer-regex':
      return `regex ${who} ${[...(record.value?.topics ?? [])].sort().join(' ') || 'nothing'}`
    case 'consumer-partition-metadata':
      return `partition-metadata ${who}`
  }
}

function codes(
  topics: readonly { name?: string | undefined; partitions: readonly { partitionIndex: number; errorCode: number }[] }[],
) {
  return topics
    .flatMap(({ name, partitions }) => partitions.map(p => `${name}-${p.partitionIndex}=${errorName(p.errorCode)}`))
    .join(' ')
}

function topicPartition(word: string): { topic: string; partitionIndex: number } {
  const at = word.lastIndexOf('-')
  return { topic: word.slice(0, at), partitionIndex: Number(word.slice(at + 1)) }
}

const producerIdOf = (name: string): number => Number(name.slice(1))
