import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { encode } from '../protocol/codec.js'
import { isRefusal } from '../protocol/errors.js'
import { buildBatch } from '../protocol/records/build.js'
import { TransactionLogKey, TransactionLogValue } from '../protocol/state/transaction.js'
import { Writer } from '../protocol/wire.js'
import { nodeFiles } from '../storage/files.js'
import { append, batchOf, copyFolder, openTest, topicId } from '../storage/test-kit.test-support.js'
import { dump } from './dump.js'
import { verifyDirectory } from './verify-directory.js'

/** Producer 1 aborts, 2 commits, 3 aborts in a later segment, 4 stays open. */
async function withTransactions() {
  const { directory, path: folder } = await openTest({ config: { segmentBytes: 900 } })
  const partition = directory.createPartition('t', 0, topicId)
  const write = (producerId: number) => {
    const batch = batchOf('x', { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true, valueBytes: 90 })
    append(partition, batch, { kind: 'client', apiVersion: 11, guard: 'unverified' })
  }
  const end = (producerId: number, isCommit: boolean) => {
    const marker = { producer: { producerId, producerEpoch: 0 }, isCommit, coordinatorEpoch: 7 }
    if (isRefusal(partition.appendMarker(marker, 0))) throw new Error('refused')
  }
  for (const producerId of [1, 2, 3]) write(producerId)
  end(1, false)
  end(2, true)
  for (let n = 0; n < 4; n++) append(partition, batchOf(`n${n}`, { valueBytes: 200 }))
  write(4)
  end(3, false)
  return { directory, folder }
}

const told = (folder: string, severity = 'damage') =>
  verifyDirectory(nodeFiles, folder)
    .findings.list.filter(finding => finding.severity === severity && finding.path.startsWith('t-0'))
    .map(({ path: file, message }) => `${file.replace(/0{15,}/, '')}: ${message}`)

const indexes = (folder: string) => {
  const names = fs.readdirSync(path.join(folder, 't-0')).filter(name => name.endsWith('.txnindex'))
  return names.sort().map(name => path.join(folder, 't-0', name))
}

test('verify finds nothing wrong with what was aborted, and tells what is open', async () => {
  const { directory, folder } = await withTransactions()
  expect(told(copyFolder(folder))).toEqual([])
  await directory.close()
  expect(told(folder)).toEqual([])
  expect(told(folder, 'note')).toContain('t-0: a transaction of producer 4 is open since offset 9')
  expect(indexes(folder)).toHaveLength(2)
})

test.each([
  ['is missing', (file: string) => fs.rmSync(file), /the transaction of producer 1 from offset 0 on, aborted at 3, is missing/],
  ['has bytes too many', (file: string) => fs.appendFileSync(file, 'x'), /1 bytes that are not an entry/],
  [
    'names a transaction that there is not',
    (file: string) => fs.appendFileSync(file, Buffer.alloc(34)),
    /entry 1: no transaction of producer 0 is aborted at offset 0/,
  ],
  [
    'has a wrong last stable offset',
    (file: string) => {
      const bytes = fs.readFileSync(file)
      bytes.writeBigInt64BE(4n, 26)
      fs.writeFileSync(file, bytes)
    },
    /producer 1 from offset 0 on, aborted at 3, is said to begin at 0, stable up to 4/,
  ],
])('verify finds a transaction index that %s', async (_, harm, expected) => {
  const { directory, folder } = await withTransactions()
  await directory.close()
  harm(indexes(folder)[0]!)
  expect(told(folder).join('\n')).toMatch(expected)
})

test('dump shows transaction indexes and the ends of transactions', async () => {
  const { directory, folder } = await withTransactions()
  await directory.close()
  const lines = [...dump(nodeFiles, indexes(folder)[0]!, { records: true })]
  expect(lines).toEqual(['t-0/00000000000000000000.txnindex', '  producer 1 aborted offsets 0-3 last stable offset 1'])
  const records = [...dump(nodeFiles, path.join(folder, 't-0'), { records: true })].join('\n')
  expect(records).toContain('\n    3 abort, coordinator epoch 7')
  expect(records).toContain('\n    4 commit, coordinator epoch 7')
})

test('dump shows where transactional ids stand', async () => {
  const { directory, path: folder } = await openTest()
  const partition = directory.createPartition('__transaction_state', 0, topicId)
  const [key, value] = [new Writer(), new Writer()]
  key.int16(0)
  encode(TransactionLogKey, 0, key, { transactionalId: 'payments' })
  value.int16(1)
  const identity = { producerId: 7, producerEpoch: 3, transactionTimeoutMs: 60_000, transactionStatus: 1 }
  const transactionPartitions = [{ topic: 't', partitionIds: [0, 2] }]
  const times = { transactionLastUpdateTimestampMs: 5, transactionStartTimestampMs: 4 }
  encode(TransactionLogValue, 1, value, { ...identity, transactionPartitions, ...times })
  append(partition, buildBatch([{ key: key.finish(), value: value.finish(), timestampMs: 5 }]))
  await directory.close()
  const lines = [...dump(nodeFiles, path.join(folder, '__transaction_state-0'), { records: true })].join('\n')
  expect(lines).toContain('key {"transactionalId":"payments"} value {"producerId":7,')
  expect(lines).toContain('"transactionPartitions":[{"topic":"t","partitionIds":[0,2]}]')
  expect(told(folder)).toEqual([])
})
