/** Programs in Java, compiled against Kafka's own jars: AdminCalls.java calls all methods, KafkaUi.java those of kafka-ui. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { javaArgs, kafkaClasspath, kafkaVersion, shortLivedJvmArgs } from '../../lib/maven.js'
import { cacheFolder, compatSources } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import type { AdminClient } from './client.js'

const sources = join(compatSources, 'harnesses', 'admin-clients')

let compiled: Promise<string | null> | null = null

/** The class path with the programs, compiled once a run; null when there is no JDK here. */
async function compiledClasspath(): Promise<string | null> {
  const classpath = await kafkaClasspath()
  if (classpath === null) return null
  const classes = join(cacheFolder(), 'admin-clients-classes')
  const files = readdirSync(sources).filter(name => name.endsWith('.java'))
  const result = await run('javac', ['-nowarn', '-d', classes, '-cp', classpath, ...files.map(name => join(sources, name))])
  if (result.exitCode === 127) return null
  if (result.exitCode !== 0) throw new Error(`javac: ${result.stdout}${result.stderr}`)
  return `${classes}:${classpath}`
}

/** `program` is a class among the sources. */
export async function javaProgram(program: string, name: string): Promise<AdminClient | string> {
  compiled ??= compiledClasspath()
  const classpath = await compiled
  if (classpath === null) return 'needs a JDK, Maven and its registry'
  const args = [...shortLivedJvmArgs, ...javaArgs(classpath), program]
  return {
    name,
    version: `kafka-clients ${kafkaVersion()}`,
    run: ({ bootstrap, saslBootstrap }, { keys, features }) =>
      run('java', [...args, bootstrap, saslBootstrap, keys.join(), features.join()], { timeoutMs: 120_000 }),
  }
}
