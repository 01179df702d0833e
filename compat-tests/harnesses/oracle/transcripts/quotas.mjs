// The quotas of clients: each field of both APIs wrong in turn, and what is kept of what was set.
import { ZERO_UUID } from '../lib/messages.mjs'

const alter = (entries, validateOnly = false) => ({
  entries: entries.map(([entity, ops]) => ({
    entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
    ops: Object.entries(ops).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
  })),
  validateOnly,
})
const filter = (components, strict = false) => ({
  components: components.map(([entityType, matchType, match = null]) => ({ entityType, matchType, match })),
  strict,
})
const byText = (one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)
/** Without order; of one's own names and of the defaults. */
const view = t => body => ({
  ...body,
  entries: body.entries
    ?.map(entry => ({ ...entry, values: [...(entry.values ?? [])].sort(byText) }))
    .filter(({ entity }) => entity.every(({ entityName }) => entityName === null || entityName.startsWith(t.name(''))))
    .sort(byText),
})

const rate = { producer_byte_rate: 1e9 }

export const transcripts = [
  {
    name: 'describe-client-quotas',
    api: 'DescribeClientQuotas',
    async run(t) {
      const ask = (body, as) => t.call('DescribeClientQuotas', body, { as, view: view(t) })
      await ask(filter([]), 'everything')
      await ask(filter([], true), 'nothing')
      await ask(filter([['', 0, 'a']]), 'an empty type')
      await ask(filter([['User', 0, 'a']]), 'an unknown type')
      await ask(
        filter([
          ['user', 0, 'a'],
          ['user', 2],
        ]),
        'a type twice',
      )
      await ask(filter([['user', 0]]), 'exact without a name')
      await ask(filter([['user', 1, 'a']]), 'the default with a name')
      await ask(filter([['user', 2, 'a']]), 'any with a name')
      await ask(filter([['user', 3]]), 'an unknown match')
      await ask(filter([['user', -1, 'a']]), 'a negative match')
      await ask(
        filter([
          ['ip', 2],
          ['user', 2],
        ]),
        'an address with a user',
      )
      await ask(
        filter([
          ['ip', 1],
          ['client-id', 1],
        ]),
        'an address with a client id',
      )
      await ask(
        filter([
          ['user', 0, t.name('nobody')],
          ['client-id', 2],
        ]),
        'nobody',
      )
    },
  },
  {
    name: 'alter-client-quotas',
    api: 'AlterClientQuotas',
    async run(t) {
      const user = { user: t.name('u') }
      const ask = (entries, as, validateOnly = false) =>
        t.call('AlterClientQuotas', alter(entries, validateOnly), { as, view: view(t) })
      await ask([], 'nothing')
      await ask([[{}, rate]], 'an empty entity')
      await ask([[{ User: t.name('u') }, rate]], 'an unknown type')
      await ask([[{ user: '' }, rate]], 'an empty name')
      await ask([[{ ip: '' }, { connection_creation_rate: 5 }]], 'an empty address')
      await ask([[{ user: t.name('u'), ip: '127.0.0.1' }, rate]], 'an address with a user')
      await t.call('AlterClientQuotas', alter([[{ ip: 'no.such.host.invalid' }, { connection_creation_rate: 5 }]]), {
        as: 'no host',
      })
      await t.call('AlterClientQuotas', alter([[{ ip: '127.0.0.9' }, rate]]), { as: 'a rate of bytes for an address' })
      await ask([[user, { connection_creation_rate: 5 }]], 'a rate of connections for a user')
      await ask([[user, { nonsense: 5 }]], 'an unknown quota')
      await ask([[user, {}]], 'no quota')
      for (const value of [0, -1, -0.5, Number.NaN, Number.POSITIVE_INFINITY, 1.5, 1.0000001, 1e19, 2 ** 63, 1e300, 5e-324]) {
        for (const key of ['producer_byte_rate', 'consumer_byte_rate', 'request_percentage', 'controller_mutation_rate']) {
          await ask([[user, { [key]: value }]], `${key} of ${value}`, true)
        }
        const ip = alter([[{ ip: '127.0.0.9' }, { connection_creation_rate: value }]], true)
        await t.call('AlterClientQuotas', ip, { as: `connection_creation_rate of ${value}` })
      }
      await t.call('AlterClientQuotas', alter([[{ ip: '127.0.0.9' }, { connection_creation_rate: 2 ** 31 }]], true), {
        as: 'too many',
      })
      await t.call('AlterClientQuotas', alter([[{ ip: 'localhost' }, { connection_creation_rate: 5 }]], true), { as: 'a host' })
      await ask(
        [
          [user, rate],
          [user, { consumer_byte_rate: 5e8 }],
        ],
        'an entity twice',
      )
      const twice = alter([[user, { producer_byte_rate: 1e8 }]])
      twice.entries[0].ops.push({ key: 'producer_byte_rate', value: 2e8, remove: false })
      await t.call('AlterClientQuotas', twice, { as: 'a quota twice', view: view(t) })
      const pair = alter([[{ user: t.name('u'), 'client-id': t.name('c') }, rate]])
      await t.call('AlterClientQuotas', { ...pair, entries: [...pair.entries, ...pair.entries] }, { as: 'a pair twice' })
      const types = alter([[user, rate]])
      types.entries[0].entity.push({ entityType: 'user', entityName: t.name('other') })
      await t.call('AlterClientQuotas', types, { as: 'a type twice', view: view(t) })
      await ask([[user, { producer_byte_rate: 5, nonsense: 5 }]], 'one that is right and one that is not')
      await ask(
        [
          [user, { producer_byte_rate: 6 }],
          [{ user: '' }, rate],
        ],
        'an entity that is right and one that is not',
      )
      await ask([[{ user: t.name('v') }, { producer_byte_rate: null, nonsense: null }]], 'removals of what is not there')
      await ask([[{ user: t.name('w') }, rate]], 'validated only', true)
      await t.call('DescribeClientQuotas', filter([['user', 2]]), { as: 'what was kept', view: view(t), v: 1 })
    },
  },
  {
    name: 'client-quotas-kept',
    api: 'AlterClientQuotas',
    async run(t) {
      const [u, c] = [t.name('u'), t.name('c')]
      const entities = [
        { user: u },
        { 'client-id': c },
        { user: u, 'client-id': c },
        { user: u, 'client-id': null },
        { user: null, 'client-id': c },
      ]
      const all = { producer_byte_rate: 1e9, consumer_byte_rate: 2e9, request_percentage: 99.5, controller_mutation_rate: 1e6 }
      await t.call('AlterClientQuotas', alter(entities.map(entity => [entity, all])), { as: 'five', view: view(t) })
      const found = (components, strict, as) =>
        t.until(
          'DescribeClientQuotas',
          filter(components, strict),
          // Kafka shows what was set a moment after it has answered.
          answer => answer.errorCode !== 0 || answer.entries.length > 0,
          { as, view: view(t), v: 1 },
        )
      await found([['user', 0, u]], false, 'of a user')
      await found([['user', 0, u]], true, 'of a user alone')
      await found(
        [
          ['user', 0, u],
          ['client-id', 1],
        ],
        false,
        'of a user with the default',
      )
      await found(
        [
          ['user', 0, u],
          ['client-id', 2],
        ],
        true,
        'of a user with any',
      )
      await found(
        [
          ['user', 1],
          ['client-id', 0, c],
        ],
        true,
        'of the default user',
      )
      await found([['client-id', 0, c]], true, 'of a client id')
      const removed = Object.fromEntries(Object.keys(all).map(key => [key, null]))
      await t.call('AlterClientQuotas', alter(entities.map(entity => [entity, removed])), { as: 'removed', view: view(t) })
      await t.until('DescribeClientQuotas', filter([['user', 0, u]]), ({ entries }) => entries.length === 0, { as: 'none', v: 1 })
    },
  },
  {
    name: 'mutations-beyond-the-quota',
    async run(t) {
      const clientId = t.name('c')
      const topic = (suffix, numPartitions) => ({
        name: t.name(suffix),
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      })
      const create = (suffix, numPartitions, v, validateOnly = false) =>
        t.call(
          'CreateTopics',
          { topics: [topic(suffix, numPartitions)], timeoutMs: 30_000, validateOnly },
          {
            v,
            clientId,
            on: `${suffix} ${v}`,
            as: `${numPartitions} partitions${validateOnly ? ', validated only' : ''}, v${v}`,
          },
        )
      const remove = v =>
        t.call(
          'DeleteTopics',
          { topics: [{ name: t.name('old'), topicId: ZERO_UUID }], topicNames: [t.name('old')], timeoutMs: 30_000 },
          { v, clientId, on: `delete ${v}`, as: `v${v}` },
        )
      const grow = v =>
        t.call(
          'CreatePartitions',
          { topics: [{ name: t.name('many'), count: 30 + v, assignments: null }], timeoutMs: 30_000, validateOnly: false },
          { v, clientId, on: `grow ${v}`, as: `v${v}` },
        )
      await t.topic('old', { partitions: 1 })
      await t.call('AlterClientQuotas', alter([[{ 'client-id': clientId }, { controller_mutation_rate: 1 }]]), { view: view(t) })
      // Kafka takes it up a moment after it has answered.
      await new Promise(resolve => setTimeout(resolve, 1000))
      await create('many', 30, 7)
      await create('strict', 1, 7, true)
      await create('strict', 1, 6)
      await create('permissive', 1, 5)
      await remove(6)
      await remove(5)
      await remove(4)
      await grow(3)
      await grow(2)
      await t.call('AlterClientQuotas', alter([[{ 'client-id': clientId }, { controller_mutation_rate: null }]]), {
        view: view(t),
      })
    },
  },
]
