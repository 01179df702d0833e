import { expect, it } from 'vitest'
import { TestClient } from '../../broker/test-client.test-support.js'
import { ApiVersions } from '../../protocol/messages/api-versions.js'
import { httpBroker } from '../http.test-support.js'

interface Row {
  readonly id: string
  readonly clientId: string
  readonly requests: number
  readonly bytesIn: number
}

it('connections are those of Kafka’s clients, with what they say of themselves and what they sent; one is closed', async () => {
  await using broker = await httpBroker()
  const port = broker.broker.listeners[0]?.port as number
  const one = await TestClient.connect(port, 'one')
  const two = await TestClient.connect(port, 'two')
  await one.call(ApiVersions, 3, { clientSoftwareName: 'some-client', clientSoftwareVersion: '1.2' })
  for (let n = 0; n < 3; n++) await two.topicNames()
  const rows = async (query = '') => (await broker.json<{ rows: Row[] }>(`/api/v1/connections?${query}`)).rows
  const all = await rows()
  expect(all).toHaveLength(2)
  const [first, second] = [all.find(({ clientId }) => clientId === 'one')!, all.find(({ clientId }) => clientId === 'two')!]
  expect(first).toMatchObject({
    listener: 'PLAINTEXT',
    protocol: 'PLAINTEXT',
    remoteAddress: '127.0.0.1',
    principal: 'User:ANONYMOUS',
    software: 'some-client',
    softwareVersion: '1.2',
    requests: 1,
  })
  expect(second.requests).toBe(3)
  // Header of 8 bytes, client id of 5, an empty tag, and a body of null topics and a flag.
  expect(second.bytesIn).toBeGreaterThan(3 * 14)
  expect((await rows('search=tw')).map(({ clientId }) => clientId)).toEqual(['two'])
  expect((await rows('sort=bytesOutPerSecond&order=desc')).length).toBe(2)

  expect((await broker.ask(`/api/v1/connections/${second.id}`, { method: 'DELETE' })).status).toBe(204)
  await two.closed()
  expect((await broker.ask(`/api/v1/connections/${second.id}`, { method: 'DELETE' })).status).toBe(404)
  expect((await rows()).map(({ clientId }) => clientId)).toEqual(['one'])
  one.close()
})
