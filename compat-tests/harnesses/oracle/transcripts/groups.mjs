// The life of classic groups, one request wrong at a time, and with two members where it takes two.
import { assignment, group, protocols } from '../lib/group.mjs'

export const transcripts = [
  {
    name: 'join-group',
    api: 'JoinGroup',
    async run(t) {
      const g = await group(t, 'a')
      await g.join('empty group id', { groupId: '' }, { on: 'x1' })
      for (const ms of [5999, 0, -1, 1800001, 2147483647])
        await g.join(`session timeout ${ms}`, { sessionTimeoutMs: ms }, { on: `s${ms}` })
      await g.join('no protocols', { protocols: [] }, { on: 'x2' })
      await g.join('no protocol type', { protocolType: '' }, { on: 'x3' })
      await g.join('unknown member', { memberId: 'nobody' }, { on: 'x4' })
      await g.describe('before anybody')
      const a = await g.enter('A')
      await g.beat('while completing', a.memberId, a.generationId)
      await g.describe('completing')
      await g.sync('A syncs', a.memberId, a.generationId, [assignment(a.memberId, 'one')])
      await g.describe('stable')
      await g.join('other protocol type', { protocolType: 'connect' }, { on: 'y1' })
      await g.join('no common protocol', { protocols: protocols('roundrobin') }, { on: 'y2' })
      await g.join('no protocols in a stable group', { protocols: [] }, { on: 'y3' })
      await g.join('unknown member in a stable group', { memberId: 'nobody' }, { on: 'y4' })
      await g.join('static with an unknown id', { memberId: 'nobody', groupInstanceId: 'i1' }, { on: 'y5' })
      const again = await g.join('A rejoins, the leader', { memberId: a.memberId }, { on: 'A' })
      await g.sync('A syncs again', a.memberId, again.generationId, [assignment(a.memberId, 'two')])
      await g.join('A rejoins with a reason', { memberId: a.memberId, reason: 'because' }, { on: 'A' })
      await g.sync('A syncs a third time', a.memberId, again.generationId + 1, [assignment(a.memberId, 'three')])
      await g.join(
        'A rejoins with other metadata',
        { memberId: a.memberId, protocols: [{ name: 'range', metadata: Buffer.from('other') }] },
        { on: 'A' },
      )
      await g.describe('after other metadata')
      await g.join(
        'A rejoins with two protocols',
        { memberId: a.memberId, protocols: protocols('roundrobin', 'range') },
        { on: 'A' },
      )
      await g.join(
        'A rejoins with a protocol twice',
        { memberId: a.memberId, protocols: protocols('range', 'range') },
        { on: 'A' },
      )
      await g.join('A rejoins with another type', { memberId: a.memberId, protocolType: 'connect' }, { on: 'A' })
      await g.leave('A leaves', a.memberId)
      await g.describe('empty')
      await g.join('A after it left', { memberId: a.memberId }, { on: 'A' })
      const other = await group(t, 'b')
      await other.enter('B', { protocolType: 'connect', protocols: protocols('x', 'y') })
      await other.describe('a group of another type')
      const odd = await group(t, 'c')
      await odd.enter('C', { rebalanceTimeoutMs: -1 })
      const odd2 = await group(t, 'd')
      await odd2.enter('D', { protocols: [{ name: '', metadata: Buffer.alloc(0) }] })
      if (t.v >= 5) {
        const s = await group(t, 's')
        await s.join('empty instance id', { groupInstanceId: '' }, { on: 'e1' })
        await s.join('instance id with a space', { groupInstanceId: 'a b' }, { on: 'e2' })
        await s.join('instance id too long', { groupInstanceId: 'x'.repeat(250) }, { on: 'e3' })
        await s.join('instance id dot', { groupInstanceId: '.' }, { on: 'e4' })
      }
    },
  },
  {
    name: 'two-members',
    api: 'JoinGroup',
    async run(t) {
      const g = await group(t, 'a')
      const a = await g.enter('A', { protocols: protocols('range', 'sticky') })
      await g.sync('A syncs alone', a.memberId, a.generationId, [assignment(a.memberId, 'all')])
      const joiningB = g.enter('B', { protocols: protocols('range', 'roundrobin') })
      await t.until(
        'Heartbeat',
        { groupId: g.groupId, generationId: a.generationId, memberId: a.memberId },
        body => body.errorCode === 27,
        { as: 'A is told to rejoin', on: 'A' },
      )
      await g.describe('preparing')
      await g.sync('A syncs while preparing', a.memberId, a.generationId, [], {}, { on: 'A' })
      await g.commit(
        'A commits while preparing',
        [],
        { memberId: a.memberId, generationIdOrMemberEpoch: a.generationId },
        { on: 'A' },
      )
      const a2 = await g.join('A rejoins', { memberId: a.memberId, protocols: protocols('range', 'sticky') }, { on: 'A' })
      const b = await joiningB
      await g.describe('completing with two')
      await g.beat('A while completing', a.memberId, a2.generationId)
      await g.beat('B with the old generation', b.memberId, a.generationId)
      await g.sync('B with the old generation', b.memberId, a.generationId, [], {}, { on: 'B' })
      await g.sync('B with the next generation', b.memberId, b.generationId + 1, [], {}, { on: 'B' })
      await g.commit(
        'B commits while completing',
        [{ name: 'x', partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
        { memberId: b.memberId, generationIdOrMemberEpoch: b.generationId },
        { on: 'B' },
      )
      if (t.newest('SyncGroup') >= 5) {
        await g.sync('B with another protocol', b.memberId, b.generationId, [], { protocolName: 'sticky' }, { on: 'B' })
        await g.sync('B with another type', b.memberId, b.generationId, [], { protocolType: 'connect' }, { on: 'B' })
      }
      const syncB = g.sync('B syncs', b.memberId, b.generationId, [], {}, { on: 'B' })
      await g.sync(
        'A syncs for both',
        a.memberId,
        a2.generationId,
        [assignment(a.memberId, 'left'), assignment(b.memberId, 'right')],
        {},
        { on: 'A' },
      )
      await syncB
      await g.describe('stable with two')
      await g.sync('B syncs again', b.memberId, b.generationId, [], {}, { on: 'B' })
      await g.sync('B syncs with an assignment', b.memberId, b.generationId, [assignment(b.memberId, 'mine')], {}, { on: 'B' })
      await g.join('B rejoins unchanged', { memberId: b.memberId, protocols: protocols('range', 'roundrobin') }, { on: 'B' })
      await g.beat('still stable', a.memberId, a2.generationId)
      const changing = g.join(
        'B rejoins with other protocols',
        { memberId: b.memberId, protocols: protocols('range') },
        { on: 'B' },
      )
      await t.until(
        'Heartbeat',
        { groupId: g.groupId, generationId: a2.generationId, memberId: a.memberId },
        body => body.errorCode === 27,
        { as: 'A is told again', on: 'A' },
      )
      const a3 = await g.join(
        'A rejoins a second time',
        { memberId: a.memberId, protocols: protocols('range', 'sticky') },
        { on: 'A' },
      )
      await changing
      const syncB3 = g.sync('B syncs third', b.memberId, a3.generationId, [], {}, { on: 'B' })
      await g.sync(
        'A gives only itself something, and a stranger',
        a.memberId,
        a3.generationId,
        [assignment(a.memberId, 'all'), assignment('stranger', 'x')],
        {},
        { on: 'A' },
      )
      await syncB3
      await g.leave('A leaves', a.memberId, {}, { on: 'A' })
      await t.until(
        'Heartbeat',
        { groupId: g.groupId, generationId: a3.generationId, memberId: b.memberId },
        body => body.errorCode === 27,
        { as: 'B is told', on: 'B' },
      )
      const b4 = await g.join('B rejoins alone', { memberId: b.memberId, protocols: protocols('range') }, { on: 'B' })
      await g.sync('B syncs alone', b.memberId, b4.generationId, [assignment(b.memberId, 'all')], {}, { on: 'B' })
      await g.leave('B leaves', b.memberId, {}, { on: 'B' })
      await g.describe('empty at the end')
    },
  },
  {
    name: 'static-members',
    api: 'JoinGroup',
    versions: [5, 9],
    async run(t) {
      const g = await group(t, 'a')
      const a = await g.enter('A', { groupInstanceId: 'i-a' })
      await g.sync('A syncs', a.memberId, a.generationId, [assignment(a.memberId, 'all')], { groupInstanceId: 'i-a' })
      await g.describe('static and stable')
      const replaced = await g.join('A comes back without its id', { groupInstanceId: 'i-a' }, { on: 'A2' })
      t.know(replaced.memberId, 'A2')
      await g.describe('after the return')
      await g.beat('the old id', a.memberId, replaced.generationId, { groupInstanceId: 'i-a' })
      await g.beat('the old id without instance', a.memberId, replaced.generationId)
      await g.beat('the new id', replaced.memberId, replaced.generationId, { groupInstanceId: 'i-a' })
      await g.beat('the new id with another instance', replaced.memberId, replaced.generationId, { groupInstanceId: 'i-x' })
      await g.sync('the old id syncs', a.memberId, replaced.generationId, [], { groupInstanceId: 'i-a' })
      await g.sync('the new id syncs', replaced.memberId, replaced.generationId, [assignment(replaced.memberId, 'more')], {
        groupInstanceId: 'i-a',
      })
      await g.join('the old id joins', { memberId: a.memberId, groupInstanceId: 'i-a' }, { on: 'A' })
      await g.commit('the old id commits', [{ name: 'x', partitions: [{ partitionIndex: 0, committedOffset: 1 }] }], {
        memberId: a.memberId,
        groupInstanceId: 'i-a',
        generationIdOrMemberEpoch: replaced.generationId,
      })
      const changed = await g.join(
        'back with other protocols',
        { groupInstanceId: 'i-a', protocols: protocols('range', 'sticky') },
        { on: 'A3' },
      )
      t.know(changed.memberId, 'A3')
      await g.describe('after other protocols')
      await g.sync('A3 syncs', changed.memberId, changed.generationId, [assignment(changed.memberId, 'all')], {
        groupInstanceId: 'i-a',
      })
      await t.call(
        'LeaveGroup',
        {
          groupId: g.groupId,
          memberId: a.memberId,
          members: [
            { memberId: a.memberId, groupInstanceId: 'i-a' },
            { memberId: '', groupInstanceId: 'i-none' },
            { memberId: 'x', groupInstanceId: null },
          ],
        },
        { as: 'leaves that fail' },
      )
      await t.call(
        'LeaveGroup',
        { groupId: g.groupId, memberId: changed.memberId, members: [{ memberId: '', groupInstanceId: 'i-a' }] },
        { as: 'leave by instance' },
      )
      await g.describe('after the leave')
    },
  },
  {
    name: 'sync-group',
    api: 'SyncGroup',
    async run(t) {
      const g = await group(t, 'a')
      await g.sync('empty group id', 'x', 1, [], { groupId: '' })
      await g.sync('unknown group', 'x', 1)
      const a = await g.enter('A')
      await g.sync('unknown member', 'nobody', a.generationId)
      await g.sync('empty member', '', a.generationId)
      await g.sync('generation before', a.memberId, a.generationId - 1)
      await g.sync('generation after', a.memberId, a.generationId + 1)
      await g.sync('generation -1', a.memberId, -1)
      if (t.v >= 3) await g.sync('unknown instance', a.memberId, a.generationId, [], { groupInstanceId: 'i-none' })
      if (t.v >= 5) {
        await g.sync('other type', a.memberId, a.generationId, [], { protocolType: 'connect' })
        await g.sync('other name', a.memberId, a.generationId, [], { protocolName: 'sticky' })
        const n = await group(t, 'n')
        const member = await n.enter('N')
        await n.sync('null type and name', member.memberId, member.generationId, [], { protocolType: null, protocolName: null })
      } else {
        await g.sync('right, without an assignment', a.memberId, a.generationId)
      }
      await g.sync('again with an assignment', a.memberId, a.generationId, [assignment(a.memberId, 'x')])
      await g.describe('what it has')
      const b = await g.join('rejoins', { memberId: a.memberId }, { on: 'A' })
      await g.sync('assignment twice', a.memberId, b.generationId, [assignment(a.memberId, 'x'), assignment(a.memberId, 'y')])
      const c = await g.join('rejoins again', { memberId: a.memberId }, { on: 'A' })
      await g.sync('assignment for strangers', a.memberId, c.generationId, [assignment('stranger', 'x')])
      await g.leave('leaves', a.memberId)
      await g.sync('after it left', a.memberId, c.generationId)
    },
  },
  {
    name: 'heartbeat',
    api: 'Heartbeat',
    async run(t) {
      const g = await group(t, 'a')
      await g.beat('empty group id', 'x', 1, { groupId: '' })
      await g.beat('unknown group', 'x', 1)
      await g.beat('unknown group, empty member', '', -1)
      const pending = t.newest('JoinGroup') >= 4 ? (await g.join('asks for an id', {}, { quiet: true })).memberId : ''
      await g.beat('a pending member', t.know(pending, 'pending'), -1)
      await g.beat('a pending member, generation 0', pending, 0)
      const a = await g.enter('A')
      await g.beat('while completing', a.memberId, a.generationId)
      await g.sync('syncs', a.memberId, a.generationId, [assignment(a.memberId, 'x')])
      await g.beat('right', a.memberId, a.generationId)
      await g.beat('unknown member', 'nobody', a.generationId)
      await g.beat('empty member', '', a.generationId)
      for (const d of [-1, 1]) await g.beat(`generation ${d}`, a.memberId, a.generationId + d)
      await g.beat('generation -1', a.memberId, -1)
      if (t.v >= 3) await g.beat('unknown instance', a.memberId, a.generationId, { groupInstanceId: 'i-none' })
      await g.leave('leaves', a.memberId)
      await g.beat('after it left', a.memberId, a.generationId)
    },
  },
  {
    name: 'leave-group',
    api: 'LeaveGroup',
    async run(t) {
      const g = await group(t, 'a')
      const leave = (as, members, rest = {}) =>
        t.call('LeaveGroup', { groupId: g.groupId, memberId: members[0]?.memberId ?? '', members, ...rest }, { as })
      const member = (memberId, groupInstanceId = null) => ({ memberId, groupInstanceId })
      await leave('empty group id', [member('x')], { groupId: '' })
      await leave('unknown group', [member('x')])
      if (t.v >= 3) await leave('unknown group, nobody', [])
      const a = await g.enter('A')
      await leave('unknown member', [member('nobody')])
      await leave('empty member', [member('')])
      if (t.v >= 3) {
        await leave('nobody', [])
        await leave('unknown instance', [member('', 'i-none')])
        await leave('right id, wrong instance', [member(a.memberId, 'i-none')])
        await leave('unknown and right', [member('nobody'), member(a.memberId)])
        const b = await g.enter('B')
        await leave('twice in one', [member(b.memberId), member(b.memberId)])
        const pending = await g.join('asks for an id', {}, { on: 'P' })
        t.know(pending.memberId, 'pending')
        await leave('a pending member', [member(pending.memberId)])
        await g.join('the pending one joins', { memberId: pending.memberId }, { on: 'P' })
      } else await leave('right', [member(a.memberId)])
      await leave('again', [member(a.memberId)])
      await g.describe('at the end')
    },
  },
  {
    name: 'delete-groups',
    api: 'DeleteGroups',
    async run(t) {
      const g = await group(t, 'a')
      const remove = (as, groupsNames) => t.call('DeleteGroups', { groupsNames }, { as })
      const names = (...suffixes) => suffixes.map(x => t.name(x))
      await remove('unknown', names('u'))
      await remove('empty name', [''])
      await remove('none', [])
      await remove('unknown twice', names('u', 'u'))
      const a = await g.enter('A')
      await remove('completing', [g.groupId])
      await g.sync('A syncs', a.memberId, a.generationId, [assignment(a.memberId, 'x')])
      await remove('stable', [g.groupId])
      await g.leave('A leaves', a.memberId)
      await remove('empty and unknown', [g.groupId, t.name('u')])
      await g.describe('gone')
      await remove('again', [g.groupId])
      const simple = await group(t, 's')
      await simple.commit(
        'commits',
        [{ name: t.name('x'), topicId: 'abcdefghijklmnopqrstuw', partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
        {},
        { v: 8 },
      )
      await simple.describe('offsets only')
      await remove('offsets only', [simple.groupId])
      await simple.offsets('after it')
      const b = await group(t, 'b')
      await t.quiet(
        'OffsetCommit',
        {
          groupId: b.groupId,
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: [{ name: (await t.topic('t')).name, partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
        },
        { v: 8 },
      )
      await b.describe('simple group')
      await remove('twice in one', [b.groupId, b.groupId])
      await b.offsets('after twice')
    },
  },
  {
    name: 'describe-groups',
    api: 'DescribeGroups',
    async run(t) {
      const g = await group(t, 'a')
      const describe = (as, groups, rest = {}) =>
        t.call('DescribeGroups', { groups, includeAuthorizedOperations: false, ...rest }, { as })
      await describe('none', [])
      await describe('unknown', [g.groupId])
      await describe('empty name', [''])
      await g.enter('A')
      await describe('one', [g.groupId])
      await describe('one and unknown', [g.groupId, t.name('u')])
      await describe('twice', [g.groupId, g.groupId])
      if (t.v >= 3) await describe('operations', [g.groupId, t.name('u')], { includeAuthorizedOperations: true })
      if (t.newest('JoinGroup') >= 5) {
        const s = await group(t, 's')
        await s.enter('S', { groupInstanceId: 'i-s' })
        await describe('static', [s.groupId])
      }
    },
  },
  {
    name: 'list-groups',
    api: 'ListGroups',
    async run(t) {
      const a = await group(t, 'a')
      const b = await group(t, 'b')
      await a.enter('A')
      const joined = await b.enter('B')
      await b.sync('B syncs', joined.memberId, joined.generationId, [assignment(joined.memberId, 'x')])
      const c = await group(t, 'c')
      const gone = await c.enter('C')
      await c.leave('C leaves', gone.memberId)
      const topic = await t.topic('t')
      const s = await group(t, 's')
      await t.quiet('OffsetCommit', {
        groupId: s.groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: topic.name, topicId: topic.id, partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
      })
      const view = body => ({ ...body, groups: body.groups.filter(x => x.groupId.startsWith(t.name(''))) })
      const list = (as, statesFilter, typesFilter) => t.call('ListGroups', { statesFilter, typesFilter }, { as, view })
      await list('all')
      if (t.v >= 4) {
        for (const states of [
          ['Stable'],
          ['stable'],
          ['STABLE'],
          ['Empty'],
          ['CompletingRebalance'],
          ['PreparingRebalance'],
          ['Dead'],
          ['Nope'],
          ['Stable', 'Empty'],
          ['Stable', 'Nope'],
          [''],
          ['completing_rebalance'],
          ['Unknown'],
          ['Assigning'],
        ])
          await list(`states ${states}`, states)
      }
      if (t.v >= 5) {
        for (const types of [
          ['classic'],
          ['Classic'],
          ['CLASSIC'],
          ['consumer'],
          ['share'],
          ['streams'],
          ['nope'],
          ['classic', 'consumer'],
          ['classic', 'nope'],
          [''],
          ['unknown'],
        ])
          await list(`types ${types}`, [], types)
        await list('both filters', ['Stable'], ['classic'])
      }
    },
  },
]
