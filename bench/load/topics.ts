// The topics of a load: made for it and removed after it. Speaks through the project's own schemas, off the measured path.
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DeleteTopics } from '#protocol/messages/delete-topics.js'
import { ListOffsets } from '#protocol/messages/list-offsets.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { WireClient } from '../../compat-tests/lib/wire-client.js'

export interface LoadTopic {
  readonly name: string
  readonly id: string
}

const timeoutMs = 30_000
const leaderChecks = 100
const leaderCheckMs = 50
const endTimestamp = -1

/** One partition, which has its leader when this resolves. */
export async function createTopic(port: number, name: string): Promise<LoadTopic> {
  return asking(port, async client => {
    const { topics } = await client.request(CreateTopics, 7, {
      topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs,
    })
    const created = topics[0]
    if (created?.errorCode !== 0) throw new Error(`topic ${name}: ${created?.errorMessage ?? `error ${created?.errorCode}`}`)
    for (let check = 0; check < leaderChecks; check++) {
      const metadata = await client.request(Metadata, 12, { topics: [{ name }] })
      if (metadata.topics[0]?.errorCode === 0 && metadata.topics[0].partitions[0]?.errorCode === 0) {
        return { name, id: created.topicId }
      }
      await sleep(leaderCheckMs)
    }
    throw new Error(`topic ${name} got no leader`)
  })
}

export async function deleteTopic(port: number, { name }: LoadTopic): Promise<void> {
  await asking(port, async client => {
    const { responses } = await client.request(DeleteTopics, 6, { topics: [{ name }], timeoutMs })
    if (responses[0]?.errorCode !== 0) throw new Error(`topic ${name} cannot be deleted: error ${responses[0]?.errorCode}`)
  })
}

/** The offset that the next record of the partition gets. */
export async function endOffsetOf(port: number, { name }: LoadTopic): Promise<number> {
  return asking(port, async client => {
    const { topics } = await client.request(ListOffsets, 7, {
      replicaId: -1,
      topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: endTimestamp }] }],
    })
    const answer = topics[0]?.partitions[0]
    if (answer?.errorCode !== 0) throw new Error(`topic ${name} does not tell its end: error ${answer?.errorCode}`)
    return answer.offset
  })
}

async function asking<Answer>(port: number, ask: (client: WireClient) => Promise<Answer>): Promise<Answer> {
  const client = await WireClient.connect(`127.0.0.1:${port}`, 'gregor-bench')
  try {
    return await ask(client)
  } finally {
    client.close()
  }
}
