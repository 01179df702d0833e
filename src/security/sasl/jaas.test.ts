import { describe, expect, test } from 'vitest'
import { parseJaasConfig, plainUsers } from './jaas.js'

const optionsOf = (text: string) => {
  const entry = parseJaasConfig(text)
  return typeof entry === 'string' ? entry : Object.fromEntries(entry.options)
}

describe("a login module is read as Kafka's JaasConfig reads it", () => {
  test.each([
    ['X required a=b;', { a: 'b' }],
    ["X required a=\"5\" // c\n b='q\\'u';", { a: '5', b: "q'u" }],
    ['X required /* x */ user_a-b.c="\\t\\101x" ;', { 'user_a-b.c': '\tAx' }],
    ['X REQUIRED;', {}],
    ['X required password="a;b=\\"c\\"";', { password: 'a;b="c"' }],
    ['X required a=5;', "Value not specified for key 'a' in JAAS config"],
    ['X required a=-b;', "Value not specified for key 'a' in JAAS config"],
    ['X required a;', "Value not specified for key 'a' in JAAS config"],
    ['X nope;', "Invalid login module control flag 'nope' in JAAS config"],
    ['X required a=b', 'JAAS config entry not terminated by semi-colon'],
    ['X required a=b/c;\n', 'JAAS config entry not terminated by semi-colon'],
    ['X', 'Login module control flag not specified in JAAS config'],
    ['', 'Login module not specified in JAAS config'],
    ['X required; Y required;', 'JAAS config property contains more than one login module, should be 1 module'],
  ])('%s', (text, read) => expect(optionsOf(text)).toEqual(read))
})

test('users of PLAIN are options by their names, and no name of an object is one', () => {
  const entry = parseJaasConfig('org.P required username="admin" password="x" user_admin="a" user_="n" user_bob = \'b\';')
  if (typeof entry === 'string') throw new Error(entry)
  expect(entry.loginModule).toBe('org.P')
  expect([...plainUsers(entry)]).toEqual([
    ['admin', 'a'],
    ['', 'n'],
    ['bob', 'b'],
  ])
})

test('what is wrong is told without a value', () => {
  expect(parseJaasConfig('X required password="hunter2" user=;')).not.toContain('hunter2')
})
