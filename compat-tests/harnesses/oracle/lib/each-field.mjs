// Each field of each request of an administrator wrong in turn: a right request of fixtures.mjs, with one thing in it empty,
// null, negative, too large, unknown, twice, or beyond what is counted. No chance, unlike mutations.mjs.
import { secured } from './admin-fixtures.mjs'
import { fixtures } from './fixtures.mjs'
import { within, ZERO_UUID } from './messages.mjs'
import { copy, places } from './mutations.mjs'

// How many kinds of right requests a fixture has, by the number in the name that it is given.
const administered = {
  ...{ Metadata: 1, DescribeTopicPartitions: 1, CreateTopics: 1, DeleteTopics: 1, CreatePartitions: 1, DeleteRecords: 1 },
  ...{ DescribeConfigs: 1, AlterConfigs: 4, IncrementalAlterConfigs: 5, ListConfigResources: 1, ListOffsets: 1 },
  ...{ FindCoordinator: 1, ListGroups: 1, DescribeGroups: 1, DeleteGroups: 1, LeaveGroup: 1 },
  ...{ OffsetCommit: 1, OffsetFetch: 1, OffsetDelete: 1 },
  ...{ ConsumerGroupDescribe: 1, ShareGroupDescribe: 1, StreamsGroupDescribe: 1 },
  ...{ DescribeShareGroupOffsets: 1, AlterShareGroupOffsets: 1, DeleteShareGroupOffsets: 1 },
  ...{ ListTransactions: 1, DescribeTransactions: 1, DescribeProducers: 1, WriteTxnMarkers: 1 },
  ...{ DescribeCluster: 1, DescribeLogDirs: 1, AlterReplicaLogDirs: 1, ElectLeaders: 1, DescribeQuorum: 1 },
  ...{ AlterPartitionReassignments: 1, ListPartitionReassignments: 1, AddRaftVoter: 1, RemoveRaftVoter: 1 },
  ...{ UnregisterBroker: 1, UnregisterController: 1, UpdateFeatures: 1 },
  ...{ DescribeClientQuotas: 1, AlterClientQuotas: 1, DescribeUserScramCredentials: 1, AlterUserScramCredentials: 1 },
  ...{ DescribeAcls: 1, CreateAcls: 1, DeleteAcls: 1 },
  ...{ CreateDelegationToken: 1, RenewDelegationToken: 1, ExpireDelegationToken: 1, DescribeDelegationToken: 1 },
}

const numbers = {
  // Kinds and types are counted here: every number that may mean something, and those around it.
  int8: [-128, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 17, 32, 33, 64, 127],
  int16: [-32768, -1, 0, 1, 2, 3, 32767],
  int32: [-2147483648, -2, -1, 0, 1, 2, 3, 1000, 2147483647],
  int64: [-9223372036854775808n, -2, -1, 0, 1, 2, 100, 2 ** 40, 9223372036854775807n],
  uint16: [0, 1, 65535],
  float64: [-1, 0, 0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
}
const numbersOf = {
  // A thousand partitions are made, and waited for by who comes next.
  numPartitions: [-2147483648, -2, -1, 0, 1, 2, 10_001, 2147483647],
  count: [-2147483648, -1, 0, 1, 2, 3, 4, 10_003, 2147483647],
  // The only broker is not unregistered (docs/differences.md).
  brokerId: [-2147483648, -1, 0, 2, 1000, 2147483647],
  // How long the transaction has been open is chance.
  durationFilter: [-9223372036854775808n, -2, -1, 0, 2 ** 40, 9223372036854775807n],
  // One that does not exist costs Kafka an election of the controller.
  configOperation: [1, 2, 3, 4],
}
const words = {
  statesFilter: ['stable', 'Empty', 'Dead', 'Nonsense'],
  typesFilter: ['Classic', 'consumer', 'share', 'streams', 'nonsense'],
  stateFilters: ['ongoing', 'Empty', 'Nonsense'],
  transactionalIdPattern: ['(', '.*', '(?=o)'],
  entityType: ['User', 'user', 'client-id', 'ip'],
  principalType: ['user', 'Group'],
  ownerPrincipalType: ['user', 'Group'],
  feature: ['kraft.version'],
  key: ['request_percentage', 'controller_mutation_rate', 'connection_creation_rate'],
  host: ['127.0.0.1', 'localhost', '::1'],
  principal: ['User:', 'Group:a', 'a'],
  topicName: ['__cluster_metadata'],
}

// A listener without a name is the end of Kafka's controller, and with it of the process.
const endsKafka = (api, field) => api === 'AddRaftVoter' && field.name === 'name'

// The wrong values of one field that is no array, each with the words for it.
function* scalars(field, value, t) {
  switch (field.type) {
    case 'bool':
      yield [String(!value), !value]
      return
    case 'string':
      if (!endsKafka(t.transcript.api, field)) yield ['no text', '']
      yield ['an unknown name', t.name('unknown')]
      yield ['a name with a space', `${t.name('a')} b`]
      yield ['a long name', 'x'.repeat(300)]
      yield ['a name beyond ASCII', t.name('ä')]
      for (const word of words[field.name] ?? []) yield [word, word]
      return
    case 'uuid':
      yield ['zero', ZERO_UUID]
      yield ['unknown', 'abcdefghijklmnopqrstuw']
      return
    case 'bytes':
      yield ['no bytes', Buffer.alloc(0)]
      yield ['half', value.subarray(0, value.length >> 1)]
      yield ['twice', Buffer.concat([value, value])]
      yield ['a flipped bit', Buffer.from(value.map((byte, at) => (at === 0 ? byte ^ 1 : byte)))]
      return
    case 'struct':
      return
    default:
      for (const number of numbersOf[field.name] ?? numbers[field.type]) yield [String(number), number]
  }
}

function* wrongs(field, value, t) {
  const isNullable = within(field.nullable, t.v)
  if (value !== null && isNullable) yield ['null', null]
  if (!isNullable && (field.array || field.type === 'string' || field.type === 'bytes')) yield ['null, which it may not be', null]
  if (!field.array) return yield* scalars(field, value, t)
  const list = value ?? []
  yield ['empty', []]
  yield ['twice', [...list, ...copy(list)]]
  if (field.type === 'struct') return
  for (const [what, one] of scalars(field, list[0], t)) yield [`${what} alone`, [one]]
  for (const [what, one] of scalars(field, list[0], t)) yield [`${what} beside others`, [...copy(list), one]]
}

// Every wrong request of a right one. Two right ones of a kind have as many, in the same order.
function changes(right, api, t) {
  return places(right, api.request.fields, t.v).flatMap(({ field, path }) => {
    const value = path.reduce((at, key) => at?.[key], right) ?? null
    return Array.from(wrongs(field, value, t), ([what, wrong]) => ({ path, wrong, what: `${path.join('.')} = ${what}` }))
  })
}

function changed(right, { path, wrong }) {
  const body = copy(right)
  const holder = path.slice(0, -1).reduce((at, key) => at[key], body)
  holder[path.at(-1)] = wrong
  return body
}

export function eachFieldTranscripts(apis) {
  return Object.entries(administered).flatMap(([name, kinds]) => {
    const fixture = secured[name] ?? fixtures[name]
    if (fixture === undefined) return []
    return [
      {
        name: `each-field-${name}`,
        api: name,
        isSecured: fixture.isSecured,
        wordsCount: true,
        run: t => run(t, name, kinds, fixture),
      },
    ]
  })

  async function run(t, name, kinds, fixture) {
    for (let kind = 0; kind < kinds; kind++) {
      let made = 0
      const make = () => fixture.make(t, `m${kind + kinds * made++}`)
      let right = await make()
      const count = changes(right, apis.get(name), t).length
      for (let i = 0; i < count; i++) {
        if (fixture.fresh && i > 0) right = await make()
        const change = changes(right, apis.get(name), t)[i]
        await t.call(name, changed(right, change), {
          as: kinds === 1 ? change.what : `kind ${kind}: ${change.what}`,
          on: fixture.on,
          view: fixture.view?.(t),
          pick: fixture.pick?.(t),
          patienceMs: 1000,
        })
        await fixture.after?.(t, right, `after ${change.what}`)
      }
    }
  }
}
