/** The listener of a controller: what tools ask with --bootstrap-controller, about the same node. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../base/log.js'
import { realWorld } from '../base/world.js'
import { controllerHandlers } from '../broker/table.js'
import { TestClient } from '../broker/test-client.test-support.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { Errors } from '../protocol/errors.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DescribeCluster } from '../protocol/messages/describe-cluster.js'
import { DescribeQuorum } from '../protocol/messages/describe-quorum.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { type RunningBroker, startBroker } from './broker.js'

const hello = { clientSoftwareName: 'c', clientSoftwareVersion: '1' }

let broker: RunningBroker
beforeAll(async () => {
  const { config } = resolveBrokerConfig([
    optionsLayer({
      listeners: 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0',
      'controller.listener.names': 'CONTROLLER',
      'node.id': '1',
    }),
  ])
  const rest = { world: realWorld, log: silentLog, isEphemeral: true, unref: false, onFatal() {} }
  broker = await startBroker({ config, ...rest })
})
afterAll(() => broker.stop(0))

async function clients() {
  const [own] = broker.controllerListeners
  const port = own?.port as number
  return { port, controller: await TestClient.connect(port), client: await TestClient.connect(broker.listeners[0]!.port) }
}

test('it serves the APIs of Kafka’s controllers; any other one closes the connection', async () => {
  const { controller } = await clients()
  const { apiKeys } = await controller.call(ApiVersions, 4, hello)
  expect(apiKeys.map(({ apiKey }) => apiKey)).toEqual(controllerHandlers.map(({ api }) => api.key))
  expect(apiKeys.map(({ apiKey }) => apiKey)).not.toContain(Metadata.key)
  await expect(controller.call(Metadata, 12, { topics: [] })).rejects.toThrow('closed the connection')
})

test('each kind of listener tells of its own kind alone, and where the client came in', async () => {
  const { port, controller, client } = await clients()
  const ask = (by: TestClient, endpointType: number) =>
    by.call(DescribeCluster, 1, { endpointType, includeClusterAuthorizedOperations: false })
  expect(await ask(controller, 2)).toMatchObject({
    ...{ errorCode: Errors.NONE, endpointType: 2, controllerId: 1 },
    brokers: [{ brokerId: 1, host: '127.0.0.1', port }],
  })
  expect((await ask(controller, 1)).errorMessage).toBe(
    'The request was sent to an endpoint of type CONTROLLER, but we wanted an endpoint of type BROKER',
  )
  expect((await ask(client, 2)).errorCode).toBe(Errors.MISMATCHED_ENDPOINT_TYPE)
  expect((await ask(controller, 3)).errorCode).toBe(Errors.UNSUPPORTED_ENDPOINT_TYPE)
  // Who knows of no types of endpoints gets a code that it knows.
  expect((await controller.call(DescribeCluster, 0, { includeClusterAuthorizedOperations: false })).errorCode).toBe(
    Errors.INVALID_REQUEST,
  )
})

test('the quorum is told where it listens, to both kinds of clients', async () => {
  const { port, controller, client } = await clients()
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
  for (const by of [controller, client]) {
    const { nodes } = await by.call(DescribeQuorum, 2, { topics })
    expect(nodes).toEqual([{ nodeId: 1, listeners: [{ name: 'CONTROLLER', host: '127.0.0.1', port }] }])
  }
})

test('what is done there is done to the one node', async () => {
  const { controller, client } = await clients()
  await controller.call(CreateTopics, 7, {
    topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  })
  expect((await client.call(Metadata, 12, { topics: null })).topics.map(({ name }) => name)).toEqual(['t'])
})
