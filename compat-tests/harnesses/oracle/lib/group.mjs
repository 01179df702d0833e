// A classic group as transcripts use it: requests with everything right unless said otherwise.
export const SUBSCRIPTION = Buffer.from('0001000000010001740000000000000000', 'hex')
export const protocols = (...names) => names.map(name => ({ name, metadata: SUBSCRIPTION }))

class Group {
  constructor(t, suffix) {
    this.t = t
    this.groupId = t.name(suffix)
  }
  async ready() {
    const body = { key: this.groupId, keyType: 0, coordinatorKeys: [this.groupId] }
    await this.t.until('FindCoordinator', body, answer => (answer.errorCode ?? answer.coordinators[0].errorCode) === 0, {
      quiet: true,
    })
    await this.t.until(
      'OffsetFetch',
      { groupId: this.groupId, topics: null, groups: [{ groupId: this.groupId, topics: null }] },
      answer => (answer.errorCode ?? answer.groups[0].errorCode) === 0,
      { quiet: true },
    )
    return this
  }
  join(as, rest = {}, options = {}) {
    const body = {
      groupId: this.groupId,
      sessionTimeoutMs: 30000,
      rebalanceTimeoutMs: 30000,
      memberId: '',
      protocolType: 'consumer',
      protocols: protocols('range'),
      ...rest,
    }
    return this.t.call('JoinGroup', body, { as, ...options })
  }
  // Joins with or without the round trip for a member id, as the version wants it.
  async enter(who, rest = {}, options = {}) {
    const v = options.v ?? (this.t.transcript.api === 'JoinGroup' ? this.t.v : this.t.newest('JoinGroup'))
    if (v >= 4 && rest.groupInstanceId === undefined) {
      const { memberId } = await this.join(`${who} asks for an id`, rest, { on: who, ...options })
      this.t.know(memberId, who)
      return this.join(`${who} joins`, { ...rest, memberId }, { on: who, ...options })
    }
    return this.join(`${who} joins`, rest, { on: who, ...options }).then(answer => {
      this.t.know(answer.memberId, who)
      return answer
    })
  }
  sync(as, memberId, generationId, assignments = [], rest = {}, options = {}) {
    return this.t.call(
      'SyncGroup',
      { groupId: this.groupId, generationId, memberId, protocolType: 'consumer', protocolName: 'range', assignments, ...rest },
      { as, ...options },
    )
  }
  beat(as, memberId, generationId, rest = {}, options = {}) {
    return this.t.call('Heartbeat', { groupId: this.groupId, generationId, memberId, ...rest }, { as, ...options })
  }
  leave(as, memberId, rest = {}, options = {}) {
    return this.t.call(
      'LeaveGroup',
      { groupId: this.groupId, memberId, members: [{ memberId, groupInstanceId: null, reason: null }], ...rest },
      { as, ...options },
    )
  }
  commit(as, topics, rest = {}, options = {}) {
    return this.t.call(
      'OffsetCommit',
      { groupId: this.groupId, generationIdOrMemberEpoch: -1, memberId: '', retentionTimeMs: -1, topics, ...rest },
      { as, ...options },
    )
  }
  offsets(as, options = {}) {
    return this.t.call(
      'OffsetFetch',
      {
        groupId: this.groupId,
        topics: null,
        groups: [{ groupId: this.groupId, memberId: null, memberEpoch: -1, topics: null }],
        requireStable: false,
      },
      { as, ...options },
    )
  }
  describe(as, options = {}) {
    return this.t.call('DescribeGroups', { groups: [this.groupId], includeAuthorizedOperations: false }, { as, ...options })
  }
}
export const group = (t, suffix) => new Group(t, suffix).ready()
export const assignment = (memberId, text) => ({ memberId, assignment: Buffer.from(text) })
