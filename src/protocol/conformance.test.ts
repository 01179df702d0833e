/**
 * Every schema in every version against Kafka's own definition of it: fields and their order, types, nullability, tags,
 * defaults, and from which version on the message is flexible. Both sides are laid out as lines, so that a difference
 * reads as one. Skipped, with a line that says so, where Kafka's jars cannot be had.
 */
import { describe, expect, test } from 'vitest'
import { zeroUuid } from '../base/ids.js'
import { allApis, stateRecords, versionsOf } from './messages/all.test-support.js'
import { type OfficialDefinition, type OfficialField, officialDefinitions } from './official-definitions.test-support.js'
import { type Field, type Fields, inRange, type Message, parseVersions, type VersionRange, type Versions } from './schema.js'

const official = officialDefinitions()
if ('absent' in official) console.warn(`SKIPPED: conformance of the schemas with Kafka's definitions. ${official.absent}.`)

describe.skipIf('absent' in official)('schemas agree with the official definitions', () => {
  if ('absent' in official) return
  // Versions that the newest Kafka removed are looked up in the one that still had them.
  const definitionOf = (name: string, version: number): OfficialDefinition => {
    const newest = official.newest.get(name)
    const carries = newest !== undefined && inRange(rangeOf(newest.validVersions), version)
    const definition = carries ? newest : official.older.get(name)
    if (definition === undefined) throw new Error(`Kafka has no ${name} v${version}`)
    return definition
  }

  for (const api of allApis) {
    test(`${api.name} has Kafka's key and only versions that Kafka calls stable`, () => {
      const newest = definitionOf(api.request.name, api.versions.max)
      const { max } = rangeOf(newest.validVersions)
      expect(api.key).toBe(newest.apiKey)
      expect(api.versions.max).toBeLessThanOrEqual(newest.latestVersionUnstable ? max - 1 : max)
    })
    for (const message of [api.request, api.response]) {
      for (const version of versionsOf(message)) {
        test(`${message.name} v${version}`, () => {
          const definition = definitionOf(message.name, version)
          expect(inRange(rangeOf(definition.validVersions), version)).toBe(true)
          expect(layoutOf(message, version)).toEqual(officialLayoutOf(definition, version))
        })
      }
    }
  }

  for (const { message, officialName } of stateRecords) {
    for (const version of versionsOf(message)) {
      test(`${message.name} v${version}`, () => {
        const definition = official.records.get(officialName(version))
        if (definition === undefined) throw new Error(`Kafka has no ${officialName(version)}`)
        // What stands in front of a key is its type; Kafka's definitions give keys version 0 and name the type apart.
        const isKey = message.name.endsWith('Key')
        if (isKey) expect(definition.apiKey).toBe(version)
        expect(layoutOf(message, version)).toEqual(officialLayoutOf(definition, isKey ? 0 : version))
      })
    }
  }
})

// ---- our side

function layoutOf(message: Message, version: number): string[] {
  const isFlexible = inRange(message.flexible, version)
  return [`flexible ${isFlexible}`, ...fieldLines(message.fields, version, isFlexible, '')]
}

function fieldLines(fields: Fields, version: number, isFlexible: boolean, path: string): string[] {
  const lines: Line[] = []
  for (const [name, field] of Object.entries(fields)) {
    if (!inRange(field.versions, version)) continue
    const here = `${path}.${name}`
    const tag = isFlexible && field.tag !== undefined && inRange(field.tagged, version) ? field.tag : null
    const own = line(here, tag, typeOf(field), inRange(field.nullable, version), shown(field.defaultValue, field))
    lines.push({ tag, text: [own, ...(field.fields ? fieldLines(field.fields, version, isFlexible, here) : [])] })
  }
  return inWireOrder(lines)
}

function typeOf(field: Field): string {
  if (field.kind === 'array') return `[]${field.element ?? 'struct'}`
  return field.kind
}

function shown(value: unknown, field: Field): string {
  if (value === undefined) return implicitDefaults[field.kind] ?? ''
  if (Array.isArray(value)) return '[]'
  if (value === zeroUuid) return implicitDefaults.uuid ?? ''
  // The largest int64 is the largest number that counts exactly.
  if (field.kind === 'int64' && value === Number.MAX_SAFE_INTEGER) return longMax
  return String(value)
}

// ---- Kafka's side

function officialLayoutOf(definition: OfficialDefinition, version: number): string[] {
  const isFlexible = inRange(rangeOf(definition.flexibleVersions), version)
  return [`flexible ${isFlexible}`, ...officialLines(definition, definition.fields, version, isFlexible, '')]
}

function officialLines(
  definition: OfficialDefinition,
  fields: readonly OfficialField[],
  version: number,
  isFlexible: boolean,
  path: string,
): string[] {
  const lines: Line[] = []
  for (const field of fields) {
    if (!inRange(rangeOf(field.versions ?? field.taggedVersions ?? 'none'), version)) continue
    const here = `${path}.${field.name[0]?.toLowerCase()}${field.name.slice(1)}`
    const tag = field.tag !== undefined && inRange(rangeOf(field.taggedVersions ?? 'none'), version) ? field.tag : null
    const element = field.type.replace('[]', '')
    const members = field.fields ?? definition.commonStructs?.find(({ name }) => name === element)?.fields
    const type = members === undefined ? field.type : field.type.startsWith('[]') ? '[]struct' : 'struct'
    const isNullable = inRange(rangeOf(field.nullableVersions ?? 'none'), version)
    lines.push({
      tag,
      text: [
        line(here, tag, type, isNullable, officialDefault(field, type)),
        ...(members === undefined ? [] : officialLines(definition, members, version, isFlexible, here)),
      ],
    })
  }
  return inWireOrder(lines)
}

function officialDefault(field: OfficialField, type: string): string {
  const value = field.default
  if (value === undefined) return implicitDefaults[type.startsWith('[]') ? 'array' : type] ?? ''
  if (typeof value === 'string' && value.startsWith('0x')) return String(Number(value))
  return String(value)
}

// ---- both

const longMax = '9223372036854775807'

const implicitDefaults: Readonly<Record<string, string>> = {
  bool: 'false',
  int8: '0',
  int16: '0',
  uint16: '0',
  int32: '0',
  int64: '0',
  float64: '0',
  string: '',
  bytes: 'no bytes',
  records: 'null',
  uuid: 'zero uuid',
  array: '[]',
  struct: 'members',
}

interface Line {
  readonly tag: number | null
  readonly text: readonly string[]
}

function line(path: string, tag: number | null, type: string, isNullable: boolean, defaultValue: string): string {
  const place = tag === null ? '' : ` tag ${tag}`
  return `${path}${place} ${type}${isNullable ? '?' : ''} = ${defaultValue}`
}

/** Fields in their order, then the tagged ones by number. */
function inWireOrder(lines: readonly Line[]): string[] {
  const plain = lines.filter(({ tag }) => tag === null)
  const tagged = lines.filter(({ tag }) => tag !== null).sort((a, b) => (a.tag ?? 0) - (b.tag ?? 0))
  return [...plain, ...tagged].flatMap(({ text }) => text)
}

function rangeOf(versions: string): VersionRange {
  return parseVersions(versions as Versions)
}
