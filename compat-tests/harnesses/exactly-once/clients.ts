/** The clients that copy and read, and how each is started; one whose toolchain is missing is named and left out. */
import { join } from 'node:path'
import { installClient } from '../../lib/clients.js'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { cacheFolder, compatSources, repositoryRoot } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import { pythonInterpreter } from '../../lib/python.js'

export interface CopyingClient {
  readonly name: string
  /** The arguments of ../copier-lines.ts follow. */
  readonly copier: readonly string[]
  /** BOOTSTRAP and topics follow, see readers.ts; null: it is not asked to read. */
  readonly reader: readonly string[] | null
  /**
   * True for a client whose transactions say nothing of the group's member (before KIP-447): two of them in one group may
   * copy the same record, on any broker. Each gets a group and an input topic of its own.
   */
  readonly isAlone: boolean
}

const sources = join(compatSources, 'harnesses', 'exactly-once', 'copiers')
const programs = join(repositoryRoot, 'dist', 'compat-tests', 'harnesses', 'exactly-once', 'copiers')

export async function copyingClients(without: readonly string[]): Promise<CopyingClient[]> {
  const clients: CopyingClient[] = []
  const isWanted = (name: string) => !without.includes(name)
  if (isWanted('confluent-kafka')) {
    const python = await pythonInterpreter()
    if (python === null) console.log('not run  confluent-kafka: needs Python and its registry')
    else {
      const program = (file: string) => [python, join(sources, file)]
      clients.push({
        name: 'confluent-kafka',
        copier: program('confluent_kafka_copier.py'),
        reader: program('confluent_kafka_reader.py'),
        isAlone: false,
      })
    }
  }
  if (isWanted('franz-go')) {
    const { notRun } = await installClient('franz-go')
    if (notRun !== null) console.log(`not run  franz-go: ${notRun}`)
    else {
      const program = join(cacheFolder(), 'franz-go-client')
      clients.push({ name: 'franz-go', copier: [program, 'copier'], reader: [program, 'read-committed'], isAlone: false })
    }
  }
  if (isWanted('java')) {
    const java = await javaPrograms()
    if (java === null) console.log('not run  java: needs a JDK, Maven and its registry')
    else clients.push({ name: 'java', copier: [...java, 'Copier'], reader: [...java, 'CommittedReader'], isAlone: false })
  }
  if (isWanted('kafkajs')) {
    // Its filter of aborted transactions takes at most one from the list per record, so that a fetch which begins inside of two
    // that overlap shows records of the second: no reader to judge by.
    clients.push({ name: 'kafkajs', copier: [process.execPath, join(programs, 'kafkajs.js')], reader: null, isAlone: true })
  }
  return clients
}

/** Compiled once: a JVM that compiles at every start takes twice as long for it. */
async function javaPrograms(): Promise<readonly string[] | null> {
  const classpath = await kafkaClasspath()
  if (classpath === null) return null
  const classes = join(cacheFolder(), 'exactly-once-classes')
  const files = ['Copier.java', 'CommittedReader.java'].map(file => join(sources, file))
  const compiled = await run('javac', ['-d', classes, '-cp', classpath, ...files])
  if (compiled.exitCode === 127) return null
  if (compiled.exitCode !== 0) throw new Error(`javac: ${compiled.stdout}${compiled.stderr}`)
  return ['java', ...shortLivedJvmArgs, ...javaArgs(`${classes}:${classpath}`)]
}
