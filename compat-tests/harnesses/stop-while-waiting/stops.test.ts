/** The same as run.ts, with what npm brings; the programs are the built ones. */
import { expect, it } from 'vitest'
import { brokers, stopWhileWaiting } from './stops.js'

it.each(brokers)('%s: a stop ends in order while kafkajs waits for records', async kind => {
  expect(await stopWhileWaiting(kind, ['kafkajs'], 3)).toEqual({ stopped: 3, faults: [], notRun: [] })
})
