// Right requests of what administrators ask beside topics and groups: for mutations.mjs and for each field wrong in turn. `on`
// names the connection, isSecured says that the second pair is asked.

const byText = (one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)
const entry = t => ({ resourceName: t.name('t'), principal: `User:${t.name('a')}`, host: '*', operation: 3, permissionType: 3 })
const filter = t => {
  const { resourceName, principal, host, ...rest } = entry(t)
  return {
    ...{ resourceTypeFilter: 2, resourceNameFilter: resourceName, patternTypeFilter: 3 },
    ...{ principalFilter: principal, hostFilter: host, ...rest },
  }
}
const owner = t => ({ principalType: 'User', principalName: t.name('owner') })
async function token(t) {
  const body = { ownerPrincipalType: null, ownerPrincipalName: null, renewers: [], maxLifetimeMs: -1 }
  const { hmac, tokenId } = await t.quiet('CreateDelegationToken', body, { on: 'by owner' })
  // What a token can do is known a moment after it is made.
  await t.until('DescribeDelegationToken', { owners: null }, ({ tokens }) => tokens.some(one => one.tokenId === tokenId), {
    on: 'by owner',
    quiet: true,
  })
  return hmac
}

export const secured = {
  DescribeAcls: {
    isSecured: true,
    make: async t => {
      await t.quiet('CreateAcls', { creations: [{ resourceType: 2, resourcePatternType: 3, ...entry(t) }] })
      await t.until('DescribeAcls', filter(t), ({ resources }) => resources.length === 1, { quiet: true })
      return filter(t)
    },
    view:
      t =>
      ({ resources, ...body }) => ({
        ...body,
        acls: (resources ?? [])
          .flatMap(({ acls, ...one }) => acls.map(acl => ({ ...one, ...acl })))
          .filter(({ principal }) => principal.includes(t.name('')))
          .sort(byText),
      }),
  },
  CreateAcls: {
    isSecured: true,
    make: t => ({ creations: [{ resourceType: 2, resourcePatternType: 3, ...entry(t) }] }),
  },
  DeleteAcls: {
    isSecured: true,
    make: t => ({ filters: [filter(t)] }),
    view:
      () =>
      ({ filterResults, ...body }) => ({
        ...body,
        results: filterResults?.map(({ matchingAcls, ...one }) => ({ ...one, matching: [...matchingAcls].sort(byText) })),
      }),
  },
  CreateDelegationToken: {
    isSecured: true,
    on: 'by owner',
    make: t => ({
      ...{ ownerPrincipalType: 'User', ownerPrincipalName: t.name('owner') },
      ...{ renewers: [{ principalType: 'User', principalName: t.name('renewer') }], maxLifetimeMs: -1 },
    }),
  },
  RenewDelegationToken: {
    isSecured: true,
    fresh: true,
    on: 'by owner',
    make: async t => ({ hmac: await token(t), renewPeriodMs: 60_000 }),
  },
  ExpireDelegationToken: {
    isSecured: true,
    fresh: true,
    on: 'by owner',
    make: async t => ({ hmac: await token(t), expiryTimePeriodMs: 60_000 }),
  },
  DescribeDelegationToken: {
    isSecured: true,
    on: 'by owner',
    make: async t => {
      await token(t)
      return { owners: [owner(t)] }
    },
    view:
      () =>
      ({ tokens, ...body }) => ({ ...body, count: tokens?.length }),
  },
}

// A classic group, and one that is not there: those of the other kinds are made in transcripts of their own.
const described = {
  make: async t => {
    const groupId = t.name('g')
    const isThere = answer => ![14, 15, 16].includes(answer.groups[0].errorCode)
    await t.quiet('FindCoordinator', { key: groupId, keyType: 0, coordinatorKeys: [groupId] })
    await t.until('DescribeGroups', { groups: [groupId] }, isThere, { quiet: true })
    const { name, id } = await t.topic('t')
    const topics = [{ name, topicId: id, partitions: [{ partitionIndex: 0, committedOffset: 5 }] }]
    await t.quiet('OffsetCommit', { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics }, { v: 8 })
    return { groupIds: [groupId, t.name('nobody')], includeAuthorizedOperations: false }
  },
}

export const adminFixtures = {
  ConsumerGroupDescribe: described,
  StreamsGroupDescribe: described,
  ...Object.fromEntries(Object.entries(secured).filter(([name]) => name.endsWith('DelegationToken'))),
  DescribeClientQuotas: {
    make: async t => {
      const entity = [
        { entityType: 'user', entityName: t.name('u') },
        { entityType: 'client-id', entityName: t.name('c') },
      ]
      const ops = [{ key: 'producer_byte_rate', value: 1e9, remove: false }]
      await t.quiet('AlterClientQuotas', { entries: [{ entity, ops }], validateOnly: false })
      const components = [
        { entityType: 'user', matchType: 0, match: t.name('u') },
        { entityType: 'client-id', matchType: 2, match: null },
      ]
      const body = { components, strict: false }
      await t.until('DescribeClientQuotas', body, ({ entries }) => entries.length === 1, { quiet: true })
      return body
    },
    view: t => body => ({
      ...body,
      entries: body.entries
        ?.filter(({ entity }) => entity.some(({ entityName }) => entityName?.startsWith(t.name(''))))
        .map(one => ({ ...one, entity: [...one.entity].sort(byText) }))
        .sort(byText),
    }),
  },
  AlterClientQuotas: {
    make: t => ({
      entries: [
        {
          entity: [{ entityType: 'user', entityName: t.name('u') }],
          ops: [
            { key: 'producer_byte_rate', value: 1e9, remove: false },
            { key: 'consumer_byte_rate', value: 1e9, remove: true },
          ],
        },
      ],
      validateOnly: true,
    }),
  },
  DescribeUserScramCredentials: {
    make: async t => {
      const set = { name: t.name('u'), mechanism: 1, iterations: 4096, salt: Buffer.alloc(20), saltedPassword: Buffer.alloc(32) }
      await t.quiet('AlterUserScramCredentials', { upsertions: [set], deletions: [] })
      const body = { users: [{ name: t.name('u') }] }
      await t.until('DescribeUserScramCredentials', body, ({ results }) => results[0].errorCode === 0, { quiet: true })
      return body
    },
    view: t => body => ({ ...body, results: body.results?.filter(({ user }) => user.startsWith(t.name('')) || user.length < 3) }),
  },
  AlterUserScramCredentials: {
    fresh: true,
    make: async (t, s) => {
      const set = { mechanism: 1, iterations: 4096, salt: Buffer.alloc(20, 1), saltedPassword: Buffer.alloc(32, 1) }
      const [name, gone] = [t.name(s), t.name(`${s}-gone`)]
      await t.quiet('AlterUserScramCredentials', { upsertions: [{ name: gone, ...set }], deletions: [] })
      const isThere = ({ results }) => results[0].errorCode === 0
      await t.until('DescribeUserScramCredentials', { users: [{ name: gone }] }, isThere, { quiet: true })
      return { upsertions: [{ name, ...set }], deletions: [{ name: gone, mechanism: 1 }] }
    },
  },
  UpdateFeatures: {
    make: () => ({
      timeoutMs: 5000,
      featureUpdates: [{ feature: 'transaction.version', maxVersionLevel: 2, allowDowngrade: false, upgradeType: 1 }],
      validateOnly: true,
    }),
  },
  UnregisterBroker: { make: () => ({ brokerId: 7 }) },
  UnregisterController: { make: () => ({ controllerId: 7 }) },
}
