import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MutableQuotas } from './quota-image.js'
import type { QuotaTable } from './quota-table.js'

type Entity = Readonly<Record<string, string | null>>

function tableOf(limits: readonly (readonly [Entity, number])[]): QuotaTable {
  const quotas = new MutableQuotas()
  for (const [entity, value] of limits) {
    const parts = Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }))
    quotas.apply({ kind: 'clientQuota', entity: parts, key: 'producer_byte_rate', value, remove: false })
  }
  return quotas.limitsOf('producer_byte_rate')
}
const limitOf = (table: QuotaTable, user: string, clientId: string) => table.limitOf(table.holderOf(user, clientId))

/** Kafka's order, the strongest first. */
const inOrder: readonly Entity[] = [
  { user: 'u', 'client-id': 'c' },
  { user: 'u', 'client-id': null },
  { user: 'u' },
  { user: null, 'client-id': 'c' },
  { user: null, 'client-id': null },
  { user: null },
  { 'client-id': 'c' },
  { 'client-id': null },
]

describe('the quota of a client', () => {
  test('is the first that is set, in the order from its pair to the default client', () => {
    fc.assert(
      fc.property(fc.subarray(inOrder.map((entity, at) => [entity, at + 1] as const)), limits => {
        expect(limitOf(tableOf(limits), 'u', 'c')).toBe(limits[0]?.[1] ?? Number.POSITIVE_INFINITY)
      }),
    )
  })
  test('of a user is one for all its clients, the default one for each user', () => {
    const own = tableOf([
      [{ user: 'u' }, 5],
      [{ 'client-id': 'x' }, 9],
    ])
    expect(own.holderOf('u', 'a')).toEqual(own.holderOf('u', 'b'))
    const byDefault = tableOf([[{ user: null }, 5]])
    expect(byDefault.holderOf('u', 'a')).toEqual(byDefault.holderOf('u', 'b'))
    expect(byDefault.holderOf('u', 'a')).not.toEqual(byDefault.holderOf('v', 'a'))
  })
  test('of a client id is one for all users; of a pair it is its own', () => {
    const client = tableOf([[{ 'client-id': 'c' }, 5]])
    expect(client.holderOf('u', 'c')).toEqual(client.holderOf('v', 'c'))
    const pairs = tableOf([[{ user: 'u', 'client-id': null }, 5]])
    expect(pairs.holderOf('u', 'a')).not.toEqual(pairs.holderOf('u', 'b'))
    expect([limitOf(pairs, 'u', 'a'), limitOf(pairs, 'v', 'a')]).toEqual([5, Number.POSITIVE_INFINITY])
  })
  test('of an address or of another key is none', () => {
    expect(tableOf([[{ ip: 'a' }, 5]]).isEmpty).toBe(true)
  })
})
