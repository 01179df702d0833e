/** The broker under test, killed and started again on the same port and data: Gregor, or real Kafka as a judge of the harness. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyDirectory } from '#inspect/verify-directory.js'
import { nodeFiles } from '#storage/files.js'
import { type RunningKafka, startKafka } from '../../lib/kafka-broker.js'
import { freePorts } from '../../lib/ports.js'
import { KillableBroker } from '../kill-nine/broker.js'

export interface TestedBroker {
  readonly bootstrap: string
  /** What it logged at level error. */
  readonly errorLines: readonly string[]
  start(): Promise<void>
  kill9(): Promise<void>
  /** In order; null when there is nothing wrong with that, nor with what is left in the data directory. */
  stop(): Promise<string | null>
}

/** Timed out transactions are looked for often: every pause of a client would otherwise cost ten seconds more. */
const settings = { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000' }

/** `configs` are further ones, `KEY=VALUE`. */
export async function gregor(folder: string, configs: readonly string[] = []): Promise<TestedBroker> {
  const own = Object.entries(settings).map(([key, value]) => `${key}=${value}`)
  const args = [...own, ...configs].flatMap(config => ['--config', config])
  const broker = await KillableBroker.create(join(folder, 'gregor'), args)
  return {
    bootstrap: broker.bootstrap,
    errorLines: broker.errorLines,
    start: () => broker.start(),
    kill9: () => broker.kill9(),
    stop: async () => {
      const exitCode = await broker.stop()
      if (exitCode !== 0) return `exit code ${exitCode}`
      const damage = verifyDirectory(nodeFiles, broker.dataDir).findings.list.find(({ severity }) => severity === 'damage')
      return damage === undefined ? null : `gregor verify: ${damage.path}: ${damage.message}`
    },
  }
}

export async function realKafka(folder: string, configs: readonly string[] = []): Promise<TestedBroker> {
  const ports = (await freePorts(2)) as [number, number]
  const own = {
    // Its coordinators load every partition of these at every start.
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.num.partitions': '5',
    // A single node that is killed and back within its session (9 s by default) serves for the rest of it, and is fenced then;
    // transactions that end at that moment are completed without their markers ("likely deleted already"), and what they
    // aborted is read. With a session that is over before it serves, that does not happen.
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '300',
  }
  const given = Object.fromEntries(configs.map(config => config.split('=', 2)))
  let kafka: RunningKafka | null = null
  return {
    bootstrap: `127.0.0.1:${ports[0]}`,
    errorLines: [],
    start: async () => {
      const onLogLine = (line: string) => appendFileSync(join(folder, 'kafka.log'), `${line}\n`)
      kafka = await startKafka({ ports, logDir: join(folder, 'kafka'), properties: { ...settings, ...own, ...given }, onLogLine })
    },
    kill9: async () => {
      await kafka?.kill9()
      kafka = null
    },
    stop: async () => {
      await kafka?.stop()
      return null
    },
  }
}
