/** The clients whose consumers meet in pairs; one whose toolchain is missing is named and left out. */
import { join } from 'node:path'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { compatSources, repositoryRoot } from '../../lib/paths.js'
import { pythonInterpreter } from '../../lib/python.js'

export interface PairClient {
  readonly name: string
  /** Called with BOOTSTRAP TOPIC GROUP_PREFIX PAIRS APART_MS_MAX behind it. */
  readonly command: readonly string[]
}

const sources = join(compatSources, 'harnesses', 'first-generation')

export async function pairClients(only?: readonly string[]): Promise<PairClient[]> {
  const isWanted = (name: string) => only === undefined || only.includes(name)
  const clients: PairClient[] = []
  if (isWanted('kafkajs')) {
    const program = join(repositoryRoot, 'dist', 'compat-tests', 'harnesses', 'first-generation', 'kafkajs-pairs.js')
    clients.push({ name: 'kafkajs', command: [process.execPath, program] })
  }
  if (isWanted('librdkafka')) {
    const python = await pythonInterpreter()
    if (python === null) console.log('not run  librdkafka: needs Python and its registry')
    else clients.push({ name: 'librdkafka', command: [python, join(sources, 'librdkafka-pairs.py')] })
  }
  if (isWanted('java')) {
    const classpath = await kafkaClasspath()
    if (classpath === null) console.log('not run  java: needs Java, Maven and its registry')
    else {
      const java = ['java', ...shortLivedJvmArgs, ...javaArgs(classpath)]
      clients.push({ name: 'java', command: [...java, join(sources, 'JavaPairs.java')] })
    }
  }
  return clients
}
