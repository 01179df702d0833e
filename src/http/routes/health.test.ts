import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type HttpBroker, httpBroker } from '../http.test-support.js'

async function probed({ ask }: HttpBroker, headers = {}) {
  const answers = await Promise.all(['/livez', '/readyz', '/healthz'].map(path => ask(path, { headers })))
  return answers.map(({ status, text }) => `${status} ${text}`)
}
const allWell = ['200 ok', '200 ok', '200 ok']

describe('probes', () => {
  it('need no login where everyone else does, and come by an address as a kubelet does', async () => {
    const config = { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'super.users': 'User:a' }
    await using broker = await httpBroker({ config })
    expect((await broker.ask('/api/v1/topics')).status).toBe(401)
    expect(await probed(broker, { host: '10.244.0.17:8080', 'user-agent': 'kube-probe/1.33' })).toEqual(allWell)
    expect((await broker.ask('/readyz', { method: 'HEAD' })).status).toBe(200)
  })

  it('are told which log directory is offline, but not where it is', async () => {
    const path = mkdtempSync(join(tmpdir(), 'gregor-health-'))
    try {
      await (await httpBroker({ config: { 'log.dirs': `${path}/a` } }))[Symbol.asyncDispose]()
      writeFileSync(join(path, 'b'), 'no directory')
      await using broker = await httpBroker({ config: { 'log.dirs': `${path}/a,${path}/b` } })
      const reason = '503 log directory 2 of 2 is offline\n'
      expect(await probed(broker)).toEqual(['200 ok', reason, reason])
    } finally {
      rmSync(path, { recursive: true })
    }
  })

  it('are told that the broker stops, although its process is alive', async () => {
    await using broker = await httpBroker()
    expect(await probed(broker)).toEqual(allWell)
    await broker.broker.stop(0)
    const reason = '503 the broker is stopping\n'
    expect(await probed(broker)).toEqual(['200 ok', reason, reason])
  })
})
