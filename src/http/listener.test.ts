import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { certificate } from '../testing/certificates.js'
import { httpBroker } from './http.test-support.js'

describe('the HTTP port', () => {
  it('answers the first client, who came before there was an application, and those after it', async () => {
    await using broker = await httpBroker()
    const answers = await Promise.all(Array.from({ length: 5 }, () => broker.ask('/healthz')))
    expect(answers.map(({ status, text }) => [status, text])).toEqual(Array(5).fill([200, 'ok']))
    expect((await broker.ask('/healthz')).text).toBe('ok')
  })

  it('is the one that was asked for or none; with a + it is the next free one', async () => {
    const taken = net.createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as net.AddressInfo
    try {
      await expect(httpBroker({ config: { 'gregor.http.listener': `127.0.0.1:${port}` } })).rejects.toMatchObject({
        code: 'EADDRINUSE',
        message: expect.stringMatching(/^gregor\.http\.listener: /),
      })
      await using next = await httpBroker({ config: { 'gregor.http.listener': `127.0.0.1:${port}+` } })
      expect(next.http.takenPort).toBe(port)
      expect(next.port).toBeGreaterThan(port)
      expect((await next.ask('/healthz')).text).toBe('ok')
    } finally {
      taken.close()
    }
  })

  it.each([
    ['127.0.0.1', '"127.0.0.1" is not HOST:PORT'],
    ['127.0.0.1:99999', 'is not HOST:PORT'],
  ])('%s stops the start', async (listener, problem) => {
    await expect(httpBroker({ config: { 'gregor.http.listener': listener } })).rejects.toThrow(problem)
  })

  it('does not let passwords travel in the clear', async () => {
    const config = {
      'gregor.http.listener': '0.0.0.0:0',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:admin',
    }
    await expect(httpBroker({ config })).rejects.toThrow('users would send their passwords in the clear')
  })

  it('speaks TLS with a key store of its own, also to the first client, and says which of it is missing', async () => {
    const { keyText, certificateText } = certificate('http-port', 'http-authority')
    const config = {
      'gregor.http.tls.keystore.type': 'PEM',
      'gregor.http.tls.keystore.key': keyText,
      'gregor.http.tls.keystore.certificate.chain': certificateText,
    }
    await using broker = await httpBroker({ config })
    expect(broker.http.url).toMatch(/^https:/)
    expect((await broker.ask('/healthz')).text).toBe('ok')
    expect(await broker.http.reloadCertificates()).toEqual([])
    expect((await broker.ask('/healthz')).text).toBe('ok')
    await expect(
      httpBroker({ config: { 'gregor.http.tls.keystore.location': '/nowhere', 'gregor.http.tls.keystore.type': 'PEM' } }),
    ).rejects.toThrow('gregor.http.tls.keystore.location: cannot read the file')
  })

  it('closes while a client is connected that says nothing', async () => {
    const broker = await httpBroker()
    const silent = net.connect(broker.port, '127.0.0.1')
    await new Promise(resolve => silent.once('connect', resolve))
    const closed = new Promise(resolve => silent.once('close', resolve))
    await broker[Symbol.asyncDispose]()
    await closed
  })
})
