/** Clients that subscribe to a pattern, and what they have been assigned. One process for all members of a language. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { installClient } from '../../lib/clients.js'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { cacheFolder, compatSources } from '../../lib/paths.js'
import { pythonInterpreter } from '../../lib/python.js'

const sources = join(compatSources, 'harnesses', 'group-patterns')

interface Program {
  /** Called with BOOTSTRAP PATTERN behind it. */
  readonly command: readonly string[]
  readonly members: readonly string[]
}

/**
 * At Kafka as here: kafka-python does not look at what it is not told of any more; Java's newest asks for the metadata of the
 * topic by its id, takes the answer for a fault of its own ("Use errorsByTopicId()"), and may then wait for it for ever.
 */
const keepsWhatIsGone: ReadonlySet<string> = new Set(['kafka-python', 'java-consumer-re2'])

export async function memberPrograms(): Promise<Program[]> {
  const programs: Program[] = []
  const python = await pythonInterpreter()
  if (python !== null) {
    const members = ['kafka-python', 'aiokafka', 'librdkafka-classic', 'librdkafka-consumer']
    programs.push({ command: [python, join(sources, 'python-members.py')], members })
  }
  const { notRun } = await installClient('franz-go')
  if (notRun === null) {
    const members = ['franz-go-classic', 'franz-go-consumer']
    programs.push({ command: [join(cacheFolder(), 'franz-go-client'), 'patterns'], members })
  } else console.log(`not run  franz-go: ${notRun}`)
  const classpath = await kafkaClasspath()
  if (classpath !== null) {
    const command = ['java', ...shortLivedJvmArgs, ...javaArgs(classpath), join(sources, 'JavaMembers.java')]
    programs.push({ command, members: ['java-classic', 'java-consumer', 'java-consumer-re2'] })
  }
  return programs
}

export class Members {
  readonly names: readonly string[]
  /** By member, as it said last. */
  readonly assigned = new Map<string, string>()
  /** What they said on stderr. */
  readonly words: string[] = []
  readonly #children: ChildProcess[] = []

  constructor(programs: readonly Program[], bootstrap: string, pattern: string) {
    this.names = programs.flatMap(({ members }) => members)
    for (const { command } of programs) {
      const [program, ...args] = command
      const child = spawn(program!, [...args, bootstrap, pattern], { stdio: ['ignore', 'pipe', 'pipe'] })
      this.#children.push(child)
      createInterface({ input: child.stdout }).on('line', line => {
        const [name = '', ...topics] = line.trim().split(' ')
        this.assigned.set(name, topics.join(' '))
      })
      createInterface({ input: child.stderr }).on('line', line => this.words.push(line))
    }
  }

  /** Who has been assigned anything else; `gone` is a topic that was deleted. */
  others(topics: readonly string[], gone: string | null): string[] {
    const [wanted, kept] = [topics, [...topics, ...(gone === null ? [] : [gone])]].map(names => names.toSorted().join(' '))
    return this.names
      .filter(name => this.assigned.get(name) !== wanted)
      .filter(name => !(keepsWhatIsGone.has(name) && this.assigned.get(name) === kept))
      .map(name => `${name} has ${this.assigned.get(name) || 'nothing'} instead of ${wanted}`)
  }

  async kill(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    }
  }
}
