import { expect, it } from 'vitest'
import { parseProperties } from './properties.js'

const parsed = (text: string) => Object.fromEntries(parseProperties(text))

it('comments and blank lines are nothing, even indented', () => {
  expect(parsed('# a=1\n  ! b=2\n\n \t\nc=3')).toEqual({ c: '3' })
})

it('a key ends at =, : or white space, and one separator is taken with the space around it', () => {
  expect(parsed('a = 1\nb:2\nc 3\nd\t=\t4 \ne==5\nf')).toEqual({ a: '1', b: '2', c: '3', d: '4 ', e: '=5', f: '' })
})

it('an odd number of backslashes at the end continues the line without its indentation', () => {
  expect(parsed('listeners=A://:1,\\\n    B://:2\npath=C:\\\\\nnext=1')).toEqual({
    listeners: 'A://:1,B://:2',
    path: 'C:\\',
    next: '1',
  })
})

it('a comment sign in a continued line is text', () => {
  expect(parsed('a=1\\\n#2')).toEqual({ a: '1#2' })
})

it('escapes are undone in keys and values', () => {
  expect(parsed('a\\ b\\=c=\\u0041\\t\\n\\q\\:')).toEqual({ 'a b=c': 'A\t\nq:' })
})

it('the last of two equal keys wins, and any line end will do', () => {
  expect(parsed('a=1\r\na=2\rb=3')).toEqual({ a: '2', b: '3' })
})

it('a backslash at the very end is dropped', () => {
  expect(parsed('a=1\\')).toEqual({ a: '1' })
})
