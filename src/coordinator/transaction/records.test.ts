import { expect, test } from 'vitest'
import { toHex } from '../../base/bytes.js'
import { decodeRecord, encodeRecord } from './records.js'
import type { Transaction } from './state.js'

const transaction: Transaction = {
  state: 'Ongoing',
  producerId: 5,
  producerEpoch: 3,
  previousProducerId: 5,
  nextProducerId: -1,
  lastProducerEpoch: -1,
  timeoutMs: 60_000,
  partitions: [{ topic: 't', partitionIds: [2, 0] }],
  startMs: 1_000,
  lastUpdateMs: 2_000,
  clientTransactionVersion: 2,
}
const record = { transactionalId: 'tx', value: transaction }

test('a record is what Kafka writes: classic below transaction.version 1, with tagged fields from there', () => {
  const classic = encodeRecord(record, 0)
  expect(toHex(classic.key)).toBe('000000027478')
  const start = '00000000000003e8'
  const update = '00000000000007d0'
  const partitions = '00000001000174000000020000000200000000'
  expect(toHex(classic.value ?? new Uint8Array())).toBe(`00000000000000000005${'0003'}0000ea6001${partitions}${update}${start}`)
  const tagged = encodeRecord(record, 2)
  expect(toHex(tagged.key)).toBe('000000027478')
  const flexible = '0202740300000002' + '0000000000'
  const tags = '02000800000000000000050202' + '0002'
  expect(toHex(tagged.value ?? new Uint8Array())).toBe(
    `00010000000000000005${'0003'}0000ea6001${flexible}${update}${start}${tags}`,
  )
})

test('a record comes back as it was, but for what its version does not hold', () => {
  expect(decodeRecord(encodeRecord(record, 1))).toEqual(record)
  expect(decodeRecord(encodeRecord(record, 0))).toEqual({
    ...record,
    value: { ...transaction, previousProducerId: -1, clientTransactionVersion: 0 },
  })
  expect(decodeRecord(encodeRecord({ transactionalId: 'tx', value: null }, 2))).toEqual({ transactionalId: 'tx', value: null })
})

test('an Empty transaction has null for its partitions, any other a list', () => {
  const emptied: Transaction = { ...transaction, partitions: [] }
  const hexIn = (state: Transaction['state']) =>
    toHex(encodeRecord({ transactionalId: 'tx', value: { ...emptied, state } }, 0).value ?? new Uint8Array())
  expect(hexIn('Empty')).toContain('0000ea6000ffffffff')
  expect(hexIn('CompleteAbort')).toContain('0000ea600500000000')
})

test('a type, a version or a state that is not known is left alone', () => {
  const { key, value } = encodeRecord(record, 2)
  expect(decodeRecord({ key: Uint8Array.from(key).fill(1, 1, 2), value })).toBeNull()
  expect(decodeRecord({ key, value: Uint8Array.from(value ?? []).fill(2, 1, 2) })).toBeNull()
  const statusAt = 2 + 8 + 2 + 4
  for (const status of [6, 7]) {
    expect(decodeRecord({ key, value: Uint8Array.from(value ?? []).fill(status, statusAt, statusAt + 1) })).toBeNull()
  }
})
