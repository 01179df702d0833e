// A consumer group as transcripts use it (KIP-848): heartbeats with everything right unless said otherwise. Topics are shown by
// their names, members in the order of their ids.
import { group as classicGroup } from './group.mjs'

const int16 = value => Buffer.from([value >> 8, value & 255])
const int32 = value => Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255])
const text = value => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
const partitionsOf = owned =>
  Buffer.concat([
    int32(Object.keys(owned).length),
    ...Object.entries(owned).map(([name, those]) => Buffer.concat([text(name), int32(those.length), ...those.map(int32)])),
  ])

// What a consumer of the classic protocol says inside JoinGroup, and a leader inside SyncGroup.
export const subscription = (topics, owned = {}) =>
  Buffer.concat([int16(1), int32(topics.length), ...topics.map(text), int32(-1), partitionsOf(owned)])
export const assignment = (owned, userData = null) =>
  Buffer.concat([
    int16(1),
    partitionsOf(owned),
    userData === null ? int32(-1) : Buffer.concat([int32(userData.length), userData]),
  ])

class Group {
  constructor(t, groupId, topics) {
    Object.assign(this, { t, groupId, topics })
  }
  shown(body) {
    const names = new Map(this.topics.map(({ name, id }) => [id, name]))
    const shown = JSON.parse(JSON.stringify(body), (key, value) => {
      if (key === 'topicId') return names.get(value) ?? value
      if (this.countsOnly && key === 'topicPartitions') return Boolean(value)
      if (key === 'topicPartitions' && value !== null) return value.sort((a, b) => (a.topicId < b.topicId ? -1 : 1))
      return value
    })
    for (const { members } of shown.groups ?? []) members?.sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
    return shown
  }
  beat(as, memberId, memberEpoch, rest = {}, options = {}) {
    return this.t.call(
      'ConsumerGroupHeartbeat',
      { groupId: this.groupId, memberId, memberEpoch, ...rest },
      { as: `${memberId} ${as}`, view: body => this.shown(body), ...options },
    )
  }
  join(as, memberId, rest = {}, options = {}) {
    const names = this.topics.map(({ name }) => name)
    const wishes = { rebalanceTimeoutMs: 30000, subscribedTopicNames: names, topicPartitions: [] }
    return this.beat(as, memberId, 0, { ...wishes, ...rest }, options)
  }
  // What it says that it has.
  own(as, memberId, memberEpoch, ...partitions) {
    return this.beat(as, memberId, memberEpoch, { topicPartitions: [{ topicId: this.topics[0].id, partitions }] })
  }
  // A topic that appears or goes is known to Kafka's coordinator a moment later, and a pattern is matched a moment later.
  async settle(as, memberId, memberEpoch, fits) {
    for (let times = 0; times < 200; times++) {
      const answer = await this.t.quiet('ConsumerGroupHeartbeat', { groupId: this.groupId, memberId, memberEpoch })
      if (answer.errorCode !== 0 || fits(answer)) {
        await this.t.call('ConsumerGroupDescribe', this.described(), { as: `${memberId} ${as}`, view: body => this.shown(body) })
        return answer
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`${as}: not within four seconds`)
  }
  described = () => ({ groupIds: [this.groupId], includeAuthorizedOperations: false })
  describe(as, rest = {}) {
    return this.t.call('ConsumerGroupDescribe', { ...this.described(), ...rest }, { as, view: body => this.shown(body) })
  }
  commit(as, memberId, epoch, partitions, options = {}, rest = {}) {
    const [{ name, id }] = this.topics
    const list = partitions.map(partitionIndex => ({
      partitionIndex,
      committedOffset: 5,
      committedLeaderEpoch: -1,
      committedMetadata: 'x',
    }))
    return this.t.call(
      'OffsetCommit',
      {
        groupId: this.groupId,
        generationIdOrMemberEpoch: epoch,
        memberId,
        retentionTimeMs: -1,
        topics: [{ name, topicId: id, partitions: list }],
        ...rest,
      },
      { as, view: body => this.shown(body), ...options },
    )
  }
  fetch(as, memberId, memberEpoch, options = {}, rest = {}) {
    const [{ name, id }] = this.topics
    const topics = [{ name, topicId: id, partitionIndexes: [0, 1, 2] }]
    return this.t.call(
      'OffsetFetch',
      { groups: [{ groupId: this.groupId, memberId, memberEpoch, topics, ...rest }], requireStable: false },
      { as, view: body => this.shown(body), ...options },
    )
  }
  // -- members of the classic protocol
  joinClassic(as, memberId, rest = {}, owned = {}) {
    const metadata = subscription(
      this.topics.map(({ name }) => name),
      owned,
    )
    return this.t.call(
      'JoinGroup',
      {
        ...{ groupId: this.groupId, sessionTimeoutMs: 30000, rebalanceTimeoutMs: 30000, memberId, protocolType: 'consumer' },
        protocols: [{ name: 'range', metadata }],
        ...rest,
      },
      { as },
    )
  }
  async enterClassic(who) {
    const { memberId } = await this.joinClassic(`${who} asks for an id`, '')
    this.t.know(memberId, who)
    return this.joinClassic(`${who} joins`, memberId)
  }
  sync(as, memberId, generationId, assignments = [], rest = {}) {
    const said = { protocolType: 'consumer', protocolName: 'range', assignments }
    return this.t.call('SyncGroup', { groupId: this.groupId, generationId, memberId, ...said, ...rest }, { as })
  }
  beatClassic(as, memberId, generationId, rest = {}) {
    return this.t.call('Heartbeat', { groupId: this.groupId, generationId, memberId, ...rest }, { as })
  }
  leaveClassic(as, ...members) {
    return this.t.call('LeaveGroup', { groupId: this.groupId, members }, { as })
  }
  classic(as) {
    return this.t.call('DescribeGroups', { groups: [this.groupId] }, { as })
  }
}

// Topics are ready when Kafka's coordinator has heard of them, too: a probe is told what it has of them.
export async function consumerGroup(t, suffix, partitions = 3) {
  const topic = await t.topic(`${suffix}-in`, { partitions })
  const probe = await classicGroup(t, `${suffix}-probe`)
  await classicGroup(t, suffix)
  const body = { groupId: probe.groupId, memberId: 'probe', rebalanceTimeoutMs: 30000, subscribedTopicNames: [topic.name] }
  await t.until(
    'ConsumerGroupHeartbeat',
    { ...body, memberEpoch: 0, topicPartitions: [] },
    answer => answer.assignment?.topicPartitions.length > 0,
    {
      quiet: true,
    },
  )
  await t.quiet('ConsumerGroupHeartbeat', { groupId: probe.groupId, memberId: 'probe', memberEpoch: -1 })
  return new Group(t, t.name(suffix), [topic])
}
