/**
 * Hostile logins: `run.js [--frames N] [--seed N] [--lanes N]` sends a million SASL messages and TLS records that no client
 * should send to a broker with a listener of every protocol, while others work on undisturbed. Each must be answered, or its
 * connection closed, within a time; the broker must not exit, find no fault in itself, grow by less than 50 MiB after it has
 * warmed up, write no flood and no secret to its log, and let in everybody who should get in, by every listener and mechanism.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage.
 */
import { parseArgs } from 'node:util'
import kafkajs from 'kafkajs'
import { type MechanismName, mechanisms } from '../../lib/logins.js'
import { delay, eventually, within } from '../../lib/patience.js'
import { openFiles, residentBytes } from '../../lib/process-facts.js'
import { randomSeed } from '../../lib/random.js'
import { kafkajsLogin, type Protocol, protocols, type SecureGregor, startSecureGregor } from '../../lib/secure-gregor.js'
import { Tally } from '../../lib/tally.js'
import { Bystanders } from '../hostile-input/bystanders.js'
import { LogLines } from './log-lines.js'
import { Storm } from './storm.js'

const mebibyte = 1024 * 1024
const growthBytesMax = 50 * mebibyte
/** The first part of the frames compiles the broker's code and fills its buffers. */
const warmUpShare = 0.2
const handshakeMs = 3000
const quietMs = 3000
const settleMs = 30_000
const roundTripMsMax = 30_000

const usage = `usage: hostile-logins/run.js [--frames N] [--seed N] [--lanes N]
  --frames N  SASL messages and TLS records, 1000000 by default
  --seed N    of the run's randomness
  --lanes N   hostile clients at once, 64 by default`

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        frames: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: String(randomSeed()) },
        lanes: { type: 'string', default: '64' },
        help: { type: 'boolean', default: false },
      },
    })
    const numbers = { frames: Number(values.frames), seed: Number(values.seed), lanes: Number(values.lanes) }
    return Object.values(numbers).every(Number.isSafeInteger) ? { ...numbers, help: values.help } : null
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null || options.help) {
    console.log(usage)
    return options === null ? 2 : 0
  }
  console.log(`hostile-logins: ${options.frames} frames, seed ${options.seed}`)
  const tally = new Tally()
  const figures: Record<string, unknown> = { name: 'hostile-logins', seed: options.seed }
  const log = new LogLines()
  const gregor = await startSecureGregor({
    config: {
      'gregor.handshake.timeout.ms': String(handshakeMs),
      // Ten times as many failures in the same time.
      'connection.failed.authentication.delay.ms': '10',
      'connections.max.reauth.ms': '60000',
      'auto.create.topics.enable': 'true',
    },
    onLogLine: log.hear,
  })
  console.log(gregor.readyLine)
  try {
    Object.assign(figures, await attack(gregor, options, tally))
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  tally.claim('the broker is still there', gregor.hasExited() ? `it ended: ${gregor.stderr().slice(-3000)}` : null)
  const exitCode = await gregor.stop()
  tally.claim('the broker stopped in order at last', exitCode === 0 ? null : `exit code ${exitCode}`)
  tally.claimNone('the broker found no fault in itself', [...log.faults])
  tally.claimNone('no secret is in the log', log.secrets)
  tally.claimNone('a peer and a reason are in one line of the log in ten seconds', log.repeated)
  tally.claim('the log is no flood', log.flood)
  tally.claimNone('no line of the log is long', log.long)
  return tally.close({ ...figures, logLines: log.count, linesPerTenSecondsMax: log.busiest })
}

async function attack(
  gregor: SecureGregor,
  { frames, seed, lanes }: { frames: number; seed: number; lanes: number },
  tally: Tally,
): Promise<object> {
  const bystanders = new Bystanders(gregor.addresses.PLAINTEXT)
  await bystanders.start()
  await welcome(gregor, tally, 'before')
  await delay(quietMs)
  const calm = bystanders.latenciesMs.splice(0)
  const baseSockets = openFiles(gregor.pid).sockets

  const startedMs = performance.now()
  let peakBytes = 0
  let shown = 0
  const options = { addresses: gregor.addresses, authority: gregor.authority.text, seed, lanes, handshakeMs }
  const storm = new Storm(options, counts => {
    if (gregor.hasExited()) return
    const bytes = residentBytes(gregor.pid)
    peakBytes = Math.max(peakBytes, bytes)
    if (counts.frames - shown < frames / 10) return
    shown = counts.frames
    console.log(`${JSON.stringify(counts)} ${toMiB(bytes)} MiB`)
  })
  await storm.rage(Math.ceil(frames * warmUpShare))
  await delay(quietMs)
  const warmBytes = residentBytes(gregor.pid)
  const report = await storm.rage(Math.floor(frames * (1 - warmUpShare)))
  const seconds = (performance.now() - startedMs) / 1000
  await storm.end()

  await bystanders.stop(check => eventually(check, settleMs))
  const freed = await eventually(() => openFiles(gregor.pid).sockets <= baseSockets, settleMs)
  await welcome(gregor, tally, 'after')
  await delay(quietMs)
  const endBytes = residentBytes(gregor.pid)
  const growth = endBytes - warmBytes
  tally.claimNone('every message was answered, or its connection closed, in time', report.problems)
  tally.claimNone('clients that behave were not disturbed', bystanders.problems)
  tally.claim('memory grew by less than 50 MiB', growth < growthBytesMax ? null : `${toMiB(growth)} MiB`)
  tally.claim('every socket was closed', freed ? null : `${baseSockets} before, ${openFiles(gregor.pid).sockets} after`)
  return {
    ...report.counts,
    held: report.held,
    seconds: Math.round(seconds),
    framesPerSecond: Math.round(report.counts.frames / seconds),
    residentMiB: { warm: toMiB(warmBytes), peak: toMiB(peakBytes), end: toMiB(endBytes) },
    latencyMs: { calm: spread(calm), storm: spread(bystanders.latenciesMs) },
  }
}

/** A record there and back over every listener and by every mechanism. */
async function welcome(gregor: SecureGregor, tally: Tally, when: string): Promise<void> {
  const ways: [Protocol, MechanismName][] = protocols.flatMap(protocol =>
    (protocol.startsWith('SASL') ? mechanisms : mechanisms.slice(0, 1)).map(
      name => [protocol, name] as [Protocol, MechanismName],
    ),
  )
  const problems: string[] = []
  for (const [protocol, mechanism] of ways) {
    const topic = `${when}-${protocol}-${mechanism}`
    try {
      await within(roundTripMsMax, topic, roundTrip(gregor, protocol, mechanism, topic))
    } catch (error) {
      problems.push(`${topic}: ${(error as Error).message}`)
    }
  }
  tally.claimNone(`${when} the storm every listener and mechanism takes a record and gives it back`, problems)
}

async function roundTrip(gregor: SecureGregor, protocol: Protocol, mechanism: MechanismName, topic: string): Promise<void> {
  const { Kafka, logLevel, Partitioners } = kafkajs
  const kafka = new Kafka({
    brokers: [gregor.addresses[protocol]],
    logLevel: logLevel.NOTHING,
    ...kafkajsLogin(gregor, protocol, mechanism),
  })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  const consumer = kafka.consumer({ groupId: topic })
  try {
    await producer.connect()
    await producer.send({ topic, messages: [{ value: topic }] })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }) =>
        String(message.value) === topic ? resolve() : reject(new Error(`got ${message.value}`))
      void consumer.run({ eachMessage })
    })
  } finally {
    await Promise.allSettled([producer.disconnect(), consumer.disconnect()])
  }
}

function toMiB(bytes: number): number {
  return Math.round(bytes / mebibyte)
}

function spread(values: readonly number[]): { median: number; p99: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
  return { median: at(0.5), p99: at(0.99), max: at(1) }
}
