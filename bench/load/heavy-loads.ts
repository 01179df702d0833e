// What one client may do to a broker that is much work at once: the loads of the question `fairness`. Each is made of a few
// requests that were encoded beforehand and are sent in a row, the next when the one before is answered.
import { gzipSync } from 'node:zlib'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DeleteTopics } from '#protocol/messages/delete-topics.js'
import { DescribeConfigs } from '#protocol/messages/describe-configs.js'
import { DescribeGroups } from '#protocol/messages/describe-groups.js'
import { Fetch } from '#protocol/messages/fetch.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { IncrementalAlterConfigs } from '#protocol/messages/incremental-alter-configs.js'
import { ListOffsets } from '#protocol/messages/list-offsets.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { OffsetFetch } from '#protocol/messages/offset-fetch.js'
import { Produce } from '#protocol/messages/produce.js'
import { batchHeaderSize, Codecs, stampCodec, stampCrc, stampLength } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { decodeAnswer, exchange, requestFrame } from '../lib/frames.js'

export interface HeavyLoad {
  readonly title: string
  readonly connections: number
  /** Makes what the requests are about. */
  readonly prepare: (port: number) => Promise<readonly Buffer[]>
}

const timeoutMs = 60_000
const megabyte = 1_000_000
const topicsOfOneRequest = 3_000
const namesOfOneRequest = 10_000
const topicResource = 2
const brokerResource = 4

export const heavyLoads: readonly HeavyLoad[] = [
  {
    title: 'look-ups by time in gzip batches of 8.6 MB, 4 connections',
    connections: 4,
    async prepare(port) {
      await createTopics(port, ['looked-into'], 1)
      const filling = produceFrame('looked-into', [gzipped(manyRecords(40_000, 200))])
      for (let count = 0; count < 20; count++) await exchange(port, filling)
      const partitions = [{ partitionIndex: 0, timestamp: Date.now() - 3_600_000 }]
      const topics = [{ name: 'looked-into', partitions }]
      return [requestFrame(ListOffsets, 5, { replicaId: -1, isolationLevel: 0, topics })]
    },
  },
  {
    title: 'produce of 60 batches of 1 MB in one request',
    connections: 1,
    async prepare(port) {
      await createTopics(port, ['many-large'], 60)
      return [produceFrame('many-large', Array(60).fill(manyRecords(1000, 980)))]
    },
  },
  {
    title: 'produce of one batch of 60 MB',
    connections: 1,
    async prepare(port) {
      await createTopics(port, ['huge'], 1, { 'max.message.bytes': `${64 * megabyte}` })
      return [produceFrame('huge', [manyRecords(60_000, 980)])]
    },
  },
  {
    title: 'produce of gzip batches of 8.6 MB',
    connections: 1,
    async prepare(port) {
      await createTopics(port, ['compressed'], 1)
      return [produceFrame('compressed', [gzipped(manyRecords(40_000, 200))])]
    },
  },
  {
    title: 'Fetch of an old client, 20 gzip batches of 1 MB converted, 4 connections',
    connections: 4,
    async prepare(port) {
      await createTopics(port, ['converted'], 1)
      const filling = produceFrame('converted', [gzipped(manyRecords(1000, 980))])
      for (let count = 0; count < 20; count++) await exchange(port, filling)
      const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: megabyte }]
      return [requestFrame(Fetch, 2, { maxWaitMs: 0, minBytes: 1, topics: [{ topic: 'converted', partitions }] })]
    },
  },
  {
    title: 'Metadata of all topics, of which there are 6,000, 4 connections',
    connections: 4,
    async prepare(port) {
      await createTwice(port)
      return [requestFrame(Metadata, 9, { topics: null, allowAutoTopicCreation: false })]
    },
  },
  {
    title: 'Metadata of 6,000 topics by name, 4 connections',
    connections: 4,
    async prepare(port) {
      const names = await createTwice(port)
      return [requestFrame(Metadata, 9, { topics: names.map(name => ({ name })), allowAutoTopicCreation: false })]
    },
  },
  {
    title: 'DescribeConfigs of the broker, 300 times in a request, 4 connections',
    connections: 4,
    async prepare() {
      const resources = Array(300).fill({ resourceType: brokerResource, resourceName: '1', configurationKeys: null })
      return [requestFrame(DescribeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: true })]
    },
  },
  {
    title: 'CreateTopics of 3,000 names, only validated, 4 connections',
    connections: 4,
    prepare: async () => [createFrame(namesOf('never', topicsOfOneRequest), 1, {}, true)],
  },
  {
    title: 'CreateTopics of 3,000 topics, then DeleteTopics',
    connections: 1,
    async prepare() {
      const topicNames = namesOf('brief', topicsOfOneRequest)
      return [createFrame(topicNames, 1, {}, false), requestFrame(DeleteTopics, 4, { topicNames, timeoutMs })]
    },
  },
  {
    title: 'requests with thousands of names: groups, coordinators, configs, 4 connections',
    connections: 4,
    async prepare(port) {
      const names = namesOf('there', topicsOfOneRequest)
      await createTopics(port, names, 1)
      const groups = namesOf('group', namesOfOneRequest)
      const configs = [{ name: 'retention.ms', configOperation: 0, value: '86400000' }]
      return [
        requestFrame(OffsetFetch, 8, { groups: groups.map(groupId => ({ groupId, topics: null })), requireStable: false }),
        requestFrame(DescribeGroups, 5, { groups, includeAuthorizedOperations: true }),
        requestFrame(FindCoordinator, 4, { keyType: 0, coordinatorKeys: groups }),
        requestFrame(IncrementalAlterConfigs, 1, {
          resources: names.map(resourceName => ({ resourceType: topicResource, resourceName, configs })),
          validateOnly: true,
        }),
      ]
    },
  },
]

/** Two requests of topics, as many as one may name. */
async function createTwice(port: number): Promise<string[]> {
  const all = ['one', 'two'].map(prefix => namesOf(prefix, topicsOfOneRequest))
  for (const names of all) await createTopics(port, names, 1)
  return all.flat()
}

const namesOf = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

function manyRecords(count: number, valueBytes: number): Buffer {
  const value = new Uint8Array(valueBytes).fill(97)
  const records = Array.from({ length: count }, (_, index) => ({ key: Buffer.from(`key-${index}`), value }))
  return Buffer.from(buildBatch(records, { timestampMs: Date.now() }))
}

function gzipped(plain: Buffer): Buffer {
  const batch = Buffer.concat([plain.subarray(0, batchHeaderSize), gzipSync(plain.subarray(batchHeaderSize))])
  stampLength(batch)
  stampCodec(batch, 0, Codecs.gzip)
  stampCrc(batch, 0)
  return batch
}

function produceFrame(name: string, batches: readonly Buffer[]): Buffer {
  const partitionData = batches.map((records, index) => ({ index, records }))
  return requestFrame(Produce, 9, { acks: 1, timeoutMs, topicData: [{ name, partitionData }] })
}

/** Answered with the configs of all topics. */
const createVersion = 5

function createFrame(
  names: readonly string[],
  numPartitions: number,
  configs: Record<string, string>,
  validateOnly: boolean,
  version = createVersion,
): Buffer {
  const all = Object.entries(configs).map(([name, value]) => ({ name, value }))
  const topics = names.map(name => ({ name, numPartitions, replicationFactor: 1, assignments: [], configs: all }))
  return requestFrame(CreateTopics, version, { topics, timeoutMs, validateOnly })
}

async function createTopics(port: number, names: readonly string[], partitions: number, configs: Record<string, string> = {}) {
  const version = createVersion - 1
  const answer = await exchange(port, createFrame(names, partitions, configs, false, version))
  const { topics } = decodeAnswer(CreateTopics, version, answer)
  const refused = topics.find(({ errorCode }) => errorCode !== 0)
  if (refused !== undefined) throw new Error(`topic ${refused.name}: ${refused.errorMessage ?? `error ${refused.errorCode}`}`)
}
