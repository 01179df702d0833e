import { expect, it } from 'vitest'
import { configLines } from './config-lines.js'

it('configs are entered as lines of key=value', () => {
  expect(configLines(' retention.ms = 1000 \n\ncleanup.policy=compact,delete\nx=a=b\ny=')).toEqual({
    configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact,delete', x: 'a=b', y: '' },
    problem: null,
  })
})

it.each(['retention.ms', '=1', 'a b=1'])('the line %j is none', line => {
  expect(configLines(`a=1\n${line}`).problem).toContain(line)
})
