// Users, delegation tokens and ACLs, as administrators keep them: each field wrong in turn.
import { scramFinal } from '../lib/sasl.mjs'

const salt = Buffer.from('a salt of 20 bytes..')
const password = Buffer.alloc(32, 7)

// ---- SCRAM users -----------------------------------------------------------------------------------------------------
const set = (name, rest = {}) => ({ name, mechanism: 1, iterations: 4096, salt, saltedPassword: password, ...rest })
const alter = (t, as, { upsertions = [], deletions = [] }, options) =>
  t.call('AlterUserScramCredentials', { upsertions, deletions }, { as, ...options })
// A refusal tells of the user, so its words are compared. Kafka's order of mechanisms is another in each JVM.
const told = ({ results, ...body }) => ({
  ...body,
  results: results.map(({ errorMessage, credentialInfos, ...one }) => ({
    ...one,
    ...(credentialInfos && { credentialInfos: [...credentialInfos].sort((a, b) => a.mechanism - b.mechanism) }),
    told: errorMessage,
  })),
})
const describe = (t, as, users) =>
  t.call('DescribeUserScramCredentials', { users: users?.map(name => ({ name })) ?? null }, { as, view: told })

// ---- ACLs ------------------------------------------------------------------------------------------------------------
const entry = (t, rest = {}) => ({
  ...{ resourceType: 2, resourceName: t.name('t'), resourcePatternType: 3, principal: `User:${t.name('a')}` },
  ...{ host: '*', operation: 3, permissionType: 3, ...rest },
})
const filter = (t, rest = {}) => ({
  ...{ resourceTypeFilter: 2, resourceNameFilter: t.name('t'), patternTypeFilter: 3, principalFilter: `User:${t.name('a')}` },
  ...{ hostFilter: '*', operation: 3, permissionType: 3, ...rest },
})
const wrong = {
  resourceType: [-1, 0, 1, 3, 4, 5, 6, 7, 8, 77, 127, -128],
  resourcePatternType: [-1, 0, 1, 2, 4, 5, 127],
  resourceName: ['', '*', 'kafka-cluster', 'a b', 'x'.repeat(300)],
  principal: ['', 'User', 'User:', ':a', 'Group:a', 'a', 'User:*', 'User:a,b'],
  host: ['', '127.0.0.1', '10.0.0.0/8', '10.0.0.0/99', 'localhost', '::1', '0:0:0:0:0:0:0:1', 'x y'],
  operation: [-1, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 99],
  permissionType: [-1, 0, 1, 2, 4, 99],
}
const wrongFilters = {
  resourceTypeFilter: wrong.resourceType,
  patternTypeFilter: wrong.resourcePatternType,
  resourceNameFilter: [...wrong.resourceName, null],
  principalFilter: [...wrong.principal, null],
  hostFilter: [...wrong.host, null],
  operation: wrong.operation,
  permissionType: wrong.permissionType,
}
const listed = ({ resources, errorMessage, ...body }) => ({
  ...body,
  told: errorMessage,
  resources: (resources ?? [])
    .map(one => JSON.stringify({ ...one, acls: one.acls.map(acl => JSON.stringify(acl)).sort() }))
    .sort(),
})
const matched = ({ filterResults, ...body }) => ({
  ...body,
  filterResults: filterResults?.map(({ matchingAcls, ...one }) => ({
    ...one,
    matchingAcls: matchingAcls.map(acl => JSON.stringify(acl)).sort(),
  })),
})
// Until so many entries of the transcript are listed.
const settled = (t, count) =>
  t.until(
    'DescribeAcls',
    filter(t, {
      resourceTypeFilter: 1,
      resourceNameFilter: null,
      patternTypeFilter: 1,
      hostFilter: null,
      operation: 1,
      permissionType: 1,
    }),
    ({ resources }) => resources.reduce((sum, { acls }) => sum + acls.length, 0) === count,
    { quiet: true },
  )
const grants = t => [
  entry(t),
  entry(t, { operation: 4 }),
  entry(t, { permissionType: 2 }),
  entry(t, { host: '127.0.0.1' }),
  entry(t, { resourcePatternType: 4, resourceName: t.name('') }),
  entry(t, { resourceName: '*' }),
  entry(t, { resourceType: 3, resourceName: t.name('g') }),
]

// ---- delegation tokens -----------------------------------------------------------------------------------------------
const user = principalName => ({ principalType: 'User', principalName })
const create = (t, as, by, rest = {}, options = {}) =>
  t.call(
    'CreateDelegationToken',
    { ownerPrincipalType: null, ownerPrincipalName: null, renewers: [], maxLifetimeMs: -1, ...rest },
    { on: by, as, ...options },
  )

export const transcripts = [
  {
    name: 'scram-users',
    api: 'AlterUserScramCredentials',
    async run(t) {
      const [a, b] = [t.name('a'), t.name('b')]
      await alter(t, 'nothing', {})
      await alter(t, 'two users', { upsertions: [set(a), set(b, { mechanism: 2 })] })
      await t.until(
        'DescribeUserScramCredentials',
        { users: [{ name: a }, { name: b }] },
        x => x.results.every(one => one.errorCode === 0),
        {
          as: 'both',
          view: told,
        },
      )
      await alter(t, 'one user with two mechanisms', { upsertions: [set(a), set(a, { mechanism: 2 })] })
      await alter(t, 'set and removed', { upsertions: [set(a)], deletions: [{ name: a, mechanism: 1 }] })
      const fields = {
        name: ['', 'x'.repeat(300), 'a b', 'ä'],
        mechanism: [-1, 0, 3, 77],
        iterations: [-1, 0, 4095, 16_384, 16_385, 2_147_483_647],
        salt: [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(1000)],
        saltedPassword: [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(64)],
      }
      for (const [field, values] of Object.entries(fields)) {
        for (const [n, value] of values.entries()) {
          const label = `${field} ${Buffer.isBuffer(value) ? `of ${value.length}` : String(value).slice(0, 20)}`
          const name = t.name(`${field}${n}`)
          await alter(t, label, { upsertions: [set(name, { [field]: value }), set(t.name('good'))] }, { view: told })
        }
      }
      const deletions = [a, b, t.name('nobody'), ''].flatMap(name => [0, 1, 2, 9].map(mechanism => ({ name, mechanism })))
      for (const one of deletions) await alter(t, `remove ${one.name} ${one.mechanism}`, { deletions: [one] }, { view: told })
      await t.until('DescribeUserScramCredentials', { users: [{ name: a }] }, x => x.results[0].errorCode === 91, {
        as: 'gone',
        view: told,
      })
      await describe(t, 'one twice', [a, a])
      await describe(t, 'nobody', [t.name('nobody')])
      await describe(t, 'no name', [''])
      await describe(t, 'a good one and nobody', [t.name('good'), t.name('nobody')])
      for (const users of [null, []]) {
        const own = ({ results, ...body }) => ({ ...body, results: results.filter(one => one.user.startsWith(t.name('g'))) })
        const body = { users }
        await t.call('DescribeUserScramCredentials', body, { as: users === null ? 'all' : 'none named', view: own })
      }
    },
  },
  {
    name: 'create-entries',
    api: 'CreateAcls',
    async run(t) {
      for (const [field, values] of Object.entries(wrong)) {
        for (const value of values) {
          const creations = [entry(t, { [field]: value }), entry(t, { operation: 6 })]
          await t.call('CreateAcls', { creations }, { as: `${field} ${String(value).slice(0, 20)}` })
        }
      }
      const cluster = { resourceType: 4, resourceName: 'kafka-cluster' }
      await t.call('CreateAcls', { creations: [entry(t, { ...cluster, operation: 7 })] }, { as: 'the cluster' })
      await t.call(
        'CreateAcls',
        { creations: [entry(t, { ...cluster, resourcePatternType: 4 })] },
        { as: 'clusters by a prefix' },
      )
      await t.call('CreateAcls', { creations: [entry(t), entry(t)] }, { as: 'one twice' })
      await t.call('CreateAcls', { creations: [entry(t)] }, { as: 'once more' })
    },
  },
  {
    name: 'list-entries',
    api: 'DescribeAcls',
    async run(t) {
      await t.quiet('CreateAcls', { creations: grants(t) })
      await settled(t, grants(t).length)
      const list = (as, rest) => t.call('DescribeAcls', filter(t, rest), { as, view: listed })
      await list('one', {})
      for (const [field, values] of Object.entries(wrongFilters)) {
        for (const value of values) {
          // Those of others are there, too.
          if (field === 'principalFilter' && (value === null || value === 'User:*')) continue
          await list(`${field} ${String(value).slice(0, 20)}`, { [field]: value })
        }
      }
      await list('all that count for a name', { patternTypeFilter: 2, hostFilter: null, operation: 1, permissionType: 1 })
      await list('all of a name', { patternTypeFilter: 1, hostFilter: null, operation: 1, permissionType: 1 })
    },
  },
  {
    name: 'delete-entries',
    api: 'DeleteAcls',
    async run(t) {
      const remove = (as, ...filters) =>
        t.call('DeleteAcls', { filters: filters.map(one => filter(t, one)) }, { as, view: matched })
      for (const [field, values] of Object.entries(wrongFilters)) {
        for (const value of values) {
          if (field === 'principalFilter' && (value === null || value === 'User:*')) continue
          await remove(`${field} ${String(value).slice(0, 20)}`, { [field]: value })
        }
      }
      await t.quiet('CreateAcls', { creations: grants(t) })
      await settled(t, grants(t).length)
      await remove('one', {})
      await settled(t, grants(t).length - 1)
      await remove('the same twice', { operation: 4 }, { operation: 4 })
      await settled(t, grants(t).length - 2)
      await remove('one that is wrong', { permissionType: 9 }, { permissionType: 2 })
      const left = {
        resourceTypeFilter: 1,
        patternTypeFilter: 1,
        resourceNameFilter: null,
        hostFilter: null,
        operation: 1,
        permissionType: 1,
      }
      await remove('what is left', left)
      await settled(t, 0)
      await remove('nothing', left)
    },
  },
  {
    name: 'tokens',
    api: 'CreateDelegationToken',
    async run(t) {
      const [owner, renewer, stranger] = ['by owner', 'by renewer', 'by stranger']
      const v = t.v
      const old = Math.min(v, 2)
      const renewers = [user(t.name('renewer'))]
      await create(t, 'nobody is known', 'main', {}, { v })
      await create(
        t,
        'of a renewer that is no user',
        owner,
        { renewers: [{ principalType: 'Group', principalName: 'x' }] },
        { v },
      )
      await create(t, 'of a renewer without a type', owner, { renewers: [{ principalType: '', principalName: 'x' }] }, { v })
      if (v >= 3) {
        await create(t, 'for another', owner, { ownerPrincipalType: 'User', ownerPrincipalName: t.name('other') }, { v })
        await create(t, 'for a group', owner, { ownerPrincipalType: 'Group', ownerPrincipalName: t.name('other') }, { v })
        await create(t, 'for itself by name', owner, { ownerPrincipalType: 'User', ownerPrincipalName: t.name('owner') }, { v })
        await create(t, 'for nobody', owner, { ownerPrincipalType: '', ownerPrincipalName: '' }, { v })
      }
      for (const maxLifetimeMs of [0, -2, 1, 1000, 3_600_000, 10 ** 12]) {
        const lasts = ({ issueTimestampMs: _, ...body }) => body
        await create(t, `of at most ${maxLifetimeMs}`, stranger, { maxLifetimeMs }, { v, view: lasts })
      }
      const { hmac, tokenId } = await create(t, 'one', owner, { renewers }, { v })
      const ofOwner = { owners: [user(t.name('owner'))] }
      const seen = ({ tokens, ...body }) => ({
        ...body,
        count: tokens.length,
        renewers: tokens.map(one => one.renewers.length).sort(),
      })
      const isThere = ({ tokens }) => tokens.some(one => one.tokenId === tokenId)
      await t.until('DescribeDelegationToken', { owners: null }, isThere, { v, on: owner, as: 'own', view: seen })
      const describeAs = (as, on, owners) => t.call('DescribeDelegationToken', { owners }, { v, on, as, view: seen })
      await describeAs('nobody is known', 'main', null)
      await describeAs('of the owner, by the owner', owner, ofOwner.owners)
      await describeAs('of the owner, by the renewer', renewer, ofOwner.owners)
      await describeAs('of the owner, by a stranger', stranger, ofOwner.owners)
      await describeAs('of nobody', owner, [])
      await describeAs('of another', owner, [user('x')])

      const renew = (as, on, body = {}) =>
        t.call('RenewDelegationToken', { hmac, renewPeriodMs: -1, ...body }, { v: old, on, as })
      const expire = (as, on, body = {}) =>
        t.call('ExpireDelegationToken', { hmac, expiryTimePeriodMs: 60_000, ...body }, { v: old, on, as })
      for (const [word, act] of Object.entries({ renew, expire })) {
        await act(`${word}: nobody is known`, 'main')
        await act(`${word} what is not there`, owner, { hmac: Buffer.alloc(64) })
        await act(`${word} nothing`, owner, { hmac: Buffer.alloc(0) })
        await act(`${word} as a stranger`, stranger)
        await act(`${word} as the renewer`, renewer)
        await act(`${word} as the owner`, owner)
      }
      // A token logs its owner in, who then may not ask for another.
      await logInByToken(t, 'sasl token', { tokenId, hmac })
      await create(t, 'by a token', 'sasl token', {}, { v })
      await renew('renew by a token', 'sasl token')
      await expire('expire by a token', 'sasl token')
      await describeAs('by a token', 'sasl token', null)
      for (const renewPeriodMs of [0, -2, 60_000, 10 ** 14]) await renew(`renew for ${renewPeriodMs}`, owner, { renewPeriodMs })
      await expire('expire at once', owner, { expiryTimePeriodMs: -1 })
      const isGone = answer => !isThere(answer)
      await t.until('DescribeDelegationToken', { owners: null }, isGone, { v, on: owner, as: 'own, afterwards', view: seen })
      await renew('renew what has gone', owner)
      await expire('expire what has gone', owner)
    },
  },
].map(one => ({ ...one, isSecured: true }))

async function logInByToken(t, on, { tokenId, hmac }) {
  const bare = `n=${tokenId},r=nonce,tokenauth=true`
  const masked = ({ errorCode, errorMessage }) => ({ errorCode, errorMessage })
  await t.call('SaslHandshake', { mechanism: 'SCRAM-SHA-256' }, { v: 1, on, as: 'by a token: handshake' })
  const first = await t.call(
    'SaslAuthenticate',
    { authBytes: Buffer.from(`n,,${bare}`) },
    { v: 2, on, as: 'by a token: first', view: masked },
  )
  const final = scramFinal('SCRAM-SHA-256', Buffer.from(hmac).toString('base64'), bare, Buffer.from(first.authBytes).toString())
  await t.call('SaslAuthenticate', { authBytes: final }, { v: 2, on, as: 'by a token: final', view: masked })
}
