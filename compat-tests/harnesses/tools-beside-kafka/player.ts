/** Plays command lines to one broker, one after another; tells what each printed, without what any two brokers differ in. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { delay } from '../../lib/patience.js'
import { printedText } from '../../lib/printed-text.js'
import type { RunningTool, ToolHost, ToolName, ToolRun } from '../../lib/tool-host.js'
import { type Broker, login, plainLogin } from './brokers.js'
import type { Command } from './command.js'
import { inputOf } from './inputs.js'
import { withoutFigures } from './without-figures.js'

const UNTIL_MS_MAX = 30_000

/** It works on in a hook of the JVM's shutdown. */
const inOwnJvm: readonly ToolName[] = ['kafka-verifiable-producer']

export class Player {
  /** What the broker printed and later commands need: `topic-id NAME`, `hmac`. */
  readonly #known = new Map<string, string>()
  readonly #running = new Map<string, RunningTool>()

  constructor(
    private readonly broker: Broker,
    private readonly host: ToolHost,
    private readonly scratch: string,
  ) {}

  async play(commands: readonly Command[]): Promise<string[]> {
    const printed: string[] = []
    for (const command of commands) printed.push(await this.#printedBy(command))
    return printed
  }

  async #printedBy(command: Command): Promise<string> {
    const { how, tool } = command
    switch (how.verb) {
      case 'start':
        this.#running.set(how.name, this.host.start(tool, this.#argsOf(command)))
        return 'started'
      case 'stop':
        return this.#neutral(tool, await this.#running.get(how.name)!.stop())
      case 'await': {
        const seen = await this.#repeated(
          async () => (await this.#running.get(how.name)!.output()).stdout.split('\n').length - 1,
          lines => lines >= how.lines,
        )
        return `${Math.min(seen, how.lines)} lines`
      }
      case 'run':
        return this.#neutral(tool, await this.#run(command))
      case 'until': {
        const hasPrinted = (run: ToolRun) => `${run.stdout}${run.stderr}`.includes(how.printed)
        return this.#neutral(tool, await this.#repeated(() => this.#run(command), hasPrinted))
      }
    }
  }

  async #repeated<T>(read: () => Promise<T>, isAccepted: (value: T) => boolean): Promise<T> {
    const endMs = performance.now() + UNTIL_MS_MAX
    for (;;) {
      const value = await read()
      if (isAccepted(value) || performance.now() > endMs) return value
      await delay(50)
    }
  }

  async #run(command: Command): Promise<ToolRun> {
    const { tool, input } = command
    const args = this.#argsOf(command)
    const options = input === null ? {} : { stdinFile: this.#file(input, inputOf(input, this.broker.dataDir)) }
    const run = inOwnJvm.includes(tool) ? await this.host.runInOwnJvm(tool, args) : await this.host.run(tool, args, options)
    for (const [, topic, id] of run.stdout.matchAll(/^Topic: (\S+)\tTopicId: (\S+)/gm)) this.#known.set(`topic-id ${topic}`, id!)
    for (const [hmac] of run.stdout.matchAll(/(?<=\s)\S{86}==/g)) this.#known.set('hmac', hmac)
    return run
  }

  #argsOf({ tool, args, address }: Command): string[] {
    const filled = args.map(arg => arg.replaceAll(/\{([^}]+)\}/g, (_, what: string) => this.#valueOf(what)))
    if (address === null) return filled
    const where = [address === 'controller' ? '--bootstrap-controller' : '--bootstrap-server', this.broker.addresses[address]]
    if (address === 'sasl') where.push('--command-config', this.#file('login.properties', loginProperties))
    // kafka-cluster wants its subcommand first.
    return tool === 'kafka-cluster' ? [filled[0]!, ...where, ...filled.slice(1)] : [...where, ...filled]
  }

  #valueOf(what: string): string {
    const { dataDir, addresses } = this.broker
    if (what === 'dir') return dataDir
    if (what === 'broker') return addresses.server
    if (what.startsWith('file ')) return this.#file(what.slice(5), inputOf(what.slice(5), dataDir))
    return this.#known.get(what) ?? `no-${what}`
  }

  #file(name: string, text: string): string {
    const path = `${this.#fileNames}${name}`
    writeFileSync(path, text)
    return path
  }

  get #fileNames(): string {
    return join(this.scratch, `${this.broker.name}-`)
  }

  #neutral(tool: ToolName, run: ToolRun): string {
    const { dataDir, addresses } = this.broker
    const own = [[dataDir, 'DIR'], [this.#fileNames, 'FILE-'], ...Object.entries(addresses).map(([name, at]) => [at, name])]
    const neutral = (text: string) =>
      withoutFigures(
        tool,
        own.reduce((less, [from, to]) => less.replaceAll(from!, to!), text),
      )
    return printedText({ ...run, stdout: neutral(run.stdout), stderr: neutral(run.stderr) })
  }
}

const loginProperties = `security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=${plainLogin} required \\
  username="${login.user}" password="${login.password}";
`
