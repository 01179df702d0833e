/** Topics with a configuration of their own, created between crashes: whatever was acknowledged must come back the same. */
import { errorName } from '#protocol/errors.js'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DescribeConfigs } from '#protocol/messages/describe-configs.js'
import { Metadata } from '#protocol/messages/metadata.js'
import type { Random } from '../../lib/random.js'
import type { WireClient } from '../../lib/wire-client.js'

const TOPIC_RESOURCE = 2

interface Survivor {
  readonly topicId: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

export class ConfiguredTopics {
  readonly problems: string[] = []
  readonly #acknowledged = new Map<string, Survivor>()

  get count(): number {
    return this.#acknowledged.size
  }

  /** @throws ConnectionLost when the broker dies meanwhile: then it is unknown whether the topic exists. */
  async create(client: WireClient, name: string, partitions: number, configs: Record<string, string>): Promise<void> {
    const answer = await client.request(CreateTopics, 7, {
      topics: [
        {
          name,
          numPartitions: partitions,
          replicationFactor: -1,
          assignments: [],
          configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
        },
      ],
      timeoutMs: 30_000,
    })
    const { errorCode, topicId, errorMessage } = answer.topics[0]!
    if (errorCode === 0) this.#acknowledged.set(name, { topicId, partitions, configs })
    else this.problems.push(`CreateTopics ${name}: ${errorName(errorCode)} ${errorMessage ?? ''}`)
  }

  async createAny(client: WireClient, name: string, random: Random): Promise<void> {
    const configs = {
      'retention.ms': String(random.between(3_600_000, 999_999_999)),
      'max.message.bytes': String(random.between(2_000_000, 3_000_000)),
    }
    await this.create(client, name, random.between(1, 3), configs)
  }

  async check(client: WireClient): Promise<void> {
    const names = [...this.#acknowledged.keys()]
    const metadata = await client.request(Metadata, 10, { topics: names.map(name => ({ name })), allowAutoTopicCreation: false })
    for (const { name, topicId, errorCode, partitions } of metadata.topics) {
      const expected = this.#acknowledged.get(name!)!
      if (errorCode !== 0) this.problems.push(`${name}: ${errorName(errorCode)}`)
      else if (topicId !== expected.topicId) this.problems.push(`${name}: id ${topicId}, was ${expected.topicId}`)
      else if (partitions.length !== expected.partitions) this.problems.push(`${name}: ${partitions.length} partitions`)
    }
    const described = await client.request(DescribeConfigs, 2, {
      resources: names.map(name => ({
        resourceType: TOPIC_RESOURCE,
        resourceName: name,
        configurationKeys: Object.keys(this.#acknowledged.get(name)!.configs),
      })),
    })
    for (const { resourceName, configs } of described.results) {
      const expected = this.#acknowledged.get(resourceName)!.configs
      for (const [key, value] of Object.entries(expected)) {
        const found = configs.find(config => config.name === key)?.value
        if (found !== value) this.problems.push(`${resourceName}: ${key}=${found}, was ${value}`)
      }
    }
  }
}
