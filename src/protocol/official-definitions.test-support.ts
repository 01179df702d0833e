/**
 * Kafka's own message definitions, which travel as JSON with comments inside its jars. The jars come from the local Maven
 * repository or through Maven; nothing of them is kept here. Not shipped.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'

/** The newest definitions, and the last ones that still had the versions that Kafka 4 removed. */
const newest = '4.4.0'
const older = '3.9.0'

export interface OfficialField {
  readonly name: string
  readonly type: string
  readonly versions?: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly default?: unknown
  readonly flexibleVersions?: string
  readonly fields?: readonly OfficialField[]
}

export interface OfficialDefinition {
  readonly apiKey?: number
  readonly name: string
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly latestVersionUnstable?: boolean
  readonly listeners?: readonly string[]
  readonly fields: readonly OfficialField[]
  readonly commonStructs?: readonly OfficialField[]
}

export interface OfficialDefinitions {
  /** Requests and responses as of Kafka 4.4. */
  readonly newest: ReadonlyMap<string, OfficialDefinition>
  /** Requests and responses as of Kafka 3.9. */
  readonly older: ReadonlyMap<string, OfficialDefinition>
  /** Records of __consumer_offsets, __transaction_state and __cluster_metadata as of Kafka 4.4. */
  readonly records: ReadonlyMap<string, OfficialDefinition>
}

/** The definitions, or why there are none on this machine. */
export function officialDefinitions(): OfficialDefinitions | { readonly absent: string } {
  const newestJar = jarOf('kafka-clients', newest)
  const olderJar = jarOf('kafka-clients', older)
  const groupJar = jarOf('kafka-group-coordinator', newest)
  const transactionJar = jarOf('kafka-transaction-coordinator', newest)
  const metadataJar = jarOf('kafka-metadata', newest)
  if (!(newestJar !== null && olderJar !== null && groupJar !== null && transactionJar !== null && metadataJar !== null)) {
    return { absent: `Kafka's jars ${newest} and ${older} are neither on this machine nor to be had through mvn` }
  }
  return {
    newest: definitionsIn(newestJar),
    older: definitionsIn(olderJar),
    records: new Map([groupJar, transactionJar, metadataJar].flatMap(jar => [...definitionsIn(jar)])),
  }
}

/** Path of a jar: in the local Maven repository's usual place, or copied by Maven from wherever it keeps or finds it. */
function jarOf(artifact: string, version: string): string | null {
  const file = `${artifact}-${version}.jar`
  const kept = join(homedir(), '.m2/repository/org/apache/kafka', artifact, version, file)
  if (existsSync(kept)) return kept
  const folder = join(tmpdir(), 'gregor-official-definitions')
  const copied = join(folder, file)
  if (existsSync(copied)) return copied
  const gav = `org.apache.kafka:${artifact}:${version}`
  spawnSync('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${gav}`, `-DoutputDirectory=${folder}`], {
    timeout: 120_000,
    stdio: 'ignore',
  })
  return existsSync(copied) ? copied : null
}

function definitionsIn(jar: string): Map<string, OfficialDefinition> {
  const definitions = new Map<string, OfficialDefinition>()
  for (const text of zipEntries(jar, /^common\/(message|metadata)\/\w+\.json$/)) {
    const definition = JSON.parse(text.replace(/^\s*\/\/.*$/gm, '')) as OfficialDefinition
    definitions.set(definition.name, definition)
  }
  return definitions
}

// Places in the three structures of a zip file that a reader needs (PKWARE's APPNOTE, 4.3).
const endOfDirectory = { signature: 0x06054b50, bytes: 22, count: 10, position: 16 }
const directoryEntry = { bytes: 46, method: 10, compressedBytes: 20, nameBytes: 28, extraBytes: 30, commentBytes: 32, at: 42 }
const localHeader = { bytes: 30, nameBytes: 26, extraBytes: 28 }

/** The text of every entry whose name matches. Enough of zip for jars: no encryption, no zip64. */
function zipEntries(path: string, names: RegExp): string[] {
  const zip = readFileSync(path)
  let end = zip.byteLength - endOfDirectory.bytes
  while (zip.readUInt32LE(end) !== endOfDirectory.signature) end--
  const texts: string[] = []
  let entry = zip.readUInt32LE(end + endOfDirectory.position)
  for (let left = zip.readUInt16LE(end + endOfDirectory.count); left > 0; left--) {
    const nameEnd = entry + directoryEntry.bytes + zip.readUInt16LE(entry + directoryEntry.nameBytes)
    if (names.test(zip.toString('utf8', entry + directoryEntry.bytes, nameEnd))) {
      const local = zip.readUInt32LE(entry + directoryEntry.at)
      const namesBytes = zip.readUInt16LE(local + localHeader.nameBytes) + zip.readUInt16LE(local + localHeader.extraBytes)
      const start = local + localHeader.bytes + namesBytes
      const content = zip.subarray(start, start + zip.readUInt32LE(entry + directoryEntry.compressedBytes))
      const isStored = zip.readUInt16LE(entry + directoryEntry.method) === 0
      texts.push((isStored ? content : inflateRawSync(content)).toString('utf8'))
    }
    entry = nameEnd + zip.readUInt16LE(entry + directoryEntry.extraBytes) + zip.readUInt16LE(entry + directoryEntry.commentBytes)
  }
  return texts
}
