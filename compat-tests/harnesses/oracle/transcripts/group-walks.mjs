// Random walks of three members (two dynamic, one static) through one group, the same steps at both brokers. Each step starts
// a request and waits for its answer, or, where a join or sync may wait for others, until the broker has surely taken it up; an
// answer that comes only after later steps is compared all the same.
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const metadata = text => Buffer.concat([Buffer.from('00010000000100017400000000', 'hex'), Buffer.from(text)])

function random(seed) {
  let a = seed * 2654435761
  return n => {
    a = (a + 0x6d2b79f5) | 0
    let x = Math.imul(a ^ (a >>> 15), 1 | a)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % n
  }
}

async function walk(t, seed) {
  const next = random(seed)
  const groupId = t.name('g')
  const topic = await t.topic('t')
  await t.until(
    'FindCoordinator',
    { key: groupId, keyType: 0, coordinatorKeys: [groupId] },
    answer => answer.coordinators[0].errorCode === 0,
    { quiet: true },
  )
  await t.until(
    'OffsetFetch',
    { groups: [{ groupId, memberId: null, memberEpoch: -1, topics: null }] },
    answer => answer.groups[0].errorCode === 0,
    { quiet: true },
  )
  const members = ['A', 'B', 'C'].map(name => ({
    name,
    memberId: '',
    generation: -1,
    instance: name === 'C' ? `i-${name}` : null,
    waits: false,
    others: [],
    version: 0,
  }))
  const running = []
  let last
  let parks = false
  const start = promise => {
    last = promise
    parks = false
    running.push(promise)
  }
  const startParked = promise => {
    start(promise)
    parks = true
  }

  const join = (m, step, memberId, text = 'same') => {
    m.waits = true
    const body = {
      groupId,
      sessionTimeoutMs: 30000,
      rebalanceTimeoutMs: 30000,
      memberId,
      groupInstanceId: m.instance,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: metadata(text) }],
    }
    startParked(
      t
        .call('JoinGroup', body, {
          as: `${step} ${m.name} joins${memberId === '' ? ' anew' : ''} (${text})`,
          on: `join-${step}`,
          patienceMs: 4000,
          view: body => ({ ...body, members: body.members?.length, leader: 'some' }),
        })
        .then(answer => {
          m.waits = false
          if (answer.memberId) m.memberId = t.know(answer.memberId, `${m.name}${++m.version}`)
          if (answer.errorCode === 0) {
            m.generation = answer.generationId
            m.others = answer.members
          }
        }),
    )
  }
  const sync = (m, step, d) => {
    m.waits = true
    const assignments = m.others.map(x => ({ memberId: x.memberId, assignment: Buffer.from(`${step}`) }))
    startParked(
      t
        .call(
          'SyncGroup',
          {
            groupId,
            generationId: m.generation + d,
            memberId: m.memberId,
            groupInstanceId: m.instance,
            protocolType: 'consumer',
            protocolName: 'range',
            assignments,
          },
          { as: `${step} ${m.name} syncs ${d}`, on: `sync-${step}`, patienceMs: 4000 },
        )
        .then(() => {
          m.waits = false
        }),
    )
  }
  for (let step = 0; step < 30; step++) {
    const m = members[next(3)]
    const choice = next(14)
    const free = !m.waits
    if (free && (m.memberId === '' || choice === 0))
      join(m, step, choice === 0 && m.instance === null && next(2) === 0 ? '' : m.memberId)
    else if (free && choice === 1) join(m, step, m.memberId)
    else if (free && choice === 2) join(m, step, m.memberId, `other ${step}`)
    else if (free && choice === 3 && m.instance !== null) join(m, step, '')
    else if (free && choice <= 6) sync(m, step, 0)
    else if (free && choice === 7) sync(m, step, next(2) === 0 ? 1 : -1)
    else if (choice === 8) {
      m.waits = false // Kafka leaves the waiting request of a member that leaves without an answer.
      start(
        t.call(
          'LeaveGroup',
          { groupId, members: [{ memberId: m.instance === null ? m.memberId : '', groupInstanceId: m.instance }] },
          { as: `${step} ${m.name} leaves`, on: 'control' },
        ),
      )
    } else if (choice === 9)
      start(
        t.call(
          'OffsetCommit',
          {
            groupId,
            generationIdOrMemberEpoch: m.generation,
            memberId: m.memberId,
            groupInstanceId: m.instance,
            topics: [{ name: topic.name, topicId: topic.id, partitions: [{ partitionIndex: 0, committedOffset: step }] }],
          },
          { as: `${step} ${m.name} commits`, on: 'control' },
        ),
      )
    else if (choice === 10) {
      const view = body => ({
        groups: body.groups.map(g => ({
          state: g.groupState,
          error: g.errorCode,
          members: g.members.map(x => [x.memberId, x.groupInstanceId]).sort(),
        })),
      })
      start(t.call('DescribeGroups', { groups: [groupId] }, { as: `${step} described`, on: 'control', view }))
    } else if (choice === 11)
      start(
        t.call(
          'OffsetFetch',
          { groups: [{ groupId, memberId: null, memberEpoch: -1, topics: null }] },
          { as: `${step} offsets`, on: 'control' },
        ),
      )
    else
      start(
        t.call(
          'Heartbeat',
          { groupId, generationId: m.generation, memberId: m.memberId, groupInstanceId: m.instance },
          { as: `${step} ${m.name} beats`, on: 'control' },
        ),
      )
    // A join or a sync may wait for others; everything else is answered at once.
    await (parks ? Promise.race([last, pause(100 * t.attempt)]) : last)
    if (parks) await t.quiet('DescribeGroups', { groups: [groupId] }, { on: 'settled' })
  }
  // All members leave, so that none waits for another.
  await t.call(
    'LeaveGroup',
    { groupId, members: members.map(m => ({ memberId: m.instance === null ? m.memberId : '', groupInstanceId: m.instance })) },
    { as: 'everybody leaves', on: 'control' },
  )
  await Promise.all(running)
}

export const transcripts = Array.from({ length: 40 }, (_, i) => ({ name: `walk-${i + 1}`, run: t => walk(t, i + 1) }))
