/**
 * Slow handshakes: `run.js [--clients N] [--no-times]` opens two thousand connections that do not get on with TLS or SASL
 * (silent, or a byte at a time) beside clients that behave. Theirs must not take twice as long (99 % of their requests), the
 * broker's memory must not grow by 100 MiB, and all of them must be gone at the deadline. `--no-times` asserts no durations,
 * for machines that are shared.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage.
 */
import { parseArgs } from 'node:util'
import kafkajs from 'kafkajs'
import { Metadata } from '#protocol/messages/metadata.js'
import { delay, eventually, within } from '../../lib/patience.js'
import { openFiles, processorMs, residentBytes } from '../../lib/process-facts.js'
import { kafkajsLogin, type SecureGregor, startSecureGregor } from '../../lib/secure-gregor.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { Crowd, type CrowdReport } from './crowd.js'

const mebibyte = 1024 * 1024
const growthBytesMax = 100 * mebibyte
/** Kafka has no such deadline; Gregor's own default. */
const handshakeMs = 10_000
/** From the deadline until the clients, in a thread that is busy itself, have seen it. */
const lateMsMax = 2000
const rampMs = 4000
const warmUpMs = 5000
const calmMs = 10_000
const everyMs = 10

const ways = ['PLAINTEXT', 'SASL_SSL'] as const
type Way = (typeof ways)[number]
type Spreads = Record<Way, { requests: number; median: number; p99: number; max: number }>

const usage = `usage: slow-handshakes/run.js [--clients N] [--no-times]
  --clients N  connections that are slow, 2000 by default
  --no-times   asserts no durations`

process.exitCode = await main()

async function main(): Promise<number> {
  let options: { clients: number; noTimes: boolean; help: boolean }
  try {
    const { values } = parseArgs({
      options: {
        clients: { type: 'string', default: '2000' },
        'no-times': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    options = { clients: Number(values.clients), noTimes: values['no-times'], help: values.help }
    if (!Number.isSafeInteger(options.clients)) throw new Error('clients is a number')
  } catch {
    console.error(usage)
    return 2
  }
  if (options.help) {
    console.log(usage)
    return 0
  }
  const tally = new Tally()
  const faults: string[] = []
  const gregor = await startSecureGregor({
    config: {
      'gregor.handshake.timeout.ms': String(handshakeMs),
      'gregor.durability': 'os',
      // A silent client that the system has accepted and then forgotten, its queue being full, believes that it is connected.
      'socket.listen.backlog.size': String(options.clients),
    },
    onLogLine: line => line.includes('"level":"error"') && faults.push(line),
  })
  let figures = {}
  try {
    figures = await beside(gregor, options, tally)
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  tally.claimNone('the broker found no fault in itself', faults)
  const exitCode = await gregor.stop()
  tally.claim('the broker stopped in order at last', exitCode === 0 ? null : `exit code ${exitCode}`)
  return tally.close({ name: 'slow-handshakes', ...figures })
}

async function beside(gregor: SecureGregor, { clients, noTimes }: { clients: number; noTimes: boolean }, tally: Tally) {
  const good = await startGoodClients(gregor)
  await delay(warmUpMs)
  good.take()
  const beforeMs = processorMs(gregor.pid)
  await delay(calmMs)
  const calm = good.take()
  const calmProcessorMs = processorMs(gregor.pid) - beforeMs
  const base = { bytes: residentBytes(gregor.pid), sockets: openFiles(gregor.pid).sockets }

  let peakBytes = 0
  let socketsMax = 0
  const watching = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(gregor.pid))
    socketsMax = Math.max(socketsMax, openFiles(gregor.pid).sockets - base.sockets)
  }, 200)
  const crowd = new Crowd({ addresses: gregor.addresses, authority: gregor.authority.text, clients, rampMs })
  let report: CrowdReport
  try {
    report = await within(rampMs + handshakeMs + 60_000, 'slow clients', crowd.gone)
  } finally {
    clearInterval(watching)
    await crowd.end()
  }
  const beside = good.take()
  const crowdProcessorMs = processorMs(gregor.pid) - beforeMs - calmProcessorMs
  const freed = await eventually(() => openFiles(gregor.pid).sockets <= base.sockets, 10_000)
  const problems = await good.stop()

  const growth = peakBytes - base.bytes
  const lateMs = Math.round((report.lastedMs.at(-1) ?? 0) - handshakeMs)
  tally.claim(`${clients} slow clients were connected`, report.refused === 0 ? null : `${report.refused} were refused`)
  tally.claim('each of them was disconnected', report.lastedMs.length === clients ? null : `${report.lastedMs.length} were`)
  tally.claim('every socket was closed', freed ? null : `${base.sockets} before, ${openFiles(gregor.pid).sockets} after`)
  tally.claimNone('clients that behave were not disturbed', problems)
  tally.claim('memory grew by less than 100 MiB', growth < growthBytesMax ? null : `${toMiB(growth)} MiB`)
  if (!noTimes) {
    tally.claim('all were gone at the deadline', lateMs < lateMsMax ? null : `${lateMs} ms after it`)
    for (const way of ways) {
      const [before, now] = [calm[way].p99, beside[way].p99]
      tally.claim(`99 % of requests (${way}) took less than twice as long`, now < 2 * before ? null : `${before} and ${now} ms`)
    }
  }
  const processor = { calmMs: calmProcessorMs, crowdMs: crowdProcessorMs }
  return { clients, atOnceMax: socketsMax, lateMs, growthMiB: toMiB(growth), processor, calmMs: calm, besideMs: beside }
}

/** A request on a connection of its own every few milliseconds, and a record by a producer that has logged in. */
async function startGoodClients(gregor: SecureGregor) {
  const { Kafka, logLevel, Partitioners } = kafkajs
  const took: Record<Way, number[]> = { PLAINTEXT: [], SASL_SSL: [] }
  const problems: string[] = []
  const probe = await WireClient.connect(gregor.addresses.PLAINTEXT, 'probe')
  const kafka = new Kafka({
    brokers: [gregor.addresses.SASL_SSL],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...kafkajsLogin(gregor, 'SASL_SSL', 'SCRAM-SHA-256'),
  })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  let isStopping = false
  const repeat = async (way: Way, request: () => Promise<unknown>) => {
    while (!isStopping) {
      const sinceMs = performance.now()
      try {
        await request()
      } catch (error) {
        problems.push(`${way}: ${error}`)
        return
      }
      took[way].push(performance.now() - sinceMs)
      await delay(everyMs)
    }
  }
  const running = Promise.all([
    repeat('PLAINTEXT', () => probe.request(Metadata, 9, { topics: [], allowAutoTopicCreation: false })),
    repeat('SASL_SSL', () => producer.send({ topic: 'beside', messages: [{ value: 'a record' }] })),
  ])
  return {
    /** What was measured since the last call. */
    take(): Spreads {
      return { PLAINTEXT: spread(took.PLAINTEXT.splice(0)), SASL_SSL: spread(took.SASL_SSL.splice(0)) }
    },
    async stop(): Promise<string[]> {
      isStopping = true
      await running
      probe.close()
      await producer.disconnect()
      return problems
    },
  }
}

function spread(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
  return { requests: sorted.length, median: at(0.5), p99: at(0.99), max: at(1) }
}

function toMiB(bytes: number): number {
  return Math.round(bytes / mebibyte)
}
