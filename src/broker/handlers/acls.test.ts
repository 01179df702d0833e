/** The three ACL APIs of a broker without an authorizer. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { CreateAcls } from '../../protocol/messages/create-acls.js'
import { DeleteAcls } from '../../protocol/messages/delete-acls.js'
import { DescribeAcls } from '../../protocol/messages/describe-acls.js'
import { CloseConnection } from '../outcomes.js'
import { type TestBroker, type TestClient, testBroker } from '../test-client.test-support.js'
import { createAcls } from './create-acls.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
})
afterAll(() => broker.stop())

const filter = {
  resourceTypeFilter: 2,
  resourceNameFilter: 't',
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}
const creation = { resourceType: 2, resourceName: 't', principal: 'User:a', host: '*', operation: 3, permissionType: 3 }
const refused = { errorCode: Errors.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured.' }

test.each([0, 1, 2, 3])('v%i: nothing is described, created or deleted, and each entry says so', async version => {
  expect(createAcls.api.versions).toEqual({ min: 0, max: 3 })
  expect(await client.call(DescribeAcls, version, filter)).toMatchObject({
    errorCode: Errors.SECURITY_DISABLED,
    errorMessage: 'No Authorizer is configured on the broker',
    resources: [],
  })
  const { results } = await client.call(CreateAcls, version, { creations: [creation, creation] })
  expect(results).toEqual([refused, refused])
  const { filterResults } = await client.call(DeleteAcls, version, { filters: [filter] })
  expect(filterResults).toEqual([{ ...refused, matchingAcls: [] }])
})

test('an element that is called unknown closes the connection, as in Kafka', () => {
  const creations = [{ ...creation, resourcePatternType: 3, operation: 0 }]
  expect(() => createAcls.handle({ creations } as never, {} as never)).toThrow(CloseConnection)
})
