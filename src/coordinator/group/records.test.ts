import { expect, test } from 'vitest'
import { fromHex, toHex, utf8Encode } from '../../base/bytes.js'
import { MalformedError } from '../../protocol/wire.js'
import { decodeRecord, encodeRecord } from './records.js'
import type { GroupRecord } from './state.js'

// Bytes written by hand from Kafka's schemas (OffsetCommitKey/Value, GroupMetadataKey/Value), not by our encoder.
const hex = (...parts: string[]): string => parts.join('').replaceAll(' ', '')
const text = (value: string): string => `${value.length.toString(16).padStart(4, '0')}${toHex(utf8Encode(value))}`
const int64 = (value: number): string => value.toString(16).padStart(16, '0')
const shown = (record: GroupRecord) => {
  const { key, value } = encodeRecord(record)
  return {
    key: toHex(key),
    value: value === null ? null : toHex(value),
  }
}

const offsetKey = hex('0001', text('group'), text('topic'), '00000007')
const offset = { offset: 258, leaderEpoch: 5, metadata: 'm', commitTimestampMs: 1_700_000_000_000, expireTimestampMs: -1 }
const record: GroupRecord = { type: 'offset', groupId: 'group', topic: 'topic', partition: 7, value: offset }

test('an offset is written with key 1 and value 3', () => {
  const value = hex('0003', int64(258), '00000005', text('m'), int64(1_700_000_000_000))
  expect(shown(record)).toEqual({ key: offsetKey, value })
  expect(decodeRecord({ key: fromHex(offsetKey), value: fromHex(value) })).toEqual(record)
})

test('an offset with an expiry of its own is written with value 1, which has no leader epoch', () => {
  const expiring = { ...offset, leaderEpoch: -1, expireTimestampMs: 1_700_000_009_999 }
  const value = hex('0001', int64(258), text('m'), int64(1_700_000_000_000), int64(1_700_000_009_999))
  expect(shown({ ...record, value: expiring })).toEqual({ key: offsetKey, value })
  expect(decodeRecord({ key: fromHex(offsetKey), value: fromHex(value) })).toEqual({ ...record, value: expiring })
})

test('a group is written with key 2 and value 3', () => {
  const member = {
    memberId: 'a-1',
    groupInstanceId: null,
    clientId: 'a',
    clientHost: '/127.0.0.1',
    rebalanceTimeout: 60_000,
    sessionTimeout: 10_000,
    subscription: fromHex('0102'),
    assignment: fromHex(''),
  }
  const group: GroupRecord = {
    type: 'group',
    groupId: 'group',
    value: {
      protocolType: 'consumer',
      generation: 3,
      protocol: 'range',
      leader: 'a-1',
      currentStateTimestamp: 1_700_000_000_000,
      members: [member],
    },
  }
  const names = hex(text('a-1'), 'ffff', text('a'), text('/127.0.0.1'))
  const value = hex(
    '0003',
    text('consumer'),
    '00000003',
    text('range'),
    text('a-1'),
    int64(1_700_000_000_000),
    '00000001',
    names,
    '0000ea60',
    '00002710',
    '00000002 0102',
    '00000000',
  )
  const key = hex('0002', text('group'))
  expect(shown(group)).toEqual({ key, value })
  expect(shown(decodeRecord({ key: fromHex(key), value: fromHex(value) }) as GroupRecord)).toEqual({ key, value })
  expect(shown({ ...group, value: null })).toEqual({ key, value: null })
})

test('what older and newer Kafkas wrote is read', () => {
  const old = hex('0000', int64(258), text('m'), int64(1_700_000_000_000))
  const value = { ...offset, leaderEpoch: -1 }
  expect(decodeRecord({ key: fromHex(offsetKey), value: fromHex(old) })).toEqual({ ...record, value })
  // v4 is flexible, and has the topic id as tag 0.
  const tagged = hex('01 00 10', '11'.repeat(16))
  const flexible = hex('0004', int64(258), '00000005', '02 6d', int64(1_700_000_000_000), tagged)
  expect(decodeRecord({ key: fromHex(offsetKey), value: fromHex(flexible) })).toEqual(record)
})

test('other types and versions are none of ours, and broken bytes are told apart from them', () => {
  expect(decodeRecord({ key: fromHex('000b00 01 67'), value: null })).toBeNull()
  expect(decodeRecord({ key: fromHex(offsetKey), value: fromHex('0009') })).toBeNull()
  expect(() => decodeRecord({ key: fromHex('0001 00'), value: null })).toThrow(MalformedError)
  expect(() => decodeRecord({ key: fromHex(offsetKey), value: fromHex('000300') })).toThrow(MalformedError)
})

test('a member of a consumer group is read as Kafka 4.4 writes it, and written as it reads it', () => {
  const key = hex('0005', text('gdir1'), text('m1'))
  const rest = hex(
    '00 07',
    toHex(utf8Encode('oracle')),
    '0b',
    toHex(utf8Encode('/127.0.0.1')),
    '02 06',
    toHex(utf8Encode('tdir1')),
  )
  // Behind the tag of what is said of a classic member stands 0 for none, and 1 in front of one.
  const consumer = hex('0000', '03', toHex(utf8Encode('i1')), rest, '01 00007530 00', '01 00 01 00')
  const classic = hex(
    '0000',
    '00',
    rest,
    '01 00007530 00',
    '01 00 11 01 00002710 02 06',
    toHex(utf8Encode('range')),
    '03 0001 00 00',
  )
  const members = [consumer, classic].map(value => decodeRecord({ key: fromHex(key), value: fromHex(value) }))
  expect(members).toMatchObject([
    {
      type: 'consumer-member',
      key: { groupId: 'gdir1', memberId: 'm1' },
      value: { instanceId: 'i1', classicMemberMetadata: null },
    },
    { value: { instanceId: null, classicMemberMetadata: { sessionTimeoutMs: 10_000, supportedProtocols: [{ name: 'range' }] } } },
  ])
  expect(shown(members[1] as GroupRecord)).toEqual({ key, value: classic })
  expect(shown(members[0] as GroupRecord)).toEqual({ key, value: consumer })
})
