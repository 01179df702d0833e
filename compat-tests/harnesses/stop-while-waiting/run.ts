/**
 * `run.js [--stops N]`: kcat, kafkajs and Java wait in long polls while the broker
 * is stopped, half of the times the command, half of the times embedded. Every stop ends in order, with exit code 0.
 */
import { parseArgs } from 'node:util'
import { Tally } from '../../lib/tally.js'
import { brokers, consumers, stopWhileWaiting } from './stops.js'

const { values } = parseArgs({ options: { stops: { type: 'string', default: '50' } } })
const count = Math.ceil(Number(values.stops) / brokers.length)
const tally = new Tally()
const startedMs = performance.now()
for (const kind of brokers) {
  const { stopped, faults, notRun } = await stopWhileWaiting(kind, consumers, count)
  for (const line of notRun) console.log(`not run: ${line}`)
  tally.claimNone(`${kind}: ${stopped} of ${stopped} stops in order`, faults)
}
process.exitCode = tally.close({ stops: count * brokers.length, seconds: Math.round((performance.now() - startedMs) / 1000) })
