/**
 * franz-go's own end-to-end tests: `run.js [--runs N] [--records N] [--kafka] [--bootstrap HOST:PORT] [--verbose]`. Of its
 * module, as the Go proxy has it, TestTxnEtl and TestGroupETL are built and run N times in a row against one broker: chains of
 * three groups whose members join and leave, with transactions and without; nothing may be lost, seen twice or out of order.
 * Half of the groups speak the consumer protocol (KIP-848): their subtests skip themselves where it is not served, and fail here.
 *
 * Exit code 0 when every run passes, 1 when one does not, 2 for wrong usage.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { cacheFolder, compatSources } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import { Tally } from '../../lib/tally.js'

const testedPackage = 'github.com/twmb/franz-go/pkg/kgo'
const tests = ['TestTxnEtl', 'TestGroupETL']
const subtests = [
  ...['range', 'cooperative-sticky', 'cooperative-sticky/static'],
  // In the consumer protocol.
  ...['range/848', 'sticky/848', 'sticky/848/static'],
]
const buildTimeoutMs = 10 * 60_000
/** Its members wait by themselves for a while; the records come on top. */
const runTimeoutMs = (records: number): number => 180_000 + records * 3

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    records: { type: 'string', default: '50000' },
    kafka: { type: 'boolean', default: false },
    bootstrap: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const [runs, records] = [Number(values.runs), Number(values.records)]
if (![runs, records].every(count => Number.isInteger(count) && count >= 1)) {
  console.error('runs and records are whole numbers above 0')
  process.exit(2)
}
process.exitCode = await main()

async function main(): Promise<number> {
  const program = join(cacheFolder(), 'franz-go-kgo.test')
  const built = await run('go', ['test', '-c', '-o', program, testedPackage], {
    cwd: join(compatSources, 'clients', 'franz-go'),
    timeoutMs: buildTimeoutMs,
  })
  if (built.exitCode !== 0) {
    console.log(`not run: franz-go's tests need Go and its module proxy\n${built.stderr}`)
    return 0
  }
  const broker = await findBroker()
  const tally = new Tally()
  const tookMs: number[] = []
  try {
    for (let nth = 1; nth <= runs; nth++) tookMs.push(await once(tally, program, broker.bootstrap, nth))
  } finally {
    await broker.stop()
  }
  return tally.close({ runs, records, seconds: tookMs.map(ms => Math.round(ms / 1000)) })
}

async function findBroker(): Promise<{ bootstrap: string; stop(): Promise<unknown> }> {
  if (values.bootstrap !== undefined) return { bootstrap: values.bootstrap, stop: async () => {} }
  if (!values.kafka) return startGregor()
  const kafka = await startKafka()
  return { bootstrap: kafka.bootstrapServers, stop: kafka.stop }
}

async function once(tally: Tally, program: string, bootstrap: string, nth: number): Promise<number> {
  const args = ['-test.v', '-test.run', `^(${tests.join('|')})$`, '-test.timeout', `${Math.ceil(runTimeoutMs(records) / 1000)}s`]
  const { exitCode, stdout, stderr, elapsedMs } = await run(program, args, {
    timeoutMs: runTimeoutMs(records) + 10_000,
    env: {
      KGO_SEEDS: bootstrap,
      KGO_TEST_RF: '1',
      KGO_TEST_RECORDS: String(records),
      // Ends of transactions that overlap the next begin, which Kafka allows.
      KGO_TEST_UNSAFE: '1',
      KGO_LOG_LEVEL: values.verbose ? 'info' : 'none',
    },
  })
  if (values.verbose) process.stderr.write(stderr)
  const passed = new Set([...stdout.matchAll(/^ *--- PASS: (\S+)/gm)].map(match => match[1]!))
  const wanted = tests.flatMap(test => [test, ...subtests.map(subtest => `${test}/${subtest}`)])
  const missing = wanted.filter(name => !passed.has(name))
  const said = `${stdout.slice(-4000)}\n${stderr.slice(-2000)}`
  const problem = exitCode === 0 && missing.length === 0 ? null : `exit ${exitCode}, not passed: ${missing.join(', ')}\n${said}`
  tally.claim(`run ${nth}: ${tests.join(' and ')} with ${records} records, ${passed.size} passed`, problem)
  return elapsedMs
}
