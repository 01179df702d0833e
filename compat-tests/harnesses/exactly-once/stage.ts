/** What a run begins with: the topics, the places of the copiers, and the records to be copied. */
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { appendBatch } from '../../lib/append-batch.js'
import { eventually } from '../../lib/patience.js'
import type { WireClient } from '../../lib/wire-client.js'
import type { CopyingClient } from './clients.js'
import type { CopierPlace } from './copier.js'
import { recordText } from './copier-lines.js'
import type { HistoryEvent } from './history.js'
import type { ObservedGroup } from './offsets-observer.js'

/** Of the topics that a whole group reads, and of those that one client has for itself. */
const SHARED_PARTITIONS = 6
const OWN_PARTITIONS = 2
const RECORDS_PER_BATCH = 500
const READY_MS_MAX = 60_000

export interface Cast {
  readonly places: readonly CopierPlace[]
  readonly groups: readonly ObservedGroup[]
  /** topic → partitions */
  readonly inputs: ReadonlyMap<string, number>
  readonly targets: ReadonlyMap<string, number>
}

/** Deals `count` places to the clients in turns. */
export function castOf(clients: readonly CopyingClient[], count: number): Cast {
  const places: CopierPlace[] = []
  const groups = new Map<string, ObservedGroup>()
  const inputs = new Map<string, number>()
  const targets = new Map(['left', 'right', 'far'].map(topic => [topic, SHARED_PARTITIONS]))
  for (let index = 0; index < count; index++) {
    const client = clients[index % clients.length]!
    const name = `${client.name}-${index}`
    const [suffix, partitions] = client.isAlone ? [`-${name}`, OWN_PARTITIONS] : ['', SHARED_PARTITIONS]
    const [input, middle, group] = [`in${suffix}`, `mid${suffix}`, `copiers${suffix}`]
    inputs.set(input, partitions)
    targets.set(middle, partitions)
    const topics = new Map([input, middle].map(topic => [topic, partitions]))
    groups.set(group, { group, topics })
    const routes = new Map([
      [input, [middle, 'left']],
      [middle, ['right', 'far']],
    ])
    places.push({ name, client, group, routes })
  }
  return { places, groups: [...groups.values()], inputs, targets }
}

export async function createTopics(client: WireClient, { inputs, targets, groups }: Cast): Promise<void> {
  const answer = await client.request(CreateTopics, 5, {
    topics: [...inputs, ...targets].map(([name, numPartitions]) => ({
      name,
      numPartitions,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })),
    timeoutMs: 30_000,
  })
  for (const { name, errorCode, errorMessage } of answer.topics) {
    if (errorCode !== 0) throw new Error(`CreateTopics ${name}: ${errorCode} ${errorMessage}`)
  }
  // Real Kafka creates the topics of its coordinators now.
  for (const key of groups.map(({ group }) => group)) {
    for (const keyType of [0, 1]) {
      const isReady = async () => (await client.request(FindCoordinator, 3, { key, keyType })).errorCode === 0
      if (!(await eventually(isReady, READY_MS_MAX))) throw new Error(`no coordinator for ${key}`)
    }
  }
}

/** All at once, idempotently, spread evenly over the inputs' partitions; then each is due in every topic that it is copied to. */
export async function produceInput(
  client: WireClient,
  { inputs, places }: Cast,
  records: number,
  tell: (event: HistoryEvent) => void,
): Promise<void> {
  const { producerId } = await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
  const routes = new Map(places.flatMap(place => [...place.routes]))
  const partitions = [...inputs].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  )
  for (const [index, { topic, partition }] of partitions.entries()) {
    const count = Math.floor((records + index) / partitions.length)
    for (let sequence = 0; sequence < count; ) {
      const keys = Array.from({ length: Math.min(RECORDS_PER_BATCH, count - sequence) }, (_, at) => `${index}.${sequence + at}`)
      const batch = keys.map(key => ({ key: Buffer.from(key), value: Buffer.from(recordText(key, null)) }))
      await appendBatch(client, { topic, partition }, { producerId, baseSequence: sequence }, batch)
      const direct = routes.get(topic)!
      for (const target of [...direct, ...direct.flatMap(middle => routes.get(middle) ?? [])]) {
        for (const key of keys) tell({ type: 'due', topic: target, key })
      }
      sequence += keys.length
    }
  }
}
