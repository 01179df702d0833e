import { describe, expect, test } from 'vitest'
import { patternOf, patternProblem } from './pattern.js'

/** Of re2j 1.8, as Kafka 4.4 takes and refuses them. */
describe('a pattern is read as Kafka reads it', () => {
  test.each([
    ['a{1000}', 'a'.repeat(1000)],
    ['(?:a{100}){10}', 'a'.repeat(1000)],
    ['[a{1001}]', '{'],
    ['[]a]', ']'],
    ['[^]a]', 'b'],
    ['\\Qa{1001}\\E', 'a{1001}'],
    ['\\Qa.b', 'a.b'],
    ['\\x{1000}', '\u1000'],
    ['a{,2}', 'a{,2}'],
    ['\\é', 'é'],
    ['[\\é-\\ï]', 'ê'],
    ['\\p{Greek}', 'β'],
    ['\\p{^Greek}[[:^alpha:]]', 'a1'],
  ])('%s takes %s', (pattern, text) => {
    expect(patternProblem(pattern)).toBe(null)
    expect(patternOf(pattern)?.(text)).toBe(true)
    expect(patternOf(pattern)?.(`${text}\n`)).toBe(false)
  })

  test.each([
    ['a{1001}', 'invalid repeat count'],
    ['a{1000}{1001}', 'invalid repeat count'],
    ['a{3,2}', 'invalid repeat count'],
    ['{{3,2}', 'invalid repeat count'],
    ['{*', 'invalid nested repetition operator'],
    ['(a{{2}', 'invalid nested repetition operator'],
    ['a**{1001}', 'invalid nested repetition operator'],
    ['*{1001}', 'missing argument to repetition operator'],
    ['[^{1001}', 'missing closing ]'],
    ['(\\Q{1001}', 'missing closing )'],
    ['\\x{110000}', 'invalid escape sequence'],
    ['\\Z{1001}', 'invalid escape sequence'],
    ['(?={1001}', 'invalid or unsupported Perl syntax'],
    ['a)', 'regexp/syntax: internal error'],
    ['){1001}', 'regexp/syntax: internal error'],
    ['\\p{Kawi}', 'invalid character class range'],
    ['\\p{Uppercase}', 'invalid character class range'],
    ['[\\p{LC}]', 'invalid character class range'],
    ['\\Z\\p{LC}', 'invalid escape sequence'],
    // Kafka takes these; they would be matched for long.
    ['(a{1000}){2}', 'expression too large'],
    ['(a{501}){2}', 'expression too large'],
    ['(a*){1000}', 'expression too large'],
    ['a'.repeat(1001), 'expression too large'],
  ])('%s is none: %s', (pattern, why) => {
    expect(patternProblem(pattern)).toBe(why)
    expect(patternOf(pattern)).toBe(null)
  })
})
