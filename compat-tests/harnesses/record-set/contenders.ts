/**
 * The clients of the record-set matrix and the one way to run them: the `rs-` verbs of the `run` script in each client's folder
 * (see lib/run.sh). One folder may stand for several contenders: the same program with another version or protocol level,
 * named behind the slash. Installing follows the rule of the line matrix: a missing toolchain is "not run", never a pass.
 */
import { join } from 'node:path'
import { cacheFolder, compatSources } from '../../lib/paths.js'
import { type RunResult, run } from '../../lib/processes.js'
import { type Capabilities, type Codec, codecs } from './expectation.js'

/** `folder` or `folder/profile`, oldest first within a family; the profile reaches the script as RS_PROFILE. */
export const contenderNames = [
  'kafka-node/simple',
  'kafka-node/group',
  'sarama-1.22/0.8.2',
  'sarama-1.22/0.10.0',
  'sarama-1.22/2.1.0',
  'sarama',
  'segmentio-0.2',
  'segmentio',
  'kafka-python-2.0.2/0.9',
  'kafka-python-2.0.2/0.10',
  'kafka-python-2.0.2/probed',
  'kafka-python',
  'librdkafka-1.x/1.0.1-as-0.9',
  'librdkafka-1.x/1.0.1',
  'librdkafka-1.x/1.9.2',
  'kcat',
  'confluent-kafka',
  'rdkafka',
  'rskafka',
  'java-clients/0.9.0.1',
  'java-clients/0.10.2.2',
  'java-clients/2.0.1',
  'java-clients/2.8.2',
  'java-clients/3.9.1',
  'java-clients/4.4.0',
  'kafkajs',
  'platformatic-kafka',
  'aiokafka',
  'franz-go',
] as const

export type ContenderName = (typeof contenderNames)[number]

/** Exit code of `run install` that means "the toolchain is not here", as in automake's tests. */
const EXIT_NOT_AVAILABLE = 77

/** A first build of librdkafka or of a Rust program on one slow core fits. */
const INSTALL_TIMEOUT_MS = 20 * 60_000
const CAPABILITIES_TIMEOUT_MS = 30_000
/** One topic gives up after this long; a client that hangs altogether is ended later. */
const TOPIC_DEADLINE_S = 10
const PROCESS_TIMEOUT_MS = 90_000

const EXPLANATION_CHARACTERS_MAX = 300

export interface Contender {
  readonly name: ContenderName
  readonly version: string
  /** null when it is not run. */
  readonly capabilities: Capabilities | null
  /** null when the client can run here, else why it cannot. */
  readonly notRun: string | null
}

/** A topic that one process is to produce or consume; `file` is read or written. */
export interface Task {
  readonly topic: string
  /** The codec for a producer, the number of records for a consumer. */
  readonly argument: Codec | number
  readonly file: string
}

/** Throws when the installation fails for another reason than a missing toolchain: that is a defect, not an absence. */
export async function installContender(name: ContenderName): Promise<Contender> {
  const installed = await runScript(name, ['install'], INSTALL_TIMEOUT_MS)
  if (installed.exitCode === EXIT_NOT_AVAILABLE) {
    const reason = installed.stderr.match(/^not run: (.*)$/m)?.[1] ?? 'no reason given'
    return { name, version: '', capabilities: null, notRun: reason }
  }
  if (installed.exitCode !== 0) throw new Error(`${name}: run install failed: ${explain(installed)}\n${installed.stderr}`)
  const version = await runScript(name, ['version'], CAPABILITIES_TIMEOUT_MS)
  if (version.exitCode !== 0) throw new Error(`${name}: run version failed: ${explain(version)}`)
  const stated = await runScript(name, ['rs-capabilities'], CAPABILITIES_TIMEOUT_MS)
  if (stated.exitCode !== 0) throw new Error(`${name}: run rs-capabilities failed: ${explain(stated)}`)
  return { name, version: version.stdout.trim(), capabilities: parseCapabilities(name, stated.stdout), notRun: null }
}

function parseCapabilities(name: ContenderName, text: string): Capabilities {
  const parsed: Capabilities = JSON.parse(text)
  const known = (of: readonly Codec[]) => of.every(codec => codecs.includes(codec))
  if (![0, 1, 2].includes(parsed.magic) || !known(parsed.codecs) || !known(parsed.consumeCodecs ?? []))
    throw new Error(`${name}: rs-capabilities says ${text}`)
  return parsed
}

export function produceSet(name: ContenderName, bootstrap: string, tasks: readonly Task[]): Promise<RunResult> {
  return runScript(name, ['rs-produce', bootstrap, ...argumentsOf(tasks)], PROCESS_TIMEOUT_MS)
}

export function consumeSets(name: ContenderName, bootstrap: string, tasks: readonly Task[]): Promise<RunResult> {
  return runScript(name, ['rs-consume', bootstrap, ...argumentsOf(tasks)], PROCESS_TIMEOUT_MS)
}

function argumentsOf(tasks: readonly Task[]): string[] {
  return tasks.flatMap(({ topic, argument, file }) => [topic, String(argument), file])
}

function runScript(name: ContenderName, args: readonly string[], timeoutMs: number): Promise<RunResult> {
  const [folder, profile] = name.split('/') as [string, string?]
  return run(join(compatSources, 'clients', folder, 'run'), args, {
    timeoutMs,
    env: { GREGOR_COMPAT_CACHE: cacheFolder(), RS_PROFILE: profile ?? '', RS_DEADLINE_S: String(TOPIC_DEADLINE_S) },
  })
}

/** What the client said of this topic, else how it ended and the last of its words that speak of an error. */
export function explain(result: RunResult, topic?: string): string {
  const ending = result.timedOut ? 'timed out' : `exit code ${result.exitCode}`
  const words = `${result.stdout}\n${result.stderr}`.trim().split('\n')
  const ofTopic = topic === undefined ? undefined : words.findLast(line => line.startsWith(`${topic}: `))
  if (ofTopic !== undefined) return ofTopic.slice(topic!.length + 2).slice(0, EXPLANATION_CHARACTERS_MAX)
  const telling = words.findLast(line => /error|exception|fail/i.test(line)) ?? words.at(-1)!
  return telling === '' ? ending : `${ending}: ${telling.trim().slice(0, EXPLANATION_CHARACTERS_MAX)}`
}
