import { describe, expect, it } from 'vitest'
import type { RecordJson } from '../../api/types.js'
import { emptyRecord, enteredFrom, inputOf, problemOf } from './record-input.js'

const field = (encoding: 'utf8' | 'base64', data: string) => ({ encoding, data, bytes: 1, isTruncated: false, schemaId: null })
const record: RecordJson = {
  partition: 3,
  offset: 7,
  timestampMs: 1,
  timestampType: 'CreateTime',
  key: field('base64', 'AP8='),
  value: null,
  headers: [{ key: 'h', value: field('utf8', '<b>') }],
  producerId: null,
  isTransactional: false,
  compression: 'none',
}

describe('a record that is entered', () => {
  it('has no key when none is entered, and an empty value', () => {
    expect(inputOf(emptyRecord)).toEqual({ key: null, value: '', headers: [] })
  })

  it('goes to the partition that is named', () => {
    expect(inputOf({ ...emptyRecord, partition: '0' })).toMatchObject({ partition: 0 })
  })

  it('is replayed with the same bytes, a tombstone as one, and lets its key choose the partition', () => {
    expect(inputOf(enteredFrom(record))).toEqual({ key: { base64: 'AP8=' }, value: null, headers: [{ key: 'h', value: '<b>' }] })
  })

  it('is not sent with a partition or base64 that is none', () => {
    expect(problemOf(emptyRecord)).toBeNull()
    expect(problemOf(enteredFrom(record))).toBeNull()
    expect(problemOf({ ...emptyRecord, partition: '-1' })).toContain('partition')
    expect(problemOf({ ...emptyRecord, value: { kind: 'base64', text: 'AP8' } })).toContain('base64')
  })
})
