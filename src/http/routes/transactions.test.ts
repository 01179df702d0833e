import { expect, it } from 'vitest'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { AddPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { Produce } from '../../protocol/messages/produce.js'
import { httpBroker } from '../http.test-support.js'

async function withOpenTransaction() {
  const broker = await httpBroker()
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  await client.createTopic('t')
  const { producerId, producerEpoch } = await client.call(InitProducerId, 4, {
    transactionalId: 'x',
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: -1,
  })
  const identity = { v3AndBelowTransactionalId: 'x', v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch }
  await client.call(AddPartitionsToTxn, 3, { ...identity, v3AndBelowTopics: [{ name: 't', partitions: [0] }] })
  const records = batchOf(['a'], { producerId, producerEpoch, baseSequence: 0, isTransactional: true })
  const request = {
    transactionalId: 'x',
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
  }
  const { responses } = await client.call(Produce, 9, request)
  expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
  return {
    broker,
    producerId,
    async [Symbol.asyncDispose]() {
      client.close()
      await broker[Symbol.asyncDispose]()
    },
  }
}

const stable = async ({ broker }: Awaited<ReturnType<typeof withOpenTransaction>>) => {
  const { partitions } = await broker.json<{ partitions: { lastStableOffset: number; endOffset: number }[] }>('/api/v1/topics/t')
  return [partitions[0]!.lastStableOffset, partitions[0]!.endOffset]
}

it('an open transaction is seen where it is, holds readers up, and is aborted by its id', async () => {
  await using at = await withOpenTransaction()
  const { broker, producerId } = at
  expect(await broker.json('/api/v1/transactions')).toMatchObject({
    rows: [{ transactionalId: 'x', producerId, state: 'Ongoing' }],
    total: 1,
  })
  expect(await broker.json('/api/v1/transactions?state=Empty')).toMatchObject({ rows: [] })
  expect(await broker.json('/api/v1/transactions/x')).toMatchObject({
    transactionalId: 'x',
    producerId,
    state: 'Ongoing',
    timeoutMs: 60_000,
    topics: [{ topic: 't', partitions: [0] }],
    startedMs: expect.any(Number),
  })
  const held = { topic: 't', partition: 0, lastStableOffset: 0, endOffset: 1, heldBack: 1, producerId, openSinceOffset: 0 }
  expect(await broker.json('/api/v1/open-transactions')).toMatchObject({
    rows: [{ ...held, transactionalId: 'x', timeoutMs: 60_000, openForMs: expect.any(Number) }],
  })
  expect(await broker.json('/api/v1/open-transactions?search=other')).toMatchObject({ rows: [], total: 0 })
  const { producers } = await broker.json<{ producers: unknown[] }>('/api/v1/topics/t/producers')
  expect(producers).toMatchObject([{ partition: 0, producerId, openSinceOffset: 0, lastSequence: 0 }])
  expect(await stable(at)).toEqual([0, 1])
  const browsed = async (isolation: string) =>
    (await broker.json<{ records: { isTransactional: boolean }[] }>(`/api/v1/topics/t/records?isolation=${isolation}`)).records
  expect(await browsed('read_committed')).toEqual([])
  expect(await browsed('read_uncommitted')).toMatchObject([{ isTransactional: true, producerId }])

  expect((await broker.ask('/api/v1/transactions/x/abort', { body: {} })).status).toBe(204)
  expect(await broker.json('/api/v1/open-transactions')).toMatchObject({ rows: [] })
  expect(await stable(at)).toEqual([2, 2])
  expect(await browsed('read_committed')).toEqual([])
  expect(await browsed('read_uncommitted')).toHaveLength(1)
  expect((await broker.ask('/api/v1/transactions/x/abort', { body: {} })).status).toBe(409)
  expect((await broker.ask('/api/v1/transactions/none')).status).toBe(404)
})

it('one that hangs is aborted on its partition', async () => {
  await using at = await withOpenTransaction()
  const { broker, producerId } = at
  const abort = (body: unknown) => broker.ask('/api/v1/topics/t/producers/abort', { body })
  expect((await abort({ partition: 0, producerId: producerId + 1 })).status).toBe(409)
  expect((await abort({ partition: 0, producerId })).status).toBe(204)
  expect(await stable(at)).toEqual([2, 2])
  expect((await abort({ partition: 0, producerId })).status).toBe(409)
})
