// What a load asks a broker off its measured path: what it serves, topics, ends of logs. Speaks the project's own schemas in
// versions that every peer has.
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiVersions } from '#protocol/messages/api-versions.js'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DeleteTopics } from '#protocol/messages/delete-topics.js'
import { ListOffsets } from '#protocol/messages/list-offsets.js'
import { Metadata } from '#protocol/messages/metadata.js'
import type { Api, Fields } from '#protocol/schema.js'
import { WireClient } from '../../compat-tests/lib/wire-client.js'

export interface Endpoint {
  readonly port: number
  readonly versions: ReadonlyMap<number, number>
}

/** The newest version that both know; at most `wanted`, so that all peers get the same bytes. */
export function versionFor<Req extends Fields, Res extends Fields>(
  { versions }: Pick<Endpoint, 'versions'>,
  api: Api<Req, Res>,
  wanted: number,
): number {
  return Math.min(wanted, versions.get(api.key) ?? 0)
}

export async function apiVersionsOf(client: WireClient): Promise<ReadonlyMap<number, number>> {
  const { apiKeys } = await client.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
  return new Map(apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]))
}

/** Of the named topics, or of all when null. A peer that makes topics when asked makes the named ones. */
export function metadataOf(client: WireClient, names: readonly string[] | null) {
  return client.request(Metadata, 1, { topics: names === null ? null : names.map(name => ({ name })) })
}

export interface Topic {
  readonly name: string
  readonly partitions: number
}

const timeoutMs = 60_000
const leaderChecks = 2400
const leaderCheckMs = 25
const endTimestamp = -1

/** All partitions have their leader when this resolves. A peer without CreateTopics makes the topic when Metadata names it. */
export async function makeTopic(endpoint: Endpoint, name: string, partitions: number): Promise<Topic> {
  await asking(endpoint, async client => {
    if (endpoint.versions.has(CreateTopics.key)) {
      const wanted = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
      const { topics } = await client.request(CreateTopics, 4, { topics: [wanted], timeoutMs })
      const created = topics[0]
      if (created?.errorCode !== 0) throw new Error(`topic ${name}: ${created?.errorMessage ?? `error ${created?.errorCode}`}`)
    }
    for (let check = 0; check < leaderChecks; check++) {
      const topic = (await metadataOf(client, [name])).topics[0]
      const led = topic?.partitions.filter(({ errorCode, leaderId }) => errorCode === 0 && leaderId >= 0).length ?? 0
      // Some brokers know a leader before it knows itself; one that tells its end does.
      if (topic?.errorCode === 0 && led >= partitions && !(await endsOf(client, { name, partitions })).includes(null)) return
      await sleep(leaderCheckMs)
    }
    throw new Error(`topic ${name} got no leaders`)
  })
  return { name, partitions }
}

export async function removeTopic(endpoint: Endpoint, { name }: Topic): Promise<void> {
  if (!endpoint.versions.has(DeleteTopics.key)) return
  await asking(endpoint, async client => {
    const { responses } = await client.request(DeleteTopics, 4, { topicNames: [name], timeoutMs })
    if (responses[0]?.errorCode !== 0) throw new Error(`topic ${name} cannot be deleted: error ${responses[0]?.errorCode}`)
  })
}

/** Per partition, the offset that the next record gets; null while the broker does not tell. */
export function endOffsetsOf(endpoint: Endpoint, topic: Topic): Promise<(number | null)[]> {
  return asking(endpoint, client => endsOf(client, topic))
}

async function endsOf(client: WireClient, { name, partitions }: Topic): Promise<(number | null)[]> {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: endTimestamp }))
  const { topics } = await client.request(ListOffsets, 1, { replicaId: -1, topics: [{ name, partitions: asked }] })
  const ends: (number | null)[] = asked.map(() => null)
  for (const { partitionIndex, errorCode, offset } of topics[0]?.partitions ?? []) {
    if (errorCode === 0) ends[partitionIndex] = offset
  }
  return ends
}

const endChecksMax = 6000
const endCheckMs = 10

/** Waits until the logs of all partitions together hold so many records. */
export async function untilLogHolds(endpoint: Endpoint, topic: Topic, records: number): Promise<void> {
  let held = 0
  for (let check = 0; check < endChecksMax; check++) {
    const ends = await endOffsetsOf(endpoint, topic).catch(() => [])
    held = ends.reduce<number>((sum, end) => sum + (end ?? 0), 0)
    if (held === records) return
    if (held > records) break
    await sleep(endCheckMs)
  }
  throw new Error(`the log holds ${held} records where ${records} were sent`)
}

async function asking<Answer>({ port }: Endpoint, ask: (client: WireClient) => Promise<Answer>): Promise<Answer> {
  const client = await WireClient.connect(`127.0.0.1:${port}`, 'gregor-bench')
  try {
    return await ask(client)
  } finally {
    client.close()
  }
}
