/** kafkajs: each method of its admin client at one broker, `admin.js BOOTSTRAP KEYS`. */
import kafkajs, { type Admin } from 'kafkajs'
import { eventually } from '../../lib/patience.js'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs
const { Partitioners, ResourcePatternTypes } = kafkajs

const name = 'kafkajs-admin'
const none = `${name}-none`
const groupId = `${name}-group`
const toldWithinMs = 5000

const kafka = new Kafka({ clientId: name, brokers: [process.argv[2]!], logLevel: logLevel.NOTHING, retry: { retries: 2 } })
const admin = kafka.admin()
// What asks nothing of a broker.
const called = new Set<string>(['events', 'on', 'logger'])

/** Names whose values belong to one broker, or to one moment. */
const kinds = new Set(['port', 'clusterId', 'throttleTime', 'clientSideThrottleTime'])

function rendered(value: unknown): string {
  const replacer = (key: string, one: unknown) => {
    if (kinds.has(key)) return `<${key}>`
    if (Buffer.isBuffer(one)) return `${one.length} bytes`
    // Brokers build their lists from hash maps.
    return Array.isArray(one) ? one.map(part => JSON.stringify(part, replacer)).sort() : one
  }
  return (JSON.stringify(value, replacer) ?? 'done').replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
}

function failure(error: unknown): string {
  const { name, code, message, errors } = error as Error & { code?: number; errors?: unknown[] }
  return `${name}(${code}: ${message}) ${(errors ?? []).map(failure).join(' ')}`.replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
}

type Method = Exclude<keyof Admin, 'events' | 'on'>

/** Called again until it tells of what was done before (`told`): brokers tell of some things a moment later. */
async function row<M extends Method>(
  method: M,
  args: Parameters<Admin[M]>,
  { view = one => one, told = '' }: { view?: (result: never) => unknown; told?: string } = {},
) {
  called.add(method)
  const call = admin[method] as (...args: unknown[]) => Promise<unknown>
  let outcome = ''
  await eventually(async () => {
    outcome = await call(...args).then(result => rendered(view(result as never)), failure)
    return outcome.includes(told)
  }, toldWithinMs)
  console.log(`row\t${method}\t${outcome.replaceAll(/[\t\n]/g, ' ')}`)
}

const own = <T>(list: readonly T[]) => list.filter(one => JSON.stringify(one).includes(name))

await row('connect', [])
const configEntries = [{ name: 'retention.ms', value: '100000' }]
await row('createTopics', [{ topics: [{ topic: name, numPartitions: 2, replicationFactor: 1, configEntries }] }])
await row('createTopics', [{ topics: [{ topic: none, numPartitions: 2, replicationFactor: 7 }], validateOnly: true }])
await row('createPartitions', [{ topicPartitions: [{ topic: name, count: 3 }] }])
await row('createPartitions', [{ topicPartitions: [{ topic: name, count: 1 }], validateOnly: true }])
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
await producer.connect()
await producer.send({ topic: name, messages: Array.from({ length: 5 }, () => ({ partition: 0, value: 'v' })) })
await producer.disconnect()
await row('listTopics', [], { view: own, told: name })
await row('fetchTopicMetadata', [{ topics: [name] }], { told: 'partitionId\\":2' })
await row('fetchTopicOffsets', [name])
await row('fetchTopicOffsets', [none])
await row('fetchTopicOffsetsByTimestamp', [name, 1])
await row('setOffsets', [{ groupId, topic: name, partitions: [{ partition: 0, offset: '3' }] }])
await row('fetchOffsets', [{ groupId, topics: [name] }])
await row('fetchOffsets', [{ groupId, topics: [name], resolveOffsets: true }])
await row('resetOffsets', [{ groupId, topic: name, earliest: true }])
await row('describeCluster', [])
const resource = { type: ConfigResourceTypes.TOPIC, name }
await row('alterConfigs', [{ validateOnly: false, resources: [{ ...resource, configEntries }] }])
await row('alterConfigs', [
  { validateOnly: true, resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: 'x' }] }] },
])
const retention = { ...resource, configNames: ['retention.ms'] }
await row('describeConfigs', [{ resources: [retention], includeSynonyms: true }], { told: '100000' })
await row('describeConfigs', [{ resources: [{ type: ConfigResourceTypes.TOPIC, name: none }], includeSynonyms: false }])
await row('listGroups', [], { view: ({ groups }: { groups: unknown[] }) => own(groups), told: groupId })
await row('describeGroups', [[groupId, none]])
const acl = {
  ...{ resourceType: AclResourceTypes.TOPIC, resourceName: name, resourcePatternType: ResourcePatternTypes.LITERAL },
  ...{ principal: `User:${name}`, host: '*', operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.ALLOW },
}
await row('createAcls', [{ acl: [acl] }])
await row('describeAcls', [acl], { told: 'principal' })
await row('deleteAcls', [{ filters: [acl] }])
await row('deleteTopicRecords', [{ topic: name, partitions: [{ partition: 0, offset: '2' }] }])
await row('deleteTopicRecords', [{ topic: name, partitions: [{ partition: 0, offset: '99' }] }])
await row('alterPartitionReassignments', [{ topics: [{ topic: name, partitionAssignment: [{ partition: 0, replicas: [1] }] }] }])
await row('alterPartitionReassignments', [{ topics: [{ topic: name, partitionAssignment: [{ partition: 0, replicas: [7] }] }] }])
await row('listPartitionReassignments', [{ topics: [{ topic: name, partitions: [0] }] }])
await row('deleteGroups', [[groupId]])
await row('deleteGroups', [[none]])
await row('deleteTopics', [{ topics: [name] }])
await row('deleteTopics', [{ topics: [none] }])
await row('disconnect', [])
for (const method of Object.keys(admin)) if (!called.has(method)) console.log(`missed\t${method}`)
