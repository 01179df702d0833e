import { describe, expect, it } from 'vitest'
import { type JsonNode, parseJson } from './json.js'

/** As JSON again, without spaces. */
function written(node: JsonNode): string {
  if (node.kind === 'object')
    return `{${node.entries.map(([key, value]) => `${JSON.stringify(key)}:${written(value)}`).join(',')}}`
  if (node.kind === 'array') return `[${node.entries.map(([, value]) => written(value)).join(',')}]`
  return node.kind === 'string' ? JSON.stringify(node.text) : node.text
}

describe('JSON of a record', () => {
  it.each([
    '{}',
    '[]',
    '[[],{},[{}]]',
    '{"a":1,"b":[true,false,null,"x"],"c":{"d":-1.5e+10}}',
    '{"id":12345678901234567890,"price":1.10}',
    '{"a":1,"a":2}',
    '{"2":1,"1":2,"__proto__":3}',
    '["\\"","\\\\","a,b]}","\u2028<b>"]',
  ])('is shown as it was written: %s', text => expect(written(parseJson(text)!)).toBe(text.replace(/\\u2028/g, '\u2028')))

  it('may have spaces anywhere', () => {
    expect(written(parseJson(` \n{ "a" :\t[ 1 , 2 ]${' '.repeat(200)}, "b" : { } } `)!)).toBe('{"a":[1,2],"b":{}}')
  })

  it.each(['', 'text', '1', '"a"', 'null', '{', '{"a":1} x', '{a:1}', "{'a':1}", '[1,]', 'NaN'])(
    'is not what is no object or array: %j',
    text => expect(parseJson(text)).toBeNull(),
  )

  it('is text where it is too deep to be looked into', () => {
    expect(parseJson('['.repeat(100) + ']'.repeat(100))).not.toBeNull()
    expect(parseJson('['.repeat(5000) + ']'.repeat(5000))).toBeNull()
  })
})
