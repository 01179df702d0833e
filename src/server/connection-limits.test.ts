import { expect, test } from 'vitest'
import { MutableQuotas } from '../cluster/quota-image.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { connectionLimits, connectionRates, isListenerForBrokers } from './connection-limits.js'

const configOf = (values: Readonly<Record<string, string>>) => resolveBrokerConfig([optionsLayer(values)]).config

test('hosts become the addresses that sockets have', async () => {
  const config = configOf({ 'max.connections.per.ip.overrides': 'localhost:2,0:0:0:0:0:0:0:1:3,10.0.0.1:4' })
  const { perAddressOverrides } = await connectionLimits(config)
  expect(perAddressOverrides.get('127.0.0.1')).toBe(2)
  expect(perAddressOverrides.get('::1')).toBe(3)
  expect(perAddressOverrides.get('10.0.0.1')).toBe(4)
})

test('a host that is not known stops the start with the key’s name', async () => {
  const config = configOf({ 'max.connections.per.ip.overrides': 'there.is.no.such.host.invalid:2' })
  await expect(connectionLimits(config)).rejects.toThrow(
    /^max\.connections\.per\.ip\.overrides: the host there\.is\.no\.such\.host\.invalid is not known/,
  )
})

test('the listener for brokers is the one that is named, or the first of their protocol, and only where there are others', () => {
  const listeners = 'SSL://:1,ONE://:2,TWO://:3'
  const named = (more: Readonly<Record<string, string>>) => {
    const config = configOf({ listeners, 'listener.security.protocol.map': 'ONE:PLAINTEXT,TWO:PLAINTEXT', ...more })
    return config.listeners.filter(({ name }) => isListenerForBrokers(config, name)).map(({ name }) => name)
  }
  expect(named({})).toEqual(['ONE'])
  expect(named({ 'inter.broker.listener.name': 'two' })).toEqual(['TWO'])
  expect(named({ 'security.inter.broker.protocol': 'SSL' })).toEqual(['SSL'])
  expect(named({ listeners: 'PLAINTEXT://:1' })).toEqual([])
})

test('an address has the rate of its quota, by its name or by itself, or that of all, as they are now', async () => {
  const quotas = new MutableQuotas()
  const set = (entityName: string | null, value: number, remove = false) =>
    quotas.apply({
      kind: 'clientQuota',
      entity: [{ entityType: 'ip', entityName }],
      key: 'connection_creation_rate',
      value,
      remove,
    })
  const rateOf = connectionRates(quotas)
  expect(rateOf('10.0.0.1')).toBe(Number.POSITIVE_INFINITY)
  set('10.0.0.1', 5)
  set('0:0:0:0:0:0:0:2', 6)
  expect([rateOf('10.0.0.1'), rateOf('::2'), rateOf('10.0.0.2')]).toEqual([5, 6, Number.POSITIVE_INFINITY])
  set(null, 7)
  expect([rateOf('10.0.0.1'), rateOf('10.0.0.2')]).toEqual([5, 7])
  set('localhost', 8)
  await expect.poll(() => Math.min(rateOf('127.0.0.1'), rateOf('::1'))).toBe(7)
  await expect.poll(() => Math.max(rateOf('127.0.0.1'), rateOf('::1'))).toBe(8)
  set('10.0.0.1', 0, true)
  expect(rateOf('10.0.0.1')).toBe(7)
})

test('the name of an address is looked up once, one at a time, however often quotas change meanwhile', async () => {
  const quotas = new MutableQuotas()
  const set = (entityType: string, entityName: string, key: string) =>
    quotas.apply({ kind: 'clientQuota', entity: [{ entityType, entityName }], key, value: 5, remove: false })
  const asked: string[] = []
  const answers: ((address: string | null) => void)[] = []
  const rateOf = connectionRates(quotas, host => {
    asked.push(host)
    return new Promise(resolve => answers.push(resolve))
  })
  for (const host of ['one', 'two', 'gone']) set('ip', host, 'connection_creation_rate')
  for (const user of ['u', 'v', 'w']) {
    set('user', user, 'producer_byte_rate')
    rateOf('10.0.0.1')
  }
  expect(asked).toEqual(['one'])
  answers[0]!('10.0.0.1')
  await expect.poll(() => asked).toEqual(['one', 'two'])
  answers[1]!('10.0.0.2')
  await expect.poll(() => asked).toEqual(['one', 'two', 'gone'])
  answers[2]!(null)
  set('user', 'x', 'producer_byte_rate')
  expect([rateOf('10.0.0.1'), rateOf('10.0.0.2'), rateOf('10.0.0.3')]).toEqual([5, 5, Number.POSITIVE_INFINITY])
  expect(asked).toHaveLength(3)
})
