import { expect, test } from 'vitest'
import type { Log } from './log.js'
import { Loggers, loggersOf, withLoggers } from './loggers.js'

function heard() {
  const lines: string[] = []
  const say = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`)
  const out: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  return { lines, out }
}

test('a logger says what its level lets through, or the root’s where it has none', () => {
  const { lines, out } = heard()
  const loggers = new Loggers(out, 'WARN')
  const log = loggers.named('kafka.log')
  const say = () => {
    log.debug({}, 'a')
    log.info({}, 'b')
    log.warn({}, 'c')
    log.error({}, 'd')
    return lines.splice(0)
  }
  expect(say()).toEqual(['warn c', 'error d'])
  loggers.set('kafka.log', 'TRACE')
  expect(say()).toEqual(['debug a', 'info b', 'warn c', 'error d'])
  loggers.set('root', 'FATAL')
  expect(say()).toHaveLength(4)
  loggers.set('kafka.log', null)
  expect(say()).toEqual(['error d'])
  expect([...loggers.levels().values()]).toEqual(Array(6).fill('FATAL'))
})

test('whoever has one of the logs finds all loggers', () => {
  const { out } = heard()
  const loggers = loggersOf(out)
  expect(loggersOf(loggers.named('kafka.network'))).toBe(loggers)
  const another = new Loggers(out, 'INFO')
  expect(loggersOf(withLoggers({ ...out }, another))).toBe(another)
})
