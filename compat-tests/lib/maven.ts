/**
 * Finds the jars of Kafka itself (broker, tools, clients) through Maven and hands out one class path. The answer is cached
 * in a file per content of the pom, because Maven takes seconds to say the same thing again. Never throws for a missing
 * toolchain: null means "not available here", and the callers show it as "not run".
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cacheFolder, compatSources } from './paths.js'
import { run } from './processes.js'

const pomFile = join(compatSources, 'lib', 'kafka', 'pom.xml')

/** Warnings and worse go to stderr; without this file log4j would print to stdout, among the tools' output. */
const log4jConfigFile = join(compatSources, 'lib', 'kafka', 'log4j2.properties')
const firstLog4jConfigFile = join(compatSources, 'lib', 'kafka', 'log4j.properties')

/** A first download of all jars on a slow line fits; a hanging registry does not hold a CI run for ever. */
const MAVEN_TIMEOUT_MS = 10 * 60_000

export function kafkaVersion(): string {
  const version = readFileSync(pomFile, 'utf8').match(/<kafka\.version>(.+?)</)?.[1]
  if (version === undefined) throw new Error(`${pomFile} names no kafka.version`)
  return version
}

/**
 * The class path of Kafka's broker, tools and clients, or null when Maven, Java or the registry is missing. Another version
 * than the pom's own is for questions that only an older broker answers.
 */
export function kafkaClasspath(version: string = kafkaVersion()): Promise<string | null> {
  return classpathOf(pomFile, version)
}

/** The class path of what a pom names, the same way. */
export async function classpathOf(pomFile: string, version: string = kafkaVersion()): Promise<string | null> {
  if ((await run('java', ['-version'])).exitCode !== 0) return null
  const digest = createHash('sha256').update(readFileSync(pomFile)).update(version).digest('hex').slice(0, 16)
  const cached = join(cacheFolder(), `classpath-${digest}.txt`)
  if (existsSync(cached)) {
    const classpath = readFileSync(cached, 'utf8').trim()
    if (classpath.split(delimiter).every(jar => existsSync(jar))) return classpath
  }
  // A name of its own and a rename: two test runs may ask at the same time.
  const fresh = `${cached}.${process.pid}`
  const goal = ['dependency:build-classpath', `-Dkafka.version=${version}`, `-Dmdep.outputFile=${fresh}`]
  const maven = await run('mvn', ['-q', '-B', '-f', pomFile, ...goal], { timeoutMs: MAVEN_TIMEOUT_MS })
  if (maven.exitCode !== 0 || !existsSync(fresh)) {
    process.stderr.write(`Maven did not resolve ${pomFile}:\n${maven.stdout}${maven.stderr}\n`)
    return null
  }
  renameSync(fresh, cached)
  return readFileSync(cached, 'utf8').trim()
}

/** What every JVM of the compat tests is started with; its heap and collector, main class and arguments come from the caller. */
export function javaArgs(classpath: string): string[] {
  const logging = [`-Dlog4j2.configurationFile=${log4jConfigFile}`, `-Dlog4j.configuration=file:${firstLog4jConfigFile}`]
  return ['-Dfile.encoding=UTF-8', ...logging, '-cp', classpath]
}

/** For a tool that lives for seconds: a small heap and the collector and compiler that start fastest. */
export const shortLivedJvmArgs: readonly string[] = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
