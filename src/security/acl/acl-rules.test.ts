import { expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { aclRefusal } from './acl-rules.js'

const good = {
  ...{ resourceType: 2, resourceName: 't', patternType: 3, principal: 'User:a', host: '*', operation: 3, permissionType: 3 },
}

test('what can be an entry', () => {
  expect(aclRefusal(good)).toBeNull()
  expect(aclRefusal({ ...good, patternType: 4, host: '10.0.0.0/8', operation: 2 })).toBeNull()
  expect(aclRefusal({ ...good, resourceType: 4, resourceName: 'kafka-cluster', host: 'no address' })).toBeNull()
})

test.each<[object, string]>([
  [{ resourceType: 4 }, 'The only valid name for the CLUSTER resource is kafka-cluster'],
  [{ resourceName: '' }, 'Invalid empty resource name'],
  [{ resourceType: 1 }, 'Invalid resourceType ANY'],
  [{ resourceType: 99 }, 'Invalid resourceType UNKNOWN'],
  [{ patternType: 2 }, 'Invalid patternType MATCH'],
  [{ operation: 1 }, 'Invalid operation ANY'],
  [{ permissionType: 1 }, 'Invalid permissionType ANY'],
  [
    { principal: 'a' },
    'Could not parse principal from `a` (no colon is present separating the principal type from the principal name)',
  ],
  [{ host: '' }, 'Host pattern cannot be null or empty'],
  [{ host: '10.0.0.0/99' }, "Invalid CIDR notation '10.0.0.0/99': Could not parse [10.0.0.0/99]"],
])('%j is refused: %s', (fields, message) => {
  expect(aclRefusal({ ...good, ...fields })).toEqual({ kind: 'refused', errorCode: Errors.INVALID_REQUEST, message })
})
