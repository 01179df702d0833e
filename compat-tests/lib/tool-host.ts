/**
 * The command-line tools of Kafka as functions: one JVM (ToolHost.java) runs them all, one after another, each with its own
 * input, output and exit code. A tool that must live beside others (a group member) is started with start(). Knows the class
 * behind each shell script of Kafka 4.4; knows nothing of what the tools should answer.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { javaArgs, shortLivedJvmArgs } from './maven.js'
import { compatSources } from './paths.js'
import { run } from './processes.js'

/** Shell script of Kafka 4.4 → main class that it starts. */
export const toolClasses = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-configs': 'org.apache.kafka.tools.ConfigCommand',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-delegation-tokens': 'org.apache.kafka.tools.DelegationTokenCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-share-groups': 'org.apache.kafka.tools.consumer.group.ShareGroupCommand',
  'kafka-streams-groups': 'org.apache.kafka.tools.streams.StreamsGroupCommand',
  'kafka-streams-application-reset': 'org.apache.kafka.tools.StreamsResetter',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-client-metrics': 'org.apache.kafka.tools.ClientMetricsCommand',
  'kafka-replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
  'transactional-message-copier': 'org.apache.kafka.tools.TransactionalMessageCopier',
} as const

export type ToolName = keyof typeof toolClasses

export interface ToolRun {
  /** As a user would have typed it. */
  readonly command: string
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** The deadline passed and the tool was stopped. */
  readonly timedOut: boolean
}

export interface ToolOptions {
  /** What the tool reads as its standard input. */
  readonly stdinFile?: string
  readonly timeoutMs?: number
}

export interface RunningTool {
  /** What it printed so far. */
  output(): Promise<{ readonly stdout: string; readonly stderr: string }>
  /** As Ctrl-C does. */
  stop(): Promise<ToolRun>
}

const TOOL_TIMEOUT_MS = 45_000

export class ToolHost implements AsyncDisposable {
  /** For the report of a failed check. */
  lastRun: ToolRun | null = null
  timeoutCount = 0
  private nextId = 1
  private readonly waiting = new Map<string, (fields: string[]) => void>()

  private constructor(
    private readonly jvm: ChildProcess,
    private readonly classpath: string,
  ) {
    createInterface({ input: jvm.stdout! }).on('line', line => {
      const [verb, id, ...fields] = line.split('\t')
      const key = `${verb} ${id}`
      const resolve = this.waiting.get(key)
      this.waiting.delete(key)
      resolve?.(fields)
    })
    jvm.on('exit', code => {
      const lastWords = Buffer.from(`the JVM of the tools ended with exit code ${code}`).toString('base64')
      for (const resolve of this.waiting.values()) resolve(['1', '', lastWords])
      this.waiting.clear()
    })
  }

  static start(classpath: string): ToolHost {
    const source = join(compatSources, 'lib', 'kafka', 'ToolHost.java')
    const jvm = spawn('java', ['-Xmx512m', '-XX:+UseSerialGC', ...javaArgs(classpath), source, classpath], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    return new ToolHost(jvm, classpath)
  }

  async run(tool: ToolName, args: readonly string[], options: ToolOptions = {}): Promise<ToolRun> {
    const id = this.send(tool, args, 'shared', options)
    const done = this.answerTo('done', id)
    let timedOut = false
    const deadline = setTimeout(() => {
      timedOut = true
      this.timeoutCount++
      this.write('stop', id)
      // A tool that ignores Ctrl-C must not hold the others up.
      setTimeout(() => this.waiting.get(`done ${id}`)?.(['-1', '', '']), 5_000).unref()
    }, options.timeoutMs ?? TOOL_TIMEOUT_MS)
    const fields = await done
    clearTimeout(deadline)
    this.lastRun = toolRun(tool, args, fields, timedOut)
    return this.lastRun
  }

  /** For a tool that ends its JVM, or works on in a hook of its shutdown, as the copier and the verifiable producer do. */
  async runInOwnJvm(tool: ToolName, args: readonly string[]): Promise<ToolRun> {
    const result = await run('java', [...shortLivedJvmArgs, ...javaArgs(this.classpath), toolClasses[tool], ...args], {
      timeoutMs: TOOL_TIMEOUT_MS,
    })
    if (result.timedOut) this.timeoutCount++
    const { stdout, stderr, timedOut } = result
    this.lastRun = { command: [tool, ...args].join(' '), exitCode: result.exitCode ?? -1, stdout, stderr, timedOut }
    return this.lastRun
  }

  /** Starts a tool that runs until it is stopped, in a world of its own. */
  start(tool: ToolName, args: readonly string[], options: ToolOptions = {}): RunningTool {
    const id = this.send(tool, args, `world-${this.nextId}`, options)
    const done = this.answerTo('done', id)
    let ended: string[] | null = null
    void done.then(fields => {
      ended = fields
    })
    return {
      output: async () => {
        if (ended !== null) return toolRun(tool, args, ended, false)
        const peek = this.answerTo('peek', id)
        this.write('peek', id)
        // It may end in between; then the peek is not answered.
        const [stdout, stderr] = await Promise.race([peek, done.then(fields => fields.slice(1))])
        return { stdout: text(stdout), stderr: text(stderr) }
      },
      stop: async () => {
        if (ended === null) this.write('stop', id)
        this.lastRun = toolRun(tool, args, await done, false)
        return this.lastRun
      },
    }
  }

  /** Ends the JVM; tools that still run end with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const exited = new Promise(resolve => this.jvm.once('exit', resolve))
    this.jvm.stdin!.end()
    const lastResort = setTimeout(() => this.jvm.kill('SIGKILL'), 5_000)
    if (this.jvm.exitCode === null && this.jvm.signalCode === null) await exited
    clearTimeout(lastResort)
  }

  private send(tool: ToolName, args: readonly string[], world: string, options: ToolOptions): string {
    const id = String(this.nextId++)
    const encoded = args.map(arg => Buffer.from(arg).toString('base64'))
    this.write('run', id, world, options.stdinFile ?? '-', toolClasses[tool], ...encoded)
    return id
  }

  private write(...fields: readonly string[]): void {
    this.jvm.stdin!.write(`${fields.join('\t')}\n`)
  }

  private answerTo(verb: string, id: string): Promise<string[]> {
    return new Promise(resolve => this.waiting.set(`${verb} ${id}`, resolve))
  }
}

function toolRun(tool: ToolName, args: readonly string[], fields: readonly string[], timedOut: boolean): ToolRun {
  const [exitCode, stdout] = fields
  const stderr = tool === 'kafka-dump-log' ? withoutFalseGaps(text(fields[2])) : text(fields[2])
  return { command: [tool, ...args].join(' '), exitCode: Number(exitCode), stdout: text(stdout), stderr, timedOut }
}

/** Kafka 4.4's kafka-dump-log calls the first batch of every segment but a log's first a gap, after an offset of -1. */
function withoutFalseGaps(stderr: string): string {
  return stderr.replaceAll(/^ {2}-1 is followed by \d+\n/gm, '').replaceAll(/^Non-consecutive offsets in .*\n(?! {2}\d)/gm, '')
}

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8')
}
