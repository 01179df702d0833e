import { describe, expect, it } from 'vitest'
import { addressText, listenerOfAddress, parseListeners } from './listeners.js'

const parse = (listeners: string[], more: { advertised?: string[]; map?: string[]; controllers?: string[] } = {}) =>
  parseListeners({
    listeners,
    advertised: more.advertised ?? null,
    protocolMap: more.map ?? ['PLAINTEXT:PLAINTEXT', 'SSL:SSL'],
    controllerNames: more.controllers ?? [],
  })

describe('listeners', () => {
  it('a host may be a name, an address, empty, or IPv6 in brackets', () => {
    const map = ['A:PLAINTEXT', 'B:PLAINTEXT', 'C:PLAINTEXT', 'D:PLAINTEXT']
    const { listeners, problems } = parse(['a://localhost:1', 'B://0.0.0.0:2', 'C://:3', 'D://[::1]:0'], { map })
    expect(problems).toEqual([])
    expect(listeners.map(({ name, host, port }) => [name, host, port])).toEqual([
      ['A', 'localhost', 1],
      ['B', '0.0.0.0', 2],
      ['C', '', 3],
      ['D', '::1', 0],
    ])
  })

  it('a configuration written for a combined Kafka node and its host-side listener works unchanged', () => {
    const texts = ['PLAINTEXT://:29092', 'CONTROLLER://:9093', 'PLAINTEXT_HOST://:9092']
    const { listeners, controllerListeners, problems } = parse(texts, {
      advertised: ['PLAINTEXT://kafka:29092', 'PLAINTEXT_HOST://localhost:9092'],
      map: ['CONTROLLER:PLAINTEXT', 'PLAINTEXT:PLAINTEXT', 'PLAINTEXT_HOST:PLAINTEXT'],
      controllers: ['CONTROLLER'],
    })
    expect(problems).toEqual([])
    expect(listeners).toEqual([
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '', port: 29092, advertised: { host: 'kafka', port: 29092 } },
      { name: 'PLAINTEXT_HOST', protocol: 'PLAINTEXT', host: '', port: 9092, advertised: { host: 'localhost', port: 9092 } },
    ])
    expect(controllerListeners).toEqual([{ name: 'CONTROLLER', protocol: 'PLAINTEXT', host: '', port: 9093, advertised: null }])
  })

  it('a listener for controllers is plain without a word about it only where all the others are', () => {
    const of = (client: string) => parse([`${client}://:1`, 'CONTROLLER://:2'], { controllers: ['CONTROLLER'] })
    expect(of('PLAINTEXT').controllerListeners.map(({ protocol }) => protocol)).toEqual(['PLAINTEXT'])
    expect(of('SSL').problems).toEqual([expect.stringMatching(/CONTROLLER has no security protocol/)])
    expect(parse(['CONTROLLER://:2'], { controllers: ['CONTROLLER'] }).problems).toEqual([
      expect.stringMatching(/at least one client listener/),
    ])
  })

  it('several protocols stand side by side, by the map or by the listener’s own name', () => {
    const map = ['EXTERNAL:SSL', 'PLAINTEXT:PLAINTEXT']
    const { listeners, problems } = parse(['PLAINTEXT://:1', 'EXTERNAL://:2', 'SSL://:3'], {
      map,
      advertised: ['EXTERNAL://k:9'],
    })
    expect(problems).toEqual([])
    expect(listeners.map(({ name, protocol, advertised }) => [name, protocol, advertised])).toEqual([
      ['PLAINTEXT', 'PLAINTEXT', null],
      ['EXTERNAL', 'SSL', { host: 'k', port: 9 }],
      ['SSL', 'SSL', null],
    ])
  })

  it.each([
    [['127.0.0.1:9092'], {}, /"127.0.0.1:9092" is not NAME:\/\/HOST:PORT/],
    [['PLAINTEXT://h:70000'], {}, /is not NAME/],
    [['PLAINTEXT://::1:9092'], {}, /is not NAME/],
    [[], {}, /at least one client listener/],
    [['INSIDE://:9093'], {}, /add INSIDE:PLAINTEXT or INSIDE:SSL to listener.security.protocol.map/],
    [['PLAINTEXT://:1', 'PLAINTEXT://:2'], {}, /PLAINTEXT is named twice/],
    [['PLAINTEXT://:1'], { advertised: ['PLAINTEXT://0.0.0.0:1'] }, /needs a host that clients can connect to/],
    [['PLAINTEXT://:1'], { advertised: ['OTHER://h:1'] }, /OTHER is not among the listeners/],
  ])('%j %j is refused', (listeners, more, message) => {
    const { problems } = parse(listeners, more)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(message)
  })
})

describe('addresses', () => {
  it('HOST:PORT becomes a listener', () => {
    expect(listenerOfAddress('127.0.0.1:9092')).toBe('PLAINTEXT://127.0.0.1:9092')
    expect(listenerOfAddress('[::1]:0')).toBe('PLAINTEXT://[::1]:0')
    expect(listenerOfAddress(':9092')).toBe('PLAINTEXT://:9092')
    expect(listenerOfAddress('9092')).toBeNull()
    expect(listenerOfAddress('a:b:9092')).toBeNull()
  })

  it('IPv6 is written in brackets', () => {
    expect(addressText('::1', 9092)).toBe('[::1]:9092')
    expect(addressText('kafka', 9092)).toBe('kafka:9092')
  })
})
