// A streams group as transcripts use it (KIP-1071): heartbeats with everything right unless said otherwise. A member keeps what
// it was told and reports that it has it, as Kafka Streams does.
export const source = (...names) => ({ sourceTopics: names })
export const topicInfo = (name, rest = {}) => ({ name, partitions: 0, replicationFactor: 0, topicConfigs: [], ...rest })

export function subtopology(subtopologyId, rest) {
  return {
    subtopologyId,
    sourceTopics: [],
    sourceTopicRegex: [],
    stateChangelogTopics: [],
    repartitionSinkTopics: [],
    repartitionSourceTopics: [],
    copartitionGroups: [],
    ...rest,
  }
}

export const topology = (...subtopologies) => ({ epoch: 0, subtopologies })

class Member {
  constructor(group, memberId, rest) {
    Object.assign(this, { group, memberId, rest, epoch: 0, tasks: undefined })
  }
  // Joins, or joins again.
  join(as, rest = {}) {
    this.tasks = { activeTasks: [], standbyTasks: [], warmupTasks: [] }
    return this.send(as, {
      memberEpoch: 0,
      rebalanceTimeoutMs: 30000,
      topology: this.group.topology,
      processId: `process of ${this.memberId}`,
      ...this.tasks,
      ...this.rest,
      ...rest,
    })
  }
  beat(as, rest = {}) {
    return this.send(as, { memberEpoch: this.epoch, ...rest })
  }
  // What it has, as it is told: revoked at once.
  own(as, rest = {}) {
    return this.beat(as, { ...this.tasks, ...rest })
  }
  leave(as, rest = {}) {
    return this.send(as, { memberEpoch: -1, ...rest })
  }
  async send(as, body) {
    const { instanceId = null } = this.rest
    const answer = await this.group.t.call(
      'StreamsGroupHeartbeat',
      { groupId: this.group.groupId, memberId: this.memberId, endpointInformationEpoch: 0, instanceId, ...body },
      { as: `${this.memberId} ${as}`, view: body => this.group.shown(sortedAnswer(body)) },
    )
    if (answer.errorCode !== 0) return answer
    if (answer.memberEpoch > 0) this.epoch = answer.memberEpoch
    const { activeTasks, standbyTasks, warmupTasks } = answer
    if (activeTasks !== null) this.tasks = { activeTasks, standbyTasks, warmupTasks }
    return answer
  }
}

// Subtopologies and internal topics come in the order of a hash.
function sortedAnswer(body) {
  for (const key of ['activeTasks', 'standbyTasks', 'warmupTasks']) body[key]?.sort(by('subtopologyId'))
  for (const one of body.partitionsByUserEndpoint ?? [])
    for (const list of [one.activePartitions, one.standbyPartitions]) list.sort(by('topic'))
  body.partitionsByUserEndpoint?.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  for (const status of body.status ?? [])
    status.statusDetail = status.statusDetail
      .split(/(?<=: |, )/)
      .sort()
      .join('')
  return body
}

const by = key => (a, b) => (a[key] < b[key] ? -1 : 1)

class Group {
  constructor(t, suffix) {
    this.t = t
    this.groupId = t.name(suffix)
    this.topology = topology()
  }
  async ready() {
    const body = { key: this.groupId, keyType: 0, coordinatorKeys: [this.groupId] }
    const found = answer => answer.coordinators[0].errorCode === 0
    await this.t.until('FindCoordinator', body, found, { quiet: true })
    const fetch = { groups: [{ groupId: this.groupId, topics: null }] }
    await this.t.until('OffsetFetch', fetch, answer => answer.groups[0].errorCode === 0, { quiet: true })
    return this
  }
  // Which of two equal members gets which of two equal tasks is the order of a hash.
  shown(body) {
    return this.countsOnly
      ? JSON.parse(JSON.stringify(body, (key, value) => (key === 'partitions' ? value.length : value)))
      : body
  }
  member(memberId, rest = {}) {
    return new Member(this, memberId, rest)
  }
  describe(as, rest = {}) {
    return this.t.call(
      'StreamsGroupDescribe',
      { groupIds: [this.groupId], includeAuthorizedOperations: false, ...rest },
      { as, view: body => this.shown(sortedDescription(body)) },
    )
  }
  commit(as, topic, rest = {}, options = {}) {
    const topics = [
      {
        name: topic.name,
        topicId: topic.id,
        partitions: (rest.partitions ?? [0]).map(partitionIndex => ({
          partitionIndex,
          committedOffset: 0,
          committedLeaderEpoch: -1,
        })),
      },
    ]
    return this.t.call(
      'OffsetCommit',
      { groupId: this.groupId, generationIdOrMemberEpoch: -1, memberId: '', retentionTimeMs: -1, topics, ...rest },
      { as, ...options },
    )
  }
}

function sortedDescription(body) {
  for (const { members } of body.groups) members.sort(by('memberId'))
  return body
}

export const streamsGroup = async (t, suffix) => new Group(t, suffix).ready()
