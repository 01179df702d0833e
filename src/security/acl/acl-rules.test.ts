import { expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { aclRefusal, isDefinite } from './acl-rules.js'

const good = {
  ...{ resourceType: 2, resourceName: 't', patternType: 3, principal: 'User:a', host: '*', operation: 3, permissionType: 3 },
}

test('what can be an entry', () => {
  expect(aclRefusal(good)).toBeNull()
  for (const host of ['10.0.0.0/8', '::1/64', 'no address']) expect(aclRefusal({ ...good, host })).toBeNull()
  expect(aclRefusal({ ...good, principal: ':a' })).toBeNull()
  expect(aclRefusal({ ...good, resourceType: 4, resourceName: 'kafka-cluster', patternType: 4 })).toBeNull()
})

test.each<[object, string]>([
  [{ resourceType: 4 }, 'The only valid name for the CLUSTER resource is kafka-cluster'],
  [{ resourceName: '' }, 'Invalid empty resource name'],
  [
    { principal: 'a' },
    'Could not parse principal from `a` (no colon is present separating the principal type from the principal name)',
  ],
  [{ host: '' }, 'Host pattern cannot be null or empty'],
  [{ host: '10.0.0.0/99' }, "Invalid CIDR notation '10.0.0.0/99': Value [99] not in range [0,32]"],
  [{ host: '10.0.0.300/8' }, "Invalid CIDR notation '10.0.0.300/8': Value [300] not in range [0,255]"],
  [{ host: '10.0.0.0/8/9' }, "Invalid CIDR notation '10.0.0.0/8/9': Could not parse [10.0.0.0/8/9]"],
  [{ host: 'x::y/8' }, "Invalid CIDR notation 'x::y/8': Could not parse [x::y]"],
])('%j is refused: %s', (fields, message) => {
  expect(aclRefusal({ ...good, ...fields })).toEqual({ kind: 'refused', errorCode: Errors.INVALID_REQUEST, message })
})

test.each([{ resourceType: 1 }, { patternType: 1 }, { patternType: 2 }, { operation: 1 }, { permissionType: 1 }])(
  '%j is for filters',
  fields => {
    expect(isDefinite(good)).toBe(true)
    expect(isDefinite({ ...good, ...fields })).toBe(false)
  },
)
