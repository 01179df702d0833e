import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Errors, isRefusal } from '../protocol/errors.js'
import { encodeMetadataRecord } from '../protocol/state/metadata.js'
import { MutableImage } from './image.js'
import { alterQuotas, findQuotas, type QuotaAlteration, quotaEntitiesMax } from './quota-controller.js'
import { quotaEntityOf } from './quota-image.js'
import { ImageReplay } from './replay.js'

const entity = (parts: Readonly<Record<string, string | null>>) =>
  quotaEntityOf(Object.entries(parts).map(([entityType, entityName]) => ({ entityType, entityName })))
const set = (
  parts: Readonly<Record<string, string | null>>,
  values: Readonly<Record<string, number | null>>,
): QuotaAlteration => ({
  entity: entity(parts),
  ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
})

/** What was decided is written, and read again. */
function imageAfter(...requests: readonly (readonly QuotaAlteration[])[]): MutableImage {
  const replay = new ImageReplay(new MutableImage())
  for (const request of requests) {
    const { records } = alterQuotas(replay.image.quotas, request, () => true)
    for (const record of records) replay.see(encodeMetadataRecord(record))
  }
  return replay.image
}
function shown({ quotas }: MutableImage) {
  const found = findQuotas(quotas, [], false)
  if (isRefusal(found)) return found
  return Array.from(found, one => [Object.fromEntries(one.entity), Object.fromEntries(one.values)])
}
const messagesOf = (alterations: readonly QuotaAlteration[], image = new MutableImage()) =>
  alterQuotas(image.quotas, alterations, name => name !== 'nowhere').result.map(({ refusal }) => refusal?.message ?? null)

describe('quotas of clients', () => {
  test('are there when their records are applied, and gone with the last of them', () => {
    const pair = { user: 'u', 'client-id': null }
    expect(shown(imageAfter([set(pair, { producer_byte_rate: 1000, request_percentage: 2.5 })]))).toEqual([
      [pair, { producer_byte_rate: 1000, request_percentage: 2.5 }],
    ])
    expect(shown(imageAfter([set(pair, { producer_byte_rate: 1000 })], [set(pair, { producer_byte_rate: null })]))).toEqual([])
  })
  test('write nothing when nothing changes', () => {
    const image = imageAfter([set({ user: 'u' }, { producer_byte_rate: 5 })])
    const same = [set({ user: 'u' }, { producer_byte_rate: 5, consumer_byte_rate: null })]
    expect(alterQuotas(image.quotas, same, () => true).records).toEqual([])
  })
  test('of one entity that are wrong leave the others alone', () => {
    const request = [set({ user: 'u' }, { producer_byte_rate: 5, nonsense: 1 }), set({ user: 'v' }, { producer_byte_rate: 6 })]
    expect(messagesOf(request)).toEqual(['Invalid configuration key nonsense', null])
    expect(shown(imageAfter(request))).toEqual([[{ user: 'v' }, { producer_byte_rate: 6 }]])
  })
  test('of an entity that is mentioned twice count as they were first said, and the client is told', () => {
    const request = [set({ user: 'u' }, { producer_byte_rate: 5 }), set({ user: 'u' }, { producer_byte_rate: 6 })]
    expect(messagesOf(request)).toEqual(['Ignoring duplicate entity ClientQuotaEntity(entries={user=u})'])
    expect(shown(imageAfter(request))).toEqual([[{ user: 'u' }, { producer_byte_rate: 5 }]])
  })
  test.each([
    [{}, { producer_byte_rate: 5 }, 'Invalid empty client quota entity'],
    [{ topic: 't' }, { producer_byte_rate: 5 }, 'Unhandled client quota entity type: topic'],
    [{ user: '' }, { producer_byte_rate: 5 }, 'Empty user not supported'],
    [{ ip: 'nowhere' }, { connection_creation_rate: 5 }, 'nowhere is not a valid IP or resolvable host.'],
    [{ ip: null }, { producer_byte_rate: 5 }, 'Invalid configuration key producer_byte_rate'],
    [{ user: 'u' }, { connection_creation_rate: 5 }, 'Invalid configuration key connection_creation_rate'],
    [{ user: 'u' }, { toString: 5 }, 'Invalid configuration key toString'],
    [{ user: 'u' }, { producer_byte_rate: 0 }, 'Quota producer_byte_rate must be greater than 0'],
    [{ user: 'u' }, { request_percentage: Number.NaN }, 'Quota request_percentage must be a finite number'],
    [{ user: 'u' }, { consumer_byte_rate: 1.5 }, 'consumer_byte_rate cannot be a fractional value.'],
    [{ user: 'u' }, { consumer_byte_rate: 1e19 }, 'Proposed value for consumer_byte_rate is too large for a LONG.'],
    [{ ip: null }, { connection_creation_rate: 2 ** 31 }, 'Proposed value for connection_creation_rate is too large for an INT.'],
  ])('%o with %o is refused: %s', (parts, values, message) => {
    expect(messagesOf([set(parts, values)])).toEqual([message])
  })
  test('are those of a bounded number of entities', () => {
    const users = Array.from({ length: quotaEntitiesMax + 1 }, (_, n) => set({ user: `u${n}` }, { producer_byte_rate: 1 }))
    const { records, result } = alterQuotas(new MutableImage().quotas, users, () => true)
    expect([records.length, result.at(-1)?.refusal?.errorCode]).toEqual([quotaEntitiesMax, Errors.POLICY_VIOLATION])
  })
  test('an address stands alone', () => {
    expect(messagesOf([set({ user: 'u', ip: '127.0.0.1' }, { producer_byte_rate: 5 })])).toEqual([
      'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId',
    ])
  })
  test('whatever is decided survives its record', () => {
    const name = fc.option(fc.string({ unit: 'binary', minLength: 1 }), { nil: null })
    const value = fc.double({ min: 1e-300, max: 1e300, noNaN: true })
    fc.assert(
      fc.property(name, name, value, (user, clientId, percentage) => {
        const parts = { 'client-id': clientId, user }
        const image = imageAfter([set(parts, { request_percentage: percentage })])
        expect(shown(image)).toEqual([[parts, { request_percentage: percentage }]])
      }),
    )
  })
})

describe('a filter', () => {
  const { quotas } = imageAfter([
    ...[{ user: 'u' }, { user: null }, { user: 'u', 'client-id': 'c' }, { 'client-id': 'c' }, { ip: null }].map(parts =>
      set(parts, 'ip' in parts ? { connection_creation_rate: 1 } : { producer_byte_rate: 1 }),
    ),
  ])
  const found = (components: readonly (readonly [string, number, (string | null)?])[], isStrict = false) => {
    const filters = components.map(([entityType, matchType, match = null]) => ({ entityType, matchType, match }))
    const result = findQuotas(quotas, filters, isStrict)
    return isRefusal(result) ? result : Array.from(result, one => Object.fromEntries(one.entity))
  }
  test('finds what has all its components, and with more only when it is not strict', () => {
    expect(found([['user', 0, 'u']])).toEqual([{ user: 'u' }, { user: 'u', 'client-id': 'c' }])
    expect(found([['user', 0, 'u']], true)).toEqual([{ user: 'u' }])
    expect(found([['user', 1]])).toEqual([{ user: null }])
    expect(found([['client-id', 2]])).toEqual([{ user: 'u', 'client-id': 'c' }, { 'client-id': 'c' }])
  })
  test('without components finds everything, or nothing when it is strict', () => {
    expect(found([])).toHaveLength(5)
    expect(found([], true)).toEqual([])
  })
  test('of an unknown type is another error than one that makes no sense', () => {
    expect(found([['topic', 2]])).toMatchObject({ errorCode: Errors.UNSUPPORTED_VERSION })
    expect(found([['user', 0]])).toMatchObject({ errorCode: Errors.INVALID_REQUEST })
    expect(
      found([
        ['ip', 2],
        ['user', 2],
      ]),
    ).toMatchObject({ errorCode: Errors.INVALID_REQUEST })
  })
})
