import { expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { MemoryLog, noTopics } from '../../testing/memory-log.js'
import { transactionConfigDefaults } from './config.js'
import { createTransactionCoordinator, type MarkersToWrite, type TransactionCoordinator } from './service.js'

const ignored = (): void => {}
const report = { unknownRecord: ignored, shardDropped: ignored, shardUnavailable: ignored }
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function scene(newProducerId: () => Promise<number> = counter()) {
  const world = fakeWorld()
  const log = new MemoryLog()
  const sent: MarkersToWrite[] = []
  const send = async (markers: MarkersToWrite): Promise<boolean> => sent.push(markers) > 0
  const config = () => transactionConfigDefaults
  const start = (): TransactionCoordinator => {
    const started = createTransactionCoordinator({ world, log, topics: noTopics, config, newProducerId, send, report })
    void started.start()
    return started
  }
  const transactions = start()
  const restart = (): TransactionCoordinator => {
    transactions.stop()
    return start()
  }
  return { world, log, sent, transactions, restart }
}

function counter(): () => Promise<number> {
  let next = 1000
  return async () => next++
}

const transactionalId = 'tx'
const newcomer = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
const added = { transactionalId, producerId: 1000, producerEpoch: 0, topics: [{ name: 't', partitions: [0, 2] }] }
const commit = { transactionalId, producerId: 1000, producerEpoch: 0, committed: true }

test('the markers of a transaction carry the leader epoch of its partition of __transaction_state', async () => {
  const { transactions, sent, log } = scene()
  log.epoch = 7
  await transactions.initProducerId(newcomer, { version: 5 })
  expect(await transactions.addPartitions(added, { version: 3, api: 'AddPartitionsToTxn' })).toBe(Errors.NONE)
  await transactions.endTxn(commit, { version: 4 })
  expect(sent).toEqual([
    {
      type: 'write-markers',
      partitions: [
        { topic: 't', partition: 0 },
        { topic: 't', partition: 2 },
      ],
      marker: { producer: { producerId: 1000, producerEpoch: 0 }, isCommit: true, coordinatorEpoch: 7 },
      transactionVersion: 0,
    },
  ])
})

test('instances that ask at once get a producer id each, one by one', async () => {
  const { transactions } = scene()
  const ids = ['a', 'b', 'c', 'd'].map(async id => {
    const { producerId } = await transactions.initProducerId({ ...newcomer, transactionalId: id }, { version: 5 })
    return producerId
  })
  expect((await Promise.all(ids)).sort()).toEqual([1000, 1001, 1002, 1003])
})

test('who needs a producer id when none is to be had is told to come again; who needs none notices nothing', async () => {
  let isThere = true
  const next = counter()
  const { transactions } = scene(() => (isThere ? next() : Promise.reject(new Error('the disk is full'))))
  await transactions.initProducerId(newcomer, { version: 5 })
  isThere = false
  expect(await transactions.initProducerId(newcomer, { version: 5 })).toMatchObject({ producerId: 1000, producerEpoch: 1 })
  const other = { ...newcomer, transactionalId: 'other' }
  const refused = await transactions.initProducerId(other, { version: 5 })
  expect(refused).toMatchObject({ errorCode: Errors.COORDINATOR_LOAD_IN_PROGRESS, producerEpoch: -1 })
  isThere = true
  expect(await transactions.initProducerId(other, { version: 5 })).toMatchObject({ producerId: 1001, producerEpoch: 0 })
})

test('a marker that somebody wrote to __transaction_state says nothing', async () => {
  const { transactions, log, restart } = scene()
  await transactions.initProducerId(newcomer, { version: 5 })
  const producer = { producerId: 1000, producerEpoch: 0 }
  log.appendMarker(transactions.partitionOf(transactionalId), { producer, isCommit: true, coordinatorEpoch: 0 })
  const again = restart()
  expect(await again.initProducerId(newcomer, { version: 5 })).toMatchObject({ producerId: 1000, producerEpoch: 1 })
})

test('after stop every API says in its own way that the coordinator is gone', async () => {
  const { transactions, world } = scene()
  transactions.stop()
  const gone = Errors.COORDINATOR_NOT_AVAILABLE
  expect(await transactions.initProducerId(newcomer, { version: 5 })).toMatchObject({ errorCode: gone, producerEpoch: -1 })
  expect(await transactions.addPartitions(added, { version: 3, api: 'AddPartitionsToTxn' })).toBe(gone)
  expect(await transactions.verifyPartitions(added, { version: 5 })).toBe(gone)
  expect(await transactions.endTxn(commit, { version: 5 })).toMatchObject({ errorCode: gone })
  expect(await transactions.describe('tx')).toMatchObject({ errorCode: gone, transactionalId: 'tx' })
  const filters = { stateFilters: [], producerIdFilters: [], durationFilter: -1 }
  expect(await transactions.list(filters)).toEqual({ errorCode: gone, transactionStates: [] })
  await settled()
  expect(world.pendingTimers).toBe(0)
})
