import { expect, test } from 'vitest'
import { printedText } from './printed-text.js'

const run = (stdout: string) => ({ exitCode: 0, stdout, stderr: '', timedOut: false })

test('a map that Java prints in the order of its hash is the same in any order', () => {
  const one = "configs for 'carol' are SCRAM-SHA-256=iterations=4096, SCRAM-SHA-512=iterations=8192"
  const other = "configs for 'carol' are SCRAM-SHA-512=iterations=8192, SCRAM-SHA-256=iterations=4096"
  expect(printedText(run(one))).toBe(printedText(run(other)))
  expect(printedText(run(one))).not.toBe(printedText(run(other.replace('8192', '4096'))))
})

test('lines and operations are the same in any order', () => {
  expect(printedText(run('b [READ, WRITE]\na'))).toBe(printedText(run('a\nb [WRITE, READ]')))
})
