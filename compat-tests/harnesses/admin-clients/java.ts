/** Programs in Java, compiled against Kafka's own jars: AdminCalls.java calls all methods, KafkaUi.java those of kafka-ui. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { javaArgs, kafkaClasspath, kafkaVersion, shortLivedJvmArgs } from '../../lib/maven.js'
import { cacheFolder, compatSources } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import type { AdminClient } from './client.js'

const sources = join(compatSources, 'harnesses', 'admin-clients')

/** null when there is no JDK here. */
async function javaCommand(program: string): Promise<readonly string[] | null> {
  const classpath = await kafkaClasspath()
  if (classpath === null) return null
  const classes = join(cacheFolder(), 'admin-clients-classes')
  const files = readdirSync(sources).filter(name => name.endsWith('.java'))
  const compiled = await run('javac', ['-nowarn', '-d', classes, '-cp', classpath, ...files.map(name => join(sources, name))])
  if (compiled.exitCode === 127) return null
  if (compiled.exitCode !== 0) throw new Error(`javac: ${compiled.stdout}${compiled.stderr}`)
  return ['java', ...shortLivedJvmArgs, ...javaArgs(`${classes}:${classpath}`), program]
}

/** `program` is a class among the sources. */
export async function javaProgram(program: string, name: string): Promise<AdminClient | string> {
  const command = await javaCommand(program)
  if (command === null) return 'needs a JDK, Maven and its registry'
  const [java, ...args] = command
  return {
    name,
    version: `kafka-clients ${kafkaVersion()}`,
    run: ({ bootstrap, saslBootstrap }, { keys, features }) =>
      run(java!, [...args, bootstrap, saslBootstrap, keys.join(), features.join()], { timeoutMs: 120_000 }),
  }
}
