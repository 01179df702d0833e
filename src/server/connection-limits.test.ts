import { expect, test } from 'vitest'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { connectionLimits, isListenerForBrokers } from './connection-limits.js'

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
