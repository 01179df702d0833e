import { expect, test } from 'vitest'
import { addressRange, hostAddress } from './host.js'

test('addresses are written as Java writes them', () => {
  expect(hostAddress('10.0.0.1')).toBe('10.0.0.1')
  expect(hostAddress('::1')).toBe('0:0:0:0:0:0:0:1')
  expect(hostAddress('2001:DB8::a:0:1')).toBe('2001:db8:0:0:0:a:0:1')
  expect(hostAddress('fe80::1%eth0')).toBe('fe80:0:0:0:0:0:0:1')
})

test.each<[string, readonly string[], readonly string[]]>([
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['11.0.0.0', '9.255.255.255', '0:0:0:0:0:0:0:1']],
  ['192.168.1.77/30', ['192.168.1.76', '192.168.1.79'], ['192.168.1.80', '192.168.1.75']],
  ['1.2.3.4/32', ['1.2.3.4'], ['1.2.3.5']],
  ['0.0.0.0/0', ['1.2.3.4'], ['::1']],
  ['2001:db8::/33', ['2001:db8:7fff:0:0:0:0:1', '2001:db8::1'], ['2001:db8:8000::1', '10.0.0.1']],
])('%s is a range', (text, within, outside) => {
  const range = addressRange(text)
  expect(within.map(address => range?.contains(address))).toEqual(within.map(() => true))
  expect(outside.map(address => range?.contains(address))).toEqual(outside.map(() => false))
})

test('several ranges are asked about several clients in turn', () => {
  const [office, home] = [addressRange('10.0.0.0/8'), addressRange('192.168.0.0/16')]
  const asked = ['10.1.1.1', '192.168.1.1', 'nobody', '10.1.1.1', '10.1.1.1'].map(client =>
    [office, home].map(r => r?.contains(client)),
  )
  expect(asked).toEqual([
    [true, false],
    [false, true],
    [false, false],
    [true, false],
    [true, false],
  ])
})

test.each(['10.0.0.0/33', '10.0.0/8', '10.0.0.256/8', '10.0.0.0/', '/8', '10.0.0.0/8/8', 'host/8', '::/129', '1::2::3/8', ':/1'])(
  '%s is none',
  text => expect(addressRange(text)).toBeNull(),
)
