/** The APIs about the shape of the cluster, of which there is one node: what can be asked, and what is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { AddRaftVoter } from '../../protocol/messages/add-raft-voter.js'
import { AlterPartitionReassignments } from '../../protocol/messages/alter-partition-reassignments.js'
import { AlterReplicaLogDirs } from '../../protocol/messages/alter-replica-log-dirs.js'
import { DescribeLogDirs } from '../../protocol/messages/describe-log-dirs.js'
import { DescribeQuorum } from '../../protocol/messages/describe-quorum.js'
import { ElectLeaders } from '../../protocol/messages/elect-leaders.js'
import { ListPartitionReassignments } from '../../protocol/messages/list-partition-reassignments.js'
import { RemoveRaftVoter } from '../../protocol/messages/remove-raft-voter.js'
import { UnregisterBroker } from '../../protocol/messages/unregister-broker.js'
import { UnregisterController } from '../../protocol/messages/unregister-controller.js'
import { batchOf, type TestBroker, type TestClient, testBroker } from '../test-client.test-support.js'
import { describeLogDirs } from './describe-log-dirs.js'

const directoryId = 'abcdefghijklmnopqrstuw'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker({ config: { 'node.id': '1' } })
  client = await broker.connect()
  await client.createTopic('t', 2)
  await client.produce('t', batchOf(['x']))
})
afterAll(() => broker.stop())

describe('ElectLeaders', () => {
  const elect = async (topicPartitions: { topic: string; partitions: number[] }[] | null, electionType = 0) => {
    const { errorCode, replicaElectionResults } = await client.call(ElectLeaders, 2, { electionType, topicPartitions })
    const results = replicaElectionResults.map(({ topic, partitionResult }) => [
      topic,
      ...partitionResult.map(one => `${one.partitionId}: ${one.errorCode} ${one.errorMessage}`),
    ])
    return { errorCode, results }
  }

  test('no partition needs another leader; one that is not there is told apart', async () => {
    expect(await elect([{ topic: 't', partitions: [0, 7] }])).toEqual({
      errorCode: Errors.NONE,
      results: [['t', '0: 84 Leader election not needed for topic partition.', '7: 3 No such partition as t-7']],
    })
    expect((await elect([{ topic: 'no', partitions: [0] }], 1)).results).toEqual([['no', '0: 3 No such topic as no']])
  })

  test('of all partitions none is told, since none got another leader', async () => {
    expect((await elect(null)).results).toEqual([['t']])
  })

  test('a kind of election that does not exist fails the request and each of its partitions', async () => {
    expect(await elect([{ topic: 't', partitions: [0] }], 2)).toEqual({
      errorCode: Errors.INVALID_REQUEST,
      results: [['t', '0: 42 Unknown election type 2']],
    })
    expect(await elect([], 2)).toEqual({ errorCode: Errors.NONE, results: [] })
  })
})

describe('reassignments', () => {
  test.each([
    ['to where it is', [1], Errors.NONE],
    ['to an unknown broker', [1, 2], Errors.INVALID_REPLICA_ASSIGNMENT],
    ['to nobody', [], Errors.INVALID_REPLICA_ASSIGNMENT],
    ['twice to one broker', [1, 1], Errors.INVALID_REPLICA_ASSIGNMENT],
    ['nowhere: none is under way', null, Errors.NO_REASSIGNMENT_IN_PROGRESS],
  ])('%s', async (_, replicas, errorCode) => {
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas }] }]
    const { responses } = await client.call(AlterPartitionReassignments, 1, { topics })
    expect(responses[0]?.partitions[0]?.errorCode).toBe(errorCode)
  })

  test('a partition that is not there', async () => {
    const partitions = [{ partitionIndex: 7, replicas: [1] }]
    const { responses } = await client.call(AlterPartitionReassignments, 1, {
      topics: [
        { name: 't', partitions },
        { name: 'no', partitions },
      ],
    })
    expect(responses.map(({ partitions: [one] }) => one?.errorMessage)).toEqual([
      'Unable to find partition t:7.',
      'Unable to find a topic named no.',
    ])
  })

  test('none is ever under way', async () => {
    expect(await client.call(ListPartitionReassignments, 0, {})).toMatchObject({ errorCode: Errors.NONE, topics: [] })
  })
})

describe('log directories', () => {
  const here = async () => (await client.call(DescribeLogDirs, 5, { topics: [] })).results[0]!.logDir

  test('the one directory has the logs with their sizes, and says how much room it has', async () => {
    const { results } = await client.call(DescribeLogDirs, 5, { topics: null })
    const [directory] = results
    expect(results).toHaveLength(1)
    expect(directory?.logDir).toBe(broker.running.directory.path)
    expect(directory?.topics.map(({ name, partitions }) => [name, partitions.map(one => one.partitionSize > 0)])).toEqual([
      ['t', [true, false]],
    ])
    expect(directory?.totalBytes).toBeGreaterThan(directory?.usableBytes ?? 0)
    expect(directory?.usableBytes).toBeGreaterThan(0)
  })

  test('a topic that is named twice is answered once, and what is not there not at all', async () => {
    const topics = ['t', 'no', 't'].map((topic, n) => ({ topic, partitions: [n, 1, 7] }))
    const { min } = describeLogDirs.api.versions
    const { results } = await client.call(DescribeLogDirs, min, { topics })
    expect(results[0]?.topics.map(({ name, partitions }) => [name, partitions.map(one => one.partitionIndex)])).toEqual([
      ['t', [0, 1]],
    ])
  })

  test('a partition can go where it is and nowhere else; the last directory named for it counts', async () => {
    const path = await here()
    const alter = async (...dirs: [string, string, number[]][]) => {
      const asked = dirs.map(([to, name, partitions]) => ({ path: to, topics: [{ name, partitions }] }))
      const { results } = await client.call(AlterReplicaLogDirs, 2, { dirs: asked })
      return results.flatMap(({ topicName, partitions }) =>
        partitions.map(one => `${topicName.slice(0, 5)}-${one.partitionIndex} ${one.errorCode}`),
      )
    }
    expect(await alter([path, 't', [0, 1, 7]])).toEqual(['t-0 0', 't-1 0', 't-7 3'])
    expect(await alter([`${path}/`, 't', [0]])).toEqual(['t-0 57'])
    expect(await alter([path, 't', [0]], ['/other', 't', [0]])).toEqual(['t-0 57'])
    expect(await alter(['/other', 'x'.repeat(214), [0]])).toEqual(['xxxxx-0 17'])
  })
})

describe('DescribeQuorum', () => {
  test('this node leads the metadata and is its only voter', async () => {
    const { topics, nodes } = await client.call(DescribeQuorum, 2, {
      topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
    })
    const [partition] = topics[0]!.partitions
    expect(partition).toMatchObject({ errorCode: Errors.NONE, leaderId: 1, observers: [] })
    expect(partition?.currentVoters).toMatchObject([
      { replicaId: 1, replicaDirectoryId: zeroUuid, logEndOffset: partition?.highWatermark },
    ])
    expect(nodes).toEqual([{ nodeId: 1, listeners: [] }])
  })

  test('a request for anything else beside it gets nothing but errors', async () => {
    const { topics } = await client.call(DescribeQuorum, 0, {
      topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }],
    })
    expect(topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([3, 3])
  })
})

describe('brokers and voters', () => {
  test('the only broker is not unregistered, and no other one is there', async () => {
    expect((await client.call(UnregisterBroker, 0, { brokerId: 1 })).errorCode).toBe(Errors.INVALID_REQUEST)
    expect((await client.call(UnregisterBroker, 0, { brokerId: 2 })).errorCode).toBe(Errors.BROKER_ID_NOT_REGISTERED)
  })

  test('the only controller is not unregistered, and no other one is there', async () => {
    expect(await client.call(UnregisterController, 0, { controllerId: 1 })).toMatchObject({
      errorCode: Errors.INVALID_REQUEST,
      errorMessage: 'Controller cannot unregister itself while it is active.',
    })
    expect(await client.call(UnregisterController, 0, { controllerId: 7 })).toMatchObject({
      errorCode: Errors.CONTROLLER_ID_NOT_REGISTERED,
      errorMessage: 'Controller ID 7 is not currently registered.',
    })
  })

  const voter = { clusterId: null, voterId: 2, voterDirectoryId: directoryId }
  const listeners = [{ name: 'CONTROLLER', host: 'localhost', port: 65_535 }]

  test.each([
    ['another cluster', { clusterId: 'other' }, Errors.INCONSISTENT_CLUSTER_ID],
    ['no voter', { voterId: -1 }, Errors.INVALID_REQUEST],
    ['no directory', { voterDirectoryId: zeroUuid }, Errors.INVALID_REQUEST],
    ['all is right', {}, Errors.UNSUPPORTED_VERSION],
  ])('voters are not changed: %s', async (_, rest, errorCode) => {
    const asked = { ...voter, ...rest }
    expect((await client.call(AddRaftVoter, 1, { ...asked, timeoutMs: 1000, listeners })).errorCode).toBe(errorCode)
    expect((await client.call(RemoveRaftVoter, 0, asked)).errorCode).toBe(errorCode)
  })

  test('a voter to be added listens as controllers do', async () => {
    const other = [{ name: 'OTHER', host: 'h', port: 1 }]
    expect(await client.call(AddRaftVoter, 1, { ...voter, timeoutMs: 1000, listeners: other })).toMatchObject({
      errorCode: Errors.INVALID_REQUEST,
      errorMessage: expect.stringContaining('Endpoints(endpoints={ListenerName(OTHER)=h/<unresolved>:1})'),
    })
  })
})
