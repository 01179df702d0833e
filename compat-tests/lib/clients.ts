/**
 * The clients of the matrix and the one way to run them: the `run` script in each client's folder (its verbs are described
 * in lib/run.sh). A client whose toolchain is missing stays in the list as not available, with the reason it gave.
 */
import { join } from 'node:path'
import { cacheFolder, compatSources } from './paths.js'
import { type RunResult, run } from './processes.js'

/** Folder names below compat-tests/clients/, in the order of the table. */
export const clientNames = [
  'kafkajs',
  'platformatic-kafka',
  'kcat',
  'confluent-kafka',
  'aiokafka',
  'kafka-python',
  'franz-go',
  'java-console',
] as const

export type ClientName = (typeof clientNames)[number]

/** Exit code of `run install` that means "the toolchain is not here", as in automake's tests. */
const EXIT_NOT_AVAILABLE = 77

const INSTALL_TIMEOUT_MS = 10 * 60_000
const VERSION_TIMEOUT_MS = 30_000
/** One subscription gives up after this long; a client that hangs altogether is ended a little later. */
const SUBSCRIPTION_DEADLINE_S = 60
const PRODUCE_TIMEOUT_MS = 120_000
const CONSUME_TIMEOUT_MS = 300_000

/** Some clients log a whole stack in one line. */
const EXPLANATION_CHARACTERS_MAX = 300

export interface Client {
  readonly name: ClientName
  readonly version: string
  /** null when the client can run here, else why it cannot. */
  readonly notRun: string | null
}

export interface Subscription {
  readonly topic: string
  readonly group: string
  /** Receives `partition TAB offset TAB value` per record. */
  readonly outputFile: string
}

/** Throws when the installation fails for another reason than a missing toolchain: that is a defect, not an absence. */
export async function installClient(name: ClientName): Promise<Client> {
  const installed = await runScript(name, ['install'], INSTALL_TIMEOUT_MS)
  if (installed.exitCode === EXIT_NOT_AVAILABLE) {
    const reason = installed.stderr.match(/^not run: (.*)$/m)?.[1] ?? 'no reason given'
    return { name, version: '', notRun: reason }
  }
  if (installed.exitCode !== 0) throw new Error(`compat-tests/clients/${name}/run install failed: ${explain(installed)}`)
  const version = await runScript(name, ['version'], VERSION_TIMEOUT_MS)
  if (version.exitCode !== 0) throw new Error(`compat-tests/clients/${name}/run version failed: ${explain(version)}`)
  return { name, version: version.stdout.trim(), notRun: null }
}

export function produce(name: ClientName, bootstrap: string, topic: string, file: string): Promise<RunResult> {
  return runScript(name, ['produce', bootstrap, topic, file], PRODUCE_TIMEOUT_MS)
}

export function consume(name: ClientName, bootstrap: string, count: number, of: readonly Subscription[]): Promise<RunResult> {
  const triples = of.flatMap(({ topic, group, outputFile }) => [topic, group, outputFile])
  return runScript(name, ['consume', bootstrap, String(count), ...triples], CONSUME_TIMEOUT_MS)
}

function runScript(name: ClientName, args: readonly string[], timeoutMs: number): Promise<RunResult> {
  return run(join(compatSources, 'clients', name, 'run'), args, {
    timeoutMs,
    env: { GREGOR_COMPAT_CACHE: cacheFolder(), COMPAT_DEADLINE_S: String(SUBSCRIPTION_DEADLINE_S) },
  })
}

/** A failed run in one line: how it ended and the last of its words that speak of an error. */
export function explain(result: RunResult): string {
  const ending = result.timedOut ? 'timed out' : `exit code ${result.exitCode}`
  const words = `${result.stdout}\n${result.stderr}`.trim().split('\n')
  const telling = words.findLast(line => /error|exception|fail/i.test(line)) ?? words.at(-1)!
  return telling === '' ? ending : `${ending}: ${telling.trim().slice(0, EXPLANATION_CHARACTERS_MAX)}`
}
