/** The three ACL APIs: of a broker without an authorizer, and of one with it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { CreateAcls } from '../../protocol/messages/create-acls.js'
import { DeleteAcls } from '../../protocol/messages/delete-acls.js'
import { DescribeAcls } from '../../protocol/messages/describe-acls.js'
import { type TestBroker, type TestClient, temporaryDirectory, testBroker } from '../test-client.test-support.js'
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

test('an element that is said to be unknown closes the connection, as in Kafka; one that is not known does not', async () => {
  const created = (by: TestClient, operation: number) =>
    by.call(CreateAcls, 3, { creations: [{ ...creation, resourcePatternType: 3, operation }] })
  await expect(created(await broker.connect(), 0)).rejects.toThrow('the broker closed the connection')
  expect(await created(client, 99)).toMatchObject({ results: [refused] })
})

describe('with an authorizer', () => {
  const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
  const any = { ...filter, resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1 }
  const described = async (by: TestClient, given: object = {}) =>
    (await by.call(DescribeAcls, 3, { ...any, ...given })).resources.map(({ resourceName, patternType, acls }) => ({
      pattern: `${resourceName}${patternType === 4 ? '*' : ''}`,
      acls: acls.map(({ principal, host, operation, permissionType }) => [principal, host, operation, permissionType].join(' ')),
    }))

  test('super users create, find and delete entries, which outlive the broker and count at once', async () => {
    using directory = temporaryDirectory()
    const config = { 'authorizer.class.name': authorizer, 'super.users': 'User:ANONYMOUS' }
    {
      await using first = await testBroker({ config, directory: directory.path })
      const admin = await first.connect()
      const creations = [
        creation,
        creation,
        { ...creation, principal: 'User:b', host: '10.0.0.0/8' },
        { ...creation, resourceName: 'pre', resourcePatternType: 4, permissionType: 2 },
        { ...creation, principal: 'nobody' },
        { ...creation, resourceType: 4, resourceName: 'kafka-cluster', operation: 7, principal: 'User:ANONYMOUS' },
      ]
      const { results } = await admin.call(CreateAcls, 3, { creations })
      expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, 0, Errors.INVALID_REQUEST, 0])
      expect(results[4]?.errorMessage).toContain('Could not parse principal from `nobody`')
    }
    await using second = await testBroker({
      config: { ...config, 'super.users': '' },
      directory: directory.path,
    })
    const alterer = await second.connect()
    expect(await described(alterer)).toEqual([
      { pattern: 't', acls: ['User:a * 3 3', 'User:b 10.0.0.0/8 3 3'] },
      { pattern: 'pre*', acls: ['User:a * 3 2'] },
      { pattern: 'kafka-cluster', acls: ['User:ANONYMOUS * 7 3'] },
    ])
    expect(await described(alterer, { patternTypeFilter: 2, resourceNameFilter: 'prefix' })).toEqual([
      { pattern: 'pre*', acls: ['User:a * 3 2'] },
    ])
    const { filterResults } = await alterer.call(DeleteAcls, 3, { filters: [{ ...any, principalFilter: 'User:a' }, any] })
    expect(filterResults.map(({ matchingAcls }) => matchingAcls.length)).toEqual([2, 4])
    expect(filterResults[0]?.matchingAcls[1]).toEqual({
      ...{ errorCode: 0, errorMessage: null, resourceType: 2, resourceName: 'pre', patternType: 4 },
      ...{ principal: 'User:a', host: '*', operation: 3, permissionType: 2 },
    })
    // Its own right went with the others.
    expect(await alterer.call(DescribeAcls, 3, any)).toMatchObject({
      errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
      resources: [],
    })
  })

  test('an entry that could be a filter fails its request, as in Kafka', async () => {
    const config = { 'authorizer.class.name': authorizer, 'super.users': 'User:ANONYMOUS' }
    await using open = await testBroker({ config })
    const admin = await open.connect()
    const { results } = await admin.call(CreateAcls, 3, { creations: [creation, { ...creation, resourcePatternType: 2 }] })
    expect(results.map(({ errorCode }) => errorCode)).toEqual([Errors.UNKNOWN_SERVER_ERROR, Errors.UNKNOWN_SERVER_ERROR])
    expect(await described(admin)).toEqual([])
  })

  test('an element that is not known fails its entry or filter and no other', async () => {
    const config = { 'authorizer.class.name': authorizer, 'super.users': 'User:ANONYMOUS' }
    await using open = await testBroker({ config })
    const admin = await open.connect()
    const unknown = { resourceType: -128, resourcePatternType: 127, operation: 55, permissionType: 9 }
    const creations = Object.entries(unknown).map(([name, value]) => ({ ...creation, resourcePatternType: 3, [name]: value }))
    const { results } = await admin.call(CreateAcls, 3, { creations: [...creations, creation] })
    expect(results.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([
      [Errors.INVALID_REQUEST, 'Invalid resourceType UNKNOWN'],
      [Errors.INVALID_REQUEST, 'Invalid patternType UNKNOWN'],
      [Errors.INVALID_REQUEST, 'Invalid operation UNKNOWN'],
      [Errors.INVALID_REQUEST, 'Invalid permissionType UNKNOWN'],
      [Errors.NONE, ''],
    ])
    expect(await described(admin, { operation: 55 })).toEqual([])
    const filters = [{ ...any, patternTypeFilter: 127 }, { ...any, operation: 55 }, any]
    const { filterResults } = await admin.call(DeleteAcls, 3, { filters })
    expect(filterResults.map(({ errorMessage, matchingAcls }) => [errorMessage, matchingAcls.length])).toEqual([
      ['Unknown patternFilter.', 0],
      ['Unknown entryFilter.', 0],
      [null, 1],
    ])
  })

  test('nobody else does', async () => {
    await using closed = await testBroker({ config: { 'authorizer.class.name': authorizer } })
    const nobody = await closed.connect()
    const failed = { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED }
    expect(await nobody.call(DescribeAcls, 3, any)).toMatchObject(failed)
    expect(await nobody.call(CreateAcls, 3, { creations: [creation] })).toMatchObject({ results: [failed] })
    expect(await nobody.call(DeleteAcls, 3, { filters: [any] })).toMatchObject({ filterResults: [failed] })
    expect(closed.running.services.topics.image.access.acls.size).toBe(0)
  })

  test('a list of super users that is none refuses the start', async () => {
    const config = { 'authorizer.class.name': authorizer, 'super.users': 'admin' }
    await expect(testBroker({ config })).rejects.toThrow('super.users: expected a string in format principalType:principalName')
  })
})
