import { describe, expect, it } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { batchOf, TestClient } from '../broker/test-client.test-support.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { OffsetCommit } from '../protocol/messages/offset-commit.js'
import { httpBroker } from './http.test-support.js'

const refusal = (json: unknown) => (json as { error: { type: string } }).error.type

describe('what stands before every route', () => {
  it('serves requests for an address, for this machine, and for names of the configuration, and for no other name', async () => {
    await using broker = await httpBroker({ config: { 'gregor.http.hosts': 'gregor.internal' } })
    for (const host of [
      '127.0.0.1',
      'localhost:1',
      '[::1]:80',
      '10.1.2.3:8080',
      'LOCALHOST',
      'gregor.internal',
      'Gregor.Internal:1',
    ]) {
      expect([host, (await broker.ask('/healthz', { headers: { host } })).status]).toEqual([host, 200])
    }
    for (const host of ['[evil]', 'a@127.0.0.1', '127.0.0.1/x']) {
      const { status, json } = await broker.ask('/healthz', { headers: { host } })
      expect([host, status, refusal(json)]).toEqual([host, 400, 'INVALID_INPUT'])
    }
    const foreign = ['evil.com', '127.0.0.1.evil.com', 'localhost.evil.com', 'evil.com:8080', '0x7f.1']
    for (const host of foreign) {
      const { status, json } = await broker.ask('/healthz', { headers: { host } })
      expect([host, status, refusal(json)]).toEqual([host, 421, 'FOREIGN_HOST'])
    }
  })

  it('serves pages of its own origin, and links from elsewhere to its pages', async () => {
    await using broker = await httpBroker()
    const own = { host: 'localhost:1', origin: 'http://localhost:1', 'sec-fetch-site': 'same-origin' }
    expect((await broker.ask('/healthz', { headers: own })).status).toBe(200)
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    expect((await broker.ask('/', { headers: link })).status).toBe(200)
    const foreign: Record<string, string>[] = [
      { origin: 'http://evil.com' },
      { origin: 'null' },
      { origin: '' },
      { host: 'localhost:1', origin: 'http://localhost:2' },
      { host: 'localhost', origin: 'http://localhost@evil.com' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      const { status, json } = await broker.ask('/healthz', { headers })
      expect([headers, status, refusal(json)]).toEqual([headers, 403, 'FOREIGN_ORIGIN'])
    }
  })

  it('takes nothing that a form of another page could send', async () => {
    await using broker = await httpBroker()
    const forms = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
      'TEXT/PLAIN;application/json',
    ]
    for (const type of forms) {
      const { status, json } = await broker.ask('/healthz', { method: 'POST', body: '{}', headers: { 'content-type': type } })
      expect([type, status, refusal(json)]).toEqual([type, 415, 'UNSUPPORTED_MEDIA_TYPE'])
    }
    expect((await broker.ask('/healthz', { method: 'POST' })).status).toBe(415)
  })

  it('lets no page run scripts of others, and guesses no types, in every answer', async () => {
    await using broker = await httpBroker()
    for (const path of ['/', '/healthz', '/api/openapi.json', '/nothing']) {
      const { headers } = await broker.ask(path)
      expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self';.*frame-ancestors 'none'/)
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })

  it('finds no file by the path of a request', async () => {
    await using broker = await httpBroker()
    const paths = [
      '/../package.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/..%5c..%5cx',
      '//etc/passwd',
      '/%00',
      '/%ff',
      '/app.js',
    ]
    for (const path of paths) {
      const { status } = await broker.ask(path)
      expect([path, status]).toEqual([path, 404])
    }
  })
})

describe('what clients wrote', () => {
  const script = '<script>alert(1)</script>'
  const hurting = [
    script,
    '"><img src=x onerror=alert(1)>',
    '</script><script>alert(1)//',
    'javascript:alert(1)',
    '\u2028alert(1)',
  ]

  it('is never anything else than a value of JSON, whichever way it is asked for', async () => {
    await using broker = await httpBroker()
    const client = await TestClient.connect(broker.broker.listeners[0]?.port as number, script)
    await client.createTopic('t')
    await client.call(ApiVersions, 3, { clientSoftwareName: 'a-client', clientSoftwareVersion: '1' })
    const records = hurting.map(text => ({
      key: utf8Encode(text),
      value: utf8Encode(text),
      headers: [{ key: text, value: utf8Encode(text) }],
    }))
    await client.produce('t', batchOf(records))
    for (const [n, text] of hurting.entries()) {
      const partitions = [{ partitionIndex: 0, committedOffset: n, committedMetadata: text }]
      await client.call(OffsetCommit, 8, { groupId: text, topics: [{ name: 't', partitions }] })
      await broker.ask(`/api/v1/users/${encodeURIComponent(text)}`, { method: 'PUT', body: { password: 'p' } })
    }
    const named = encodeURIComponent(script)
    const paths = [
      '/api/v1/topics/t/records',
      '/api/v1/topics/t/export',
      '/api/v1/topics/t/export?format=csv',
      '/api/v1/groups',
      `/api/v1/groups/${named}`,
      `/api/v1/groups?search=${named}`,
      `/api/v1/topics/${named}`,
      `/api/v1/nothing/${named}`,
      `/${named}`,
      '/api/v1/users',
      '/api/v1/connections',
      '/api/v1/definitions',
    ]
    for (const path of paths) {
      // As a browser asks for a page.
      const { headers } = await broker.ask(path, { headers: { accept: 'text/html,*/*' } })
      const said = [path, headers['content-type'], headers['x-content-type-options']]
      expect(said).toEqual([path, expect.stringMatching(/^(application\/(json|x-ndjson)|text\/csv)/), 'nosniff'])
    }
    const { records: read } = await broker.json<{ records: { value: { data: string } }[] }>('/api/v1/topics/t/records')
    expect(read.map(({ value }) => value.data)).toEqual(hurting)
    const { rows } = await broker.json<{ rows: { clientId: string }[] }>('/api/v1/connections')
    expect(rows.map(({ clientId }) => clientId)).toEqual([script])
    client.close()
  })
})
