/** What clients do with their quotas, all at once on one broker, and what comes of it. */
import { utf8Encode } from '#base/bytes.js'
import { Errors, errorName } from '#protocol/errors.js'
import { AlterClientQuotas } from '#protocol/messages/alter-client-quotas.js'
import { ApiVersions } from '#protocol/messages/api-versions.js'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { Fetch } from '#protocol/messages/fetch.js'
import { ListGroups } from '#protocol/messages/list-groups.js'
import { Produce } from '#protocol/messages/produce.js'
import { SaslAuthenticate } from '#protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '#protocol/messages/sasl-handshake.js'
import { buildBatch } from '#protocol/records/build.js'
import { delay, eventually } from '../../lib/patience.js'
import { WireClient } from '../../lib/wire-client.js'

/** Addresses of one broker's listeners. */
export interface Side {
  readonly plaintext: string
  /** SASL_PLAINTEXT, with PLAIN. */
  readonly secure: string
}

export const users = ['ten', 'ann', 'bea', 'pairs'] as const
type User = (typeof users)[number]

/** By scenario, in units a second unless it says otherwise. */
export type Figures = ReadonlyMap<string, { readonly figure: number; readonly quota: number }>

/** A fresh client has paid its burst by then. */
const warmUpMs = 12_000
/** Four times the windows over which a quota is measured, or twice in a short run. */
const measuredMs = 44_000
/** What clients ask for, as a part of what they may have. */
const eagerness = 1.5
const chunkBytes = 4000
const topicName = 'quotas'

/** What was let through, and when. */
class Flow {
  readonly #parts: { readonly atMs: number; readonly amount: number }[] = []

  add(amount: number): void {
    this.#parts.push({ atMs: performance.now(), amount })
  }
  perSecond(fromMs: number, toMs: number): number {
    const amounts = this.#parts.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ amount }) => amount)
    return (amounts.reduce((sum, amount) => sum + amount, 0) / (toMs - fromMs)) * 1000
  }
}

type Entity = Readonly<Record<string, string | null>>
type Work = (client: WireClient) => Promise<number>

export async function measured(side: Side, isShort: boolean): Promise<Figures> {
  const admin = await WireClient.connect(side.plaintext, 'admin')
  await prepare(admin)
  const figures = new Map<string, { figure: number; quota: number }>()
  const startMs = performance.now()
  const endMs = startMs + warmUpMs + (isShort ? measuredMs / 2 : measuredMs)

  /** Clients that do so much at a time, together half as much again as they may. */
  const scenario = async (name: string, quota: number, clients: readonly WireClient[], amount: number, work: Work) => {
    const flow = new Flow()
    const pauseMs = (amount * clients.length * 1000) / (quota * eagerness)
    const run = async (client: WireClient): Promise<void> => {
      for (let nextMs = startMs; performance.now() < endMs; ) {
        await delay(Math.max(0, nextMs - performance.now()))
        nextMs = Math.max(nextMs, performance.now() - pauseMs) + pauseMs
        flow.add(await work(client))
      }
      client.close()
    }
    await Promise.all(clients.map(run))
    figures.set(name, { figure: flow.perSecond(startMs + warmUpMs, endMs), quota })
  }
  const plain = (...ids: readonly string[]) => Promise.all(ids.map(id => WireClient.connect(side.plaintext, id)))
  const of = (user: User, ...ids: readonly string[]) => Promise.all(ids.map(id => loggedIn(side.secure, user, id)))
  const ten = Array.from({ length: 10 }, (_, n) => `client-${n}`)
  await Promise.all([
    scenario('produce, one client', 100_000, await plain('producer'), chunkBytes, produceOnce),
    scenario('fetch, one client', 100_000, await plain('consumer'), chunkBytes, fetchOnce),
    scenario('produce, ten clients of a user', 200_000, await of('ten', ...ten), chunkBytes, produceOnce),
    scenario('fetch, ten clients of a user', 200_000, await of('ten', ...ten), chunkBytes, fetchOnce),
    scenario(
      'fetch, two users by default',
      100_000,
      [...(await of('ann', 'a')), ...(await of('bea', 'b'))],
      chunkBytes,
      fetchOnce,
    ),
    scenario('produce, two clients by default', 80_000, await plain('one', 'other'), chunkBytes, produceOnce),
    scenario('fetch, two pairs by default', 60_000, await of('pairs', 'p', 'q'), chunkBytes, fetchOnce),
    // Less than any request takes: each is followed by the longest pause, of one window.
    scenario('requests of a client with hardly any time', 1, await plain('slow'), 1, askOnce),
    removal(side, admin, startMs).then(figure =>
      figures.set('requests of a client whose quota was removed while it waited', figure),
    ),
  ])
  figures.set('connections of an address at once', { figure: await connectionsAtOnce(side, admin), quota: 20 })
  figures.set('ms until a mutation beyond the burst', { figure: await mutationPauseMs(side), quota: 40_000 })
  admin.close()
  return figures
}

async function prepare(admin: WireClient): Promise<void> {
  const topic = { name: topicName, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await admin.request(CreateTopics, 5, { topics: [topic], timeoutMs: 30_000, validateOnly: false })
  const isThere = () => produceOnce(admin).then(() => true)
  if (!(await eventually(isThere, 60_000))) throw new Error('the topic is not there')
  await setQuotas(admin, { 'client-id': 'producer' }, { producer_byte_rate: 100_000 })
  await setQuotas(admin, { user: 'ANONYMOUS', 'client-id': 'consumer' }, { consumer_byte_rate: 100_000 })
  await setQuotas(admin, { user: 'ten' }, { producer_byte_rate: 200_000, consumer_byte_rate: 200_000 })
  await setQuotas(admin, { user: 'pairs', 'client-id': null }, { consumer_byte_rate: 30_000 })
  await setQuotas(admin, { 'client-id': 'slow' }, { request_percentage: 0.0001 })
  await setQuotas(admin, { 'client-id': 'removed' }, { request_percentage: 0.0001 })
  await setQuotas(admin, { 'client-id': 'mutant' }, { controller_mutation_rate: 1 })
  await setQuotas(admin, { 'client-id': null }, { producer_byte_rate: 40_000 })
  await setQuotas(admin, { user: null }, { consumer_byte_rate: 50_000 })
  // Kafka takes them up a moment after it has answered.
  await delay(1000)
}

/** One that has to wait when its quota is removed: it goes on when the pause is over, and has no bound from then on. */
async function removal(side: Side, admin: WireClient, startMs: number): Promise<{ figure: number; quota: number }> {
  const client = await WireClient.connect(side.plaintext, 'removed')
  const flow = new Flow()
  const freeMs = startMs + warmUpMs
  const [fromMs, endMs] = [freeMs + 2000, freeMs + 10_000]
  const perSecond = 20
  let isRemoved = false
  for (let nextMs = startMs; performance.now() < endMs; nextMs = Math.max(nextMs, performance.now() - 1000) + 1000 / perSecond) {
    await delay(Math.max(0, nextMs - performance.now()))
    const answered = askOnce(client)
    if (!isRemoved && performance.now() >= freeMs) {
      isRemoved = true
      await setQuotas(admin, { 'client-id': 'removed' }, { request_percentage: null })
    }
    flow.add(await answered)
  }
  client.close()
  return { figure: flow.perSecond(fromMs, endMs), quota: perSecond }
}

/** Forty more partitions than the bucket holds are made at once; then there are none for so long. */
async function mutationPauseMs(side: Side): Promise<number> {
  const client = await WireClient.connect(side.plaintext, 'mutant')
  const create = (name: string, numPartitions: number) => {
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
    return client.request(CreateTopics, 6, { topics: [topic], timeoutMs: 30_000, validateOnly: false })
  }
  await create('beyond', 51)
  const { throttleTimeMs, topics } = await create('refused', 1)
  client.close()
  return topics[0]!.errorCode === Errors.THROTTLING_QUOTA_EXCEEDED ? throttleTimeMs : 0
}

/** Of sixty that come together, how many are served. */
async function connectionsAtOnce(side: Side, admin: WireClient): Promise<number> {
  await setQuotas(admin, { ip: '127.0.0.1' }, { connection_creation_rate: 2 })
  await delay(1000)
  const asked = Array.from({ length: 60 }, async () => {
    const client = await WireClient.connect(side.plaintext, 'visitor')
    try {
      await client.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
      return 1
    } catch {
      return 0
    } finally {
      client.close()
    }
  })
  const served = await Promise.all(asked)
  return served.reduce<number>((sum, one) => sum + one, 0)
}

async function setQuotas(admin: WireClient, entity: Entity, values: Readonly<Record<string, number | null>>): Promise<void> {
  const { entries } = await admin.request(AlterClientQuotas, 1, {
    entries: [
      {
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
      },
    ],
    validateOnly: false,
  })
  if (entries[0]!.errorCode !== Errors.NONE) throw new Error(`quotas of ${JSON.stringify(entity)}: ${entries[0]!.errorMessage}`)
}

async function loggedIn(address: string, user: User, clientId: string): Promise<WireClient> {
  const client = await WireClient.connect(address, clientId)
  await client.request(SaslHandshake, 1, { mechanism: 'PLAIN' })
  const { errorCode } = await client.request(SaslAuthenticate, 2, { authBytes: utf8Encode(`\0${user}\0secret`) })
  if (errorCode !== Errors.NONE) throw new Error(`${user} is not let in`)
  return client
}

const chunk = buildBatch([{ key: null, value: new Uint8Array(chunkBytes) }], { timestampMs: Date.now() })

async function produceOnce(client: WireClient): Promise<number> {
  const { responses } = await client.request(Produce, 9, {
    acks: 1,
    timeoutMs: 30_000,
    topicData: [{ name: topicName, partitionData: [{ index: 0, records: chunk }] }],
  })
  const { errorCode } = responses[0]!.partitionResponses[0]!
  if (errorCode !== Errors.NONE) throw new Error(`Produce: ${errorName(errorCode)}`)
  return chunk.byteLength
}

/** The same chunk each time; nothing while the client has to wait. */
async function fetchOnce(client: WireClient): Promise<number> {
  const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: chunk.byteLength }
  const { responses } = await client.request(Fetch, 12, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: chunk.byteLength,
    topics: [{ topic: topicName, partitions: [partition] }],
  })
  return responses[0]?.partitions[0]?.records?.byteLength ?? 0
}

async function askOnce(client: WireClient): Promise<number> {
  await client.request(ListGroups, 3, {})
  return 1
}
