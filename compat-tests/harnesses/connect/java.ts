/** The programs of Kafka Connect, all of one release: its file connectors and MirrorMaker are not published for a newer one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JavaApplication } from '../../lib/java-application.js'
import { classpathOf, javaArgs } from '../../lib/maven.js'
import { compatSources } from '../../lib/paths.js'
import type { Tally } from '../../lib/tally.js'

const version = '4.3.1'

export interface Part {
  readonly classpath: string
  readonly scratch: string
  readonly tally: Tally
  readonly records: number
  readonly kills: number
}

export function connectClasspath(): Promise<string | null> {
  return classpathOf(join(compatSources, 'harnesses', 'connect', 'pom.xml'), version)
}

/** A program that takes a file of properties. */
export function javaProgram(
  { classpath, scratch }: Part,
  main: string,
  properties: Readonly<Record<string, string>>,
): JavaApplication {
  const file = join(scratch, `${main}.properties`)
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`)
  writeFileSync(file, lines.join(''))
  return new JavaApplication(['java', '-Xmx512m', '-XX:+UseSerialGC', ...javaArgs(classpath), main], [file], scratch)
}
