/** A Java program that lives beside the broker, is killed, and is started again, on the same state directory for one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { classpathOf, javaArgs } from './maven.js'
import { cacheFolder, compatSources } from './paths.js'
import { run } from './processes.js'

/** Compiles a program of a harness; the command up to the program's own arguments, or null when there is no toolchain. */
export async function compiledCommand(harness: string, program: string): Promise<readonly string[] | null> {
  const sources = join(compatSources, 'harnesses', harness)
  const classpath = await classpathOf(join(sources, 'pom.xml'))
  if (classpath === null) return null
  const classes = join(cacheFolder(), `${harness}-classes`)
  const compiled = await run('javac', ['-d', classes, '-cp', classpath, join(sources, `${program}.java`)])
  if (compiled.exitCode === 127) return null
  if (compiled.exitCode !== 0) throw new Error(`javac: ${compiled.stdout}${compiled.stderr}`)
  return ['java', '-Xmx512m', '-XX:+UseSerialGC', ...javaArgs(`${classes}:${classpath}`), program]
}

export class JavaApplication {
  readonly problems: string[] = []
  /** What it said on stderr, numbers left out, and how often. */
  readonly said = new Map<string, number>()
  #child: ChildProcess | null = null

  constructor(
    private readonly command: readonly string[],
    private readonly args: readonly string[],
    private readonly stateFolder: string,
  ) {}

  start(): void {
    const [program, ...args] = this.command
    const child = spawn(program!, [...args, ...this.args], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) {
        const words = line.replace(/\d+/g, '#').slice(0, 300)
        if (/^\S/.test(words)) this.said.set(words, (this.said.get(words) ?? 0) + 1)
      }
    })
    child.on('exit', (code, signal) => {
      if (this.#child === child) this.problems.push(`the application ended by itself: ${signal ?? code}`)
    })
  }

  async kill9(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Its state comes back from the changelog, and its transactional ids are new ones: the old ones can only time out. */
  async forgetState(): Promise<void> {
    await rm(this.stateFolder, { recursive: true, force: true })
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
    await exited
    clearTimeout(late)
  }
}
