import { errorName } from '../protocol/errors.js'
import { kafkaApis } from './kafka-apis.js'
import type { Need } from './needs.js'
import { handlers } from './table.js'

/** docs/api-support.md, printed from the table of handlers. */
export function apiSupportMarkdown(): string {
  const served = new Map(handlers.map(({ api }) => [api.key, api]))
  const rows = kafkaApis.map(([key, name, kafka39, kafka44]) => {
    const api = served.get(key)
    const ours = api === undefined ? '–' : range(api.versions.min, api.versions.max)
    return `| ${key} | ${name} | ${ours} | ${kafka39} | ${kafka44} | ${notes[name] ?? (api === undefined ? reasonFor(key) : '')} |`
  })
  const rights = handlers.flatMap(({ api, traits }) =>
    traits.needs.length === 0
      ? [`| ${api.name} | none | | |`]
      : traits.needs.map(
          (one, n) => `| ${n === 0 ? api.name : ''} | ${rightText(one)} | ${one.when ?? ''} | ${refusalText(one)} |`,
        ),
  )
  return `# APIs

What this broker implements, and nothing else, is what ApiVersions advertises. The newest version of each is that of Apache
Kafka 4.4. A request for another API or version closes the connection, as in Kafka; only ApiVersions answers a version that
it does not know.

| key | API | Gregor | Kafka 3.9 | Kafka 4.4 | what is left out |
|---|---|---|---|---|---|
${rows.join('\n')}

Produce 0–2 and Fetch 0–3 carry the message formats before v2, which Kafka 4 dropped: what old clients produce is stored as v2,
what they fetch is converted for them. Kafka 4 shows Produce from 0 on for the sake of old librdkafka, and serves it from 3 on.

Keys that only brokers and controllers use among themselves (52–54, 56, 58, 59, 62, 63, 67, 70, 73, 82) are left out of the table.

## Rights

What a client is asked for where there is an authorizer ([security](security.md#acls)), of every such resource that the request
names. One that is refused does not keep the others from being served, except in AddPartitionsToTxn. READ, WRITE, DELETE and
ALTER imply DESCRIBE, ALTER_CONFIGS implies DESCRIBE_CONFIGS. "Left out": the
answer is that of a cluster where there is no such thing.

| API | right | of, or for | refused with |
|---|---|---|---|
${rights.join('\n')}

This page is printed by \`npm run docs\`; a test compares it with the code.
`
}

const rightText = ({ rights }: Need): string =>
  rights.map(([operation, resource]) => `${operation} ${resource}`.toUpperCase()).join(' or ')

const refusalText = ({ denied }: Need): string => (denied === null ? 'left out' : `${errorName(denied)} (${denied})`)

const range = (min: number, max: number): string => (min === max ? `${min}` : `${min}–${max}`)

const notes: Readonly<Record<string, string>> = {
  Fetch: 'data is local, so nothing is tiered and no replica is preferred; versions 0–3 give at most 16 MiB an answer',
  ListOffsets: '-5 and -6 find nothing: no tiered storage',
  ApiVersions: 'of the features, metadata.version and transaction.version',
  FindCoordinator: 'key type 2 (share groups) is refused',
  DescribeAcls: 'without an authorizer SECURITY_DISABLED, as in Kafka',
  CreateAcls: 'without an authorizer SECURITY_DISABLED',
  DeleteAcls: 'without an authorizer SECURITY_DISABLED',
  AlterReplicaLogDirs: 'one directory: a partition can go where it is',
  UpdateFeatures: 'metadata.version and transaction.version',
  UnregisterBroker: 'the only broker is not unregistered (42)',
  AddRaftVoter: 'refused as at kraft.version 0',
  UnregisterController: 'there is one controller',
  RemoveRaftVoter: 'refused as at kraft.version 0',
  GetTelemetrySubscriptions: 'in Kafka with a plug-in alone',
  PushTelemetry: 'numbers: histograms and summaries are passed over',
  DescribeGroups: 'classic groups',
  ListGroups: 'classic groups',
}

/** Why a whole API is not there. */
function reasonFor(key: number): string {
  for (const [reason, keys] of absent) if (keys.includes(key)) return reason
  return 'not implemented'
}

const absent: readonly (readonly [reason: string, keys: readonly number[]])[] = [
  ['between the brokers of a ZooKeeper cluster', [4, 5, 6, 7]],
  ['no quotas yet', [48, 49]],
  ['the consumer group protocol (KIP-848) is not there yet', [68, 69]],
  ['no share groups yet', [76, 77, 78, 79, 83, 84, 85, 86, 87, 90, 91, 92]],
  ['no streams groups yet', [88, 89, 93]],
]
