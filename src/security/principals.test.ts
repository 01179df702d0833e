import { describe, expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { distinguishedNameText, type NameAttribute, principalMapping } from './principals.js'

const oids: Readonly<Record<string, string>> = {
  ...{ CN: '2.5.4.3', C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', DC: '0.9.2342.19200300.100.1.25' },
  emailAddress: '1.2.840.113549.1.9.1',
}
const attribute = (type: string, value: string): NameAttribute => ({
  oid: oids[type] as string,
  value,
  der: new Uint8Array([0x16, value.length, ...utf8Encode(value)]),
})

describe('a subject is written as RFC 2253 has it', () => {
  test('last name first, commas without blanks, and by number what it does not name', () => {
    const name = [[attribute('C', 'DE')], [attribute('O', 'x')], [attribute('CN', 'me')], [attribute('emailAddress', 'a@b')]]
    expect(distinguishedNameText(name)).toBe('1.2.840.113549.1.9.1=#1603614062,CN=me,O=x,C=DE')
  })
  test('with what would be taken for syntax escaped, and several attributes of one name joined', () => {
    expect(distinguishedNameText([[attribute('CN', ' a,b+c"\\<d>; ')]])).toBe('CN=\\ a\\,b\\+c\\"\\\\\\<d\\>\\;\\ ')
    expect(distinguishedNameText([[attribute('CN', 'a'), attribute('OU', 'b')]])).toBe('CN=a+OU=b')
  })
})

describe('mapping rules', () => {
  const map = (rules: string, name: string) => {
    const mapping = principalMapping(rules)
    return typeof mapping === 'string' ? mapping : mapping.nameOf(name)
  }
  test.each([
    ['DEFAULT', 'CN=Ab,OU=Cd', 'CN=Ab,OU=Cd'],
    ['RULE:^CN=(.*?),.*$/$1/', 'CN=Ab,OU=Cd', 'Ab'],
    ['RULE:^CN=(.*?),OU=(.*)$/$1@$2-$3/L , DEFAULT', 'CN=Ab,OU=Cd', 'ab@cd-$3'],
    ['RULE:^CN=(.*?),OU=(.*)$/$1@$2-$3/L , DEFAULT', 'CN=a', 'CN=a'],
    ['RULE:CN=a/$0/U,RULE:.*/x/', 'CN=a', 'CN=A'],
    ['RULE:CN=a/$0/U,RULE:.*/x/', 'CN=x/y', 'xx'],
    ['RULE:^CN=(.*)\\/(.*)$/$1/', 'CN=x/y', 'x'],
    ['RULE:x{1,2}/y/,', 'xx', 'y'],
  ])('%s of %s', (rules, name, mapped) => expect(map(rules, name)).toBe(mapped))

  test('where none matches the whole name there is no principal: the name itself is not taken instead', () => {
    expect(map('RULE:^CN=(.*?),.*$/$1/', 'CN=a')).toBeNull()
    expect(map('RULE:CN/x/', 'CN=a')).toBeNull()
    expect(map('', 'CN=a')).toBeNull()
  })
  test.each(['RULE:a', 'default', 'RULE:^CN=(\\w+)$/$1/LU', 'RULE:(/b/', 'DEFAULT DEFAULT'])('%s is no list of rules', rules => {
    expect(principalMapping(rules)).toMatch(/^Invalid rule: /)
  })
})
