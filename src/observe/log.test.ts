import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fakeWorld } from '../testing/fake-world.js'
import { type LogLevel, processLog } from './log.js'

let directory: string
let descriptor: number
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gregor-log-'))
  descriptor = openSync(join(directory, 'log'), 'w')
})
afterEach(() => {
  closeSync(descriptor)
  rmSync(directory, { recursive: true })
})

const written = () => readFileSync(join(directory, 'log'), 'utf8')
const lines = () =>
  written()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
const newLog = (level: LogLevel, format: 'json' | 'pretty' = 'json') => {
  const world = fakeWorld({ nowMs: 1000 })
  return { world, log: processLog({ level, format, world, descriptor }) }
}

it('lines before opening are kept, and written with the time at which they happened', async () => {
  const { world, log } = newLog('info')
  log.info({ topic: 'a' }, 'early')
  world.advance(500)
  expect(written()).toBe('')
  await log.open()
  log.warn({}, 'late')
  expect(lines()).toEqual([
    { level: 'info', time: 1000, topic: 'a', msg: 'early' },
    { level: 'warn', time: 1500, msg: 'late' },
  ])
})

it('lines below the level are nothing, before opening and after', async () => {
  const { log } = newLog('warn')
  log.info({}, 'early')
  await log.open()
  log.debug({}, 'late')
  log.error({}, 'shown')
  expect(lines()).toMatchObject([{ msg: 'shown' }])
})

it('an error keeps its stack', async () => {
  const { log } = newLog('info')
  await log.open()
  log.error({ err: new Error('broken') }, 'stopping')
  expect(lines()[0].err).toMatchObject({ message: 'broken', stack: expect.stringContaining('log.test') })
})

it('what is kept before opening is bounded, and the loss is told', async () => {
  const { log } = newLog('info')
  for (let index = 0; index < 1005; index++) log.info({}, 'again')
  await log.open()
  expect(lines()).toHaveLength(1001)
  expect(lines().at(-1)).toMatchObject({ level: 'warn', dropped: 5 })
})

it('opening twice writes once', async () => {
  const { log } = newLog('info')
  log.info({}, 'early')
  await Promise.all([log.open(), log.open()])
  expect(lines()).toHaveLength(1)
})

it('the pretty form is for people', async () => {
  const { log } = newLog('info', 'pretty')
  await log.open()
  log.info({ port: 9092 }, 'listening')
  expect(written()).toMatch(/INFO.*listening[\s\S]*port: 9092/)
})
