import { expect, it } from 'vitest'
import { TestClient } from '../../broker/test-client.test-support.js'
import { DescribeAcls } from '../../protocol/messages/describe-acls.js'
import { httpBroker } from '../http.test-support.js'

const config = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:admin;User:ANONYMOUS',
}
const addScram = ['SCRAM-SHA-256=[name=admin,password=admin-secret]']
const headers = { authorization: `Basic ${Buffer.from('admin:admin-secret').toString('base64')}` }

it('ACLs are added, found and deleted as a Kafka client sees them', async () => {
  await using broker = await httpBroker({ config, addScram })
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  const one = { resourceType: 'topic', resourceName: 'a', principal: 'User:alice', operation: 'read' }
  const whole = { ...one, patternType: 'literal', host: '*', permission: 'allow' }
  const other = {
    ...whole,
    resourceType: 'transactional_id',
    patternType: 'prefixed',
    operation: 'all',
    permission: 'deny',
    host: '10.0.0.1',
  }
  for (const body of [one, one, other]) expect((await broker.ask('/api/v1/acls', { body, headers })).status).toBe(204)
  const all = {
    resourceTypeFilter: 1,
    resourceNameFilter: null,
    patternTypeFilter: 1,
    principalFilter: null,
    hostFilter: null,
    operation: 1,
    permissionType: 1,
  }
  const seen = await client.call(DescribeAcls, 3, all)
  expect(seen.resources.map(({ resourceType, patternType, acls }) => [resourceType, patternType, acls])).toEqual([
    [2, 3, [{ principal: 'User:alice', host: '*', operation: 3, permissionType: 3 }]],
    [5, 4, [{ principal: 'User:alice', host: '10.0.0.1', operation: 2, permissionType: 2 }]],
  ])
  expect(await broker.json('/api/v1/acls', { headers })).toEqual({ acls: [whole, other] })
  expect(await broker.json('/api/v1/acls?resourceType=topic&operation=read', { headers })).toEqual({ acls: [whole] })
  expect((await broker.ask('/api/v1/acls', { method: 'DELETE', headers })).status).toBe(400)
  expect(await broker.json('/api/v1/acls?permission=deny', { method: 'DELETE', headers })).toEqual({ acls: [other] })
  expect(await broker.json('/api/v1/acls', { headers })).toEqual({ acls: [whole] })
  client.close()
})

it('a broker without an authorizer has none, as it tells Kafka’s tools', async () => {
  await using broker = await httpBroker()
  const { status, json } = await broker.ask('/api/v1/acls')
  expect([status, (json as { error: { type: string } }).error.type]).toEqual([409, 'SECURITY_DISABLED'])
})
