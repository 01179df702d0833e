/**
 * The record-set matrix: `run.js` starts Gregor and sends one record set through every ordered
 * pair of clients of every age, with every codec. `--kafka` takes a real Kafka 3.9 instead, the last that still serves the old
 * ones, and proves the expectations right. Prints the table; a full run against Gregor writes its section of
 * docs/compatibility.md. Exit code 0 when every reading is right, 1 when one is not, 2 for wrong usage.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeSection } from '../../lib/generated-section.js'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { type Contender, type ContenderName, contenderNames, installContender } from './contenders.js'
import { type Codec, codecs } from './expectation.js'
import { RecordSetMatrix } from './matrix.js'
import { recordSet } from './record-set.js'
import { counts, documentation, failureLines, knownLines, notRunLines, type Result, table } from './report.js'

/** The last Kafka whose broker still answers Produce 0-2 and Fetch 0-3. */
const KAFKA_WITH_OLD_VERSIONS = '3.9.1'

/** Codecs of a quick run: one plain, one compressed. */
const QUICK_CODECS: readonly Codec[] = ['none', 'gzip']

const LAST_WORDS_CHARACTERS = 4000

const usage = `usage: node dist/compat-tests/harnesses/record-set/run.js [--bootstrap HOST:PORT | --kafka] [--only client,client] [--quick]
  --bootstrap  test this broker instead of starting Gregor
  --kafka      test Apache Kafka ${KAFKA_WITH_OLD_VERSIONS}
  --only       only these clients (a folder's name stands for all its profiles), of:
               ${contenderNames.join(', ')}
  --codecs     only these, of: ${codecs.join(', ')}
  --quick      the codecs ${QUICK_CODECS.join(' and ')} only`

interface Options {
  readonly bootstrap: string | null
  readonly kafka: boolean
  readonly only: readonly ContenderName[]
  readonly codecs: readonly Codec[]
  readonly writesDocument: boolean
}

interface Broker {
  readonly name: string
  readonly bootstrap: string
  assertAlive(): void
  stderr(): string
  stop(): Promise<unknown>
}

const options = readOptions()
if (options === null) {
  console.error(usage)
  process.exit(2)
}
process.exit(await main(options))

function readOptions(): Options | null {
  try {
    const { values } = parseArgs({
      options: {
        bootstrap: { type: 'string' },
        kafka: { type: 'boolean', default: false },
        only: { type: 'string' },
        codecs: { type: 'string' },
        quick: { type: 'boolean', default: false },
      },
    })
    const wanted = values.only?.split(',')
    const isMeant = (name: ContenderName, by: string) => name === by || name.split('/')[0] === by
    const only = contenderNames.filter(name => wanted?.some(by => isMeant(name, by)) ?? true)
    const wantedCodecs = values.codecs?.split(',') ?? (values.quick ? QUICK_CODECS : codecs)
    const known = codecs.filter(codec => wantedCodecs.includes(codec))
    if (only.length === 0 || known.length !== wantedCodecs.length || (values.kafka && values.bootstrap !== undefined)) return null
    if (wanted?.some(by => !contenderNames.some(name => isMeant(name, by)))) return null
    return {
      bootstrap: values.bootstrap ?? null,
      kafka: values.kafka,
      only,
      codecs: known,
      writesDocument: values.bootstrap === undefined && !values.kafka && wanted === undefined && known.length === codecs.length,
    }
  } catch {
    return null
  }
}

async function main(options: Options): Promise<number> {
  const contenders: Contender[] = []
  for (const name of options.only) {
    const contender = await installContender(name)
    console.log(contender.notRun === null ? `${name}: ${contender.version}` : `${name} not run: ${contender.notRun}`)
    contenders.push(contender)
  }

  const broker = await startBroker(options)
  const scratch = scratchFolder('record-set')
  let exitCode = 1
  try {
    const matrix = new RecordSetMatrix(broker.bootstrap, contenders, options.codecs, options.kafka, scratch, broker.assertAlive)
    const readings = await matrix.run()
    broker.assertAlive()
    exitCode = report({ broker: broker.name, contenders, codecsRun: options.codecs, readings }, options)
  } catch (error) {
    console.error(error)
    console.error(`The broker's last words:\n${broker.stderr().slice(-LAST_WORDS_CHARACTERS)}`)
  }
  await broker.stop()
  await rm(scratch, { recursive: true, force: true })
  return exitCode
}

async function startBroker({ bootstrap, kafka }: Options): Promise<Broker> {
  if (bootstrap !== null) return { name: bootstrap, bootstrap, assertAlive: () => {}, stderr: () => '', stop: async () => {} }
  if (kafka) {
    const { bootstrapServers, stderr, stop } = await startKafka({ version: KAFKA_WITH_OLD_VERSIONS })
    const name = `Apache Kafka ${KAFKA_WITH_OLD_VERSIONS}`
    return { name, bootstrap: bootstrapServers, assertAlive: () => {}, stderr, stop }
  }
  const gregor = await startGregor()
  const assertAlive = () => {
    if (gregor.hasExited()) throw new Error('Gregor ended during the run')
  }
  return { name: 'Gregor', bootstrap: gregor.bootstrap, assertAlive, stderr: gregor.stderr, stop: gregor.stop }
}

function report(result: Result, { writesDocument }: Options): number {
  console.log(`\n${table(result)}\n`)
  for (const line of [...failureLines(result), ...knownLines(result), ...notRunLines(result)]) console.log(line)
  const { passed, failed, known } = counts(result)
  if (known > 0) console.log(`${known} impossible between the clients`)
  console.log(`${passed} passed, ${failed} failed`)
  if (writesDocument) {
    const page = join(repositoryRoot, 'docs', 'compatibility.md')
    writeSection(page, 'Compatibility', 'record-set', documentation(result, recordSet().length))
    console.log(`written: ${page}`)
  }
  return failed > 0 || passed === 0 ? 1 : 0
}
