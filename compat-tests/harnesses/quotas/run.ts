/**
 * Quotas of clients, measured: `run.js [--short]`. On Kafka and Gregor at the same time, clients ask for half as much again as
 * they may, one request after another, and wait as they are made to. Counted from the twelfth second on, when a fresh client has
 * paid its burst, over whole multiples of the time over which a quota is measured: what Gregor lets through is within ten percent
 * of what Kafka does, for one client, ten clients of a user, default entities, request time, and a quota that is removed while
 * its client waits. Then the connections of an address, and the bucket of controller mutations.
 *
 * --short: Gregor alone, against the quotas themselves.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage.
 */
import { parseArgs } from 'node:util'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { kafkaClasspath } from '../../lib/maven.js'
import { freePorts } from '../../lib/ports.js'
import { Tally } from '../../lib/tally.js'
import { type Figures, measured, type Side, users } from './scenarios.js'

const usage = `usage: quotas/run.js [--short]
  --short  Gregor alone, against the quotas themselves; 40 seconds`

/** Of what Kafka lets through. */
const deviationMax = 0.1
/** Of the quota: ten windows out of eleven at the least, and of many clients each may be a chunk ahead. */
const [shareMin, shareMax] = [0.85, 1.1]

const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required ${users
  .map(name => `user_${name}="secret"`)
  .join(' ')};`
const sasl = { 'sasl.enabled.mechanisms': 'PLAIN', 'listener.name.sasl_plaintext.plain.sasl.jaas.config': jaas }

process.exitCode = await main()

async function main(): Promise<number> {
  let isShort: boolean
  try {
    isShort = parseArgs({ options: { short: { type: 'boolean', default: false } } }).values.short
  } catch {
    console.error(usage)
    return 2
  }
  const hasKafka = !isShort && (await kafkaClasspath()) !== null
  if (!isShort && !hasKafka) console.log('without Kafka, which needs a JDK, Maven and its jars: against the quotas themselves')
  const sides: (Side & AsyncDisposable)[] = [await gregorSide()]
  try {
    if (hasKafka) sides.push(await kafkaSide())
    const [gregor, kafka] = await Promise.all(sides.map(side => measured(side, isShort)))
    return judged(gregor!, kafka ?? null)
  } finally {
    for (const side of sides) await side[Symbol.asyncDispose]()
  }
}

function judged(gregor: Figures, kafka: Figures | null): number {
  const tally = new Tally()
  for (const [name, { figure, quota }] of gregor) {
    const reference = kafka?.get(name)?.figure
    const [least, most] = reference === undefined ? [quota * shareMin, quota * shareMax] : boundsAround(reference)
    const shown = `${round(figure)}; ${reference === undefined ? '' : `Kafka ${round(reference)}, `}quota ${quota}`
    const problem = figure >= least && figure <= most ? null : `not from ${round(least)} to ${round(most)}`
    tally.claim(`${name}: ${shown}`, problem)
  }
  return tally.close({ gregor: figuresOf(gregor), kafka: kafka && figuresOf(kafka) })
}

function boundsAround(figure: number): readonly [number, number] {
  return [figure * (1 - deviationMax), figure * (1 + deviationMax)]
}

function figuresOf(figures: Figures): object {
  return Object.fromEntries(Array.from(figures, ([name, { figure }]) => [name, round(figure)]))
}

function round(figure: number): number {
  return Math.round(figure * 100) / 100
}

async function gregorSide(): Promise<Side & AsyncDisposable> {
  const args = Object.entries(sasl).flatMap(([key, value]) => ['--config', `${key}=${value}`])
  const listeners = 'PLAINTEXT://127.0.0.1:0,SASL_PLAINTEXT://127.0.0.1:0'
  const gregor = await startGregor({ isEphemeral: true, listeners, args })
  const [plaintext, secure] = [...gregor.readyLine.matchAll(/\w+:\/\/([^\s,]+)/g)].map(([, address]) => address!)
  return { plaintext: plaintext!, secure: secure!, [Symbol.asyncDispose]: async () => void (await gregor.stop()) }
}

async function kafkaSide(): Promise<Side & AsyncDisposable> {
  const [plain, controller, secured] = await freePorts(3)
  const [plaintext, secure] = [`127.0.0.1:${plain}`, `127.0.0.1:${secured}`]
  const listeners = `PLAINTEXT://${plaintext},SASL_PLAINTEXT://${secure}`
  const properties = {
    ...sasl,
    listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
  }
  const kafka = await startKafka({ properties, ports: [plain!, controller!] })
  return { plaintext, secure, [Symbol.asyncDispose]: () => kafka.stop() }
}
