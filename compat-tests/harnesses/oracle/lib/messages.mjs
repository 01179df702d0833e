// Encodes requests and decodes answers by Kafka's own message definitions (common/message/*.json of kafka-clients).
// A body is a plain object with the definitions' field names, first letter in lower case; a field that is left out takes
// its default. Nothing is checked, so that wrong bodies can be sent: a Buffer as the value of any field is written as it is.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

export function loadMessages(folder) {
  const apis = new Map()
  for (const file of readdirSync(folder)) {
    if (!/(Request|Response)\.json$/.test(file)) continue
    const text = readFileSync(join(folder, file), 'utf8').replace(/^\s*\/\/.*$/gm, '')
    const definition = JSON.parse(text)
    if (definition.apiKey === undefined || definition.fields === undefined) continue
    const name = definition.name.replace(/(Request|Response)$/, '')
    const api = apis.get(name) ?? { name, key: definition.apiKey }
    const structs = new Map((definition.commonStructs ?? []).map(struct => [struct.name, struct.fields]))
    api[definition.type] = {
      valid: range(definition.validVersions),
      flexible: range(definition.flexibleVersions ?? 'none'),
      fields: prepare(definition.fields, structs),
      listeners: definition.listeners ?? [],
    }
    apis.set(name, api)
  }
  return apis
}

function prepare(fields, structs) {
  return fields.map(field => {
    const element = field.type.replace(/^\[\]/, '')
    const inner = field.fields ?? structs.get(element)
    return {
      name: field.name[0].toLowerCase() + field.name.slice(1),
      array: field.type.startsWith('[]'),
      type: inner === undefined ? element : 'struct',
      inner: inner === undefined ? undefined : prepare(inner, structs),
      versions: range(field.versions),
      nullable: range(field.nullableVersions ?? 'none'),
      tagged: range(field.taggedVersions ?? 'none'),
      flexible: field.flexibleVersions === undefined ? undefined : range(field.flexibleVersions),
      tag: field.tag,
      default: field.default,
    }
  })
}

// "3+", "0-4", "2", "none" as [first, last].
function range(text) {
  if (text === 'none') return [1, 0]
  if (text.endsWith('+')) return [Number(text.slice(0, -1)), Infinity]
  const [first, last] = text.split('-').map(Number)
  return [first, last ?? first]
}

export const within = ([first, last], version) => version >= first && version <= last

function defaultOf(field, version) {
  if (field.array) return field.default === 'null' ? null : []
  if (field.default === 'null') return null
  switch (field.type) {
    case 'bool':
      return field.default === true || field.default === 'true'
    case 'string':
      return field.default ?? ''
    case 'uuid':
      return ZERO_UUID
    case 'bytes':
    case 'records':
      return within(field.nullable, version) ? null : Buffer.alloc(0)
    case 'struct':
      return {}
    case 'int64':
      return BigInt(field.default ?? 0)
    default:
      return Number(field.default ?? 0)
  }
}

// ---- writing -------------------------------------------------------------------------------------------------------

class Writer {
  parts = []
  int(size, value) {
    const bytes = Buffer.alloc(size)
    const wrapped = BigInt.asIntN(size * 8, typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value))))
    if (size === 8) bytes.writeBigInt64BE(wrapped)
    else bytes.writeIntBE(Number(wrapped), 0, size)
    this.parts.push(bytes)
  }
  double(value) {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    this.parts.push(bytes)
  }
  varint(value) {
    const bytes = []
    let rest = value >>> 0
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
    bytes.push(rest)
    this.parts.push(Buffer.from(bytes))
  }
  raw(bytes) {
    this.parts.push(bytes)
  }
  done() {
    return Buffer.concat(this.parts)
  }
}

function writeFields(writer, fields, body, version, flexible) {
  const tagged = []
  for (const field of fields) {
    if (!within(field.versions, version)) continue
    const value = body[field.name]
    if (flexible && within(field.tagged, version)) {
      if (value !== undefined) tagged.push([field, value])
      continue
    }
    writeField(writer, field, value === undefined ? defaultOf(field, version) : value, version, flexible)
  }
  if (!flexible) return
  // Tags that no definition knows: body.$tags = [[tag, Buffer], ...].
  const unknown = body.$tags ?? []
  writer.varint(tagged.length + unknown.length)
  for (const [field, value] of tagged.sort((a, b) => a[0].tag - b[0].tag)) {
    const inner = new Writer()
    writeField(inner, field, value, version, flexible)
    const bytes = inner.done()
    writer.varint(field.tag)
    writer.varint(bytes.length)
    writer.raw(bytes)
  }
  for (const [tag, bytes] of unknown) {
    writer.varint(tag)
    writer.varint(bytes.length)
    writer.raw(bytes)
  }
}

function writeField(writer, field, value, version, outerFlexible) {
  const flexible = outerFlexible && (field.flexible === undefined || within(field.flexible, version))
  if (value?.$raw !== undefined) return writer.raw(value.$raw)
  if (!field.array) return writeValue(writer, field, value, version, flexible)
  const count = value === null ? -1 : (value.$count ?? value.length)
  if (flexible) writer.varint(count + 1)
  else writer.int(4, count)
  for (const element of value ?? []) writeValue(writer, field, element, version, flexible)
}

function writeValue(writer, field, value, version, flexible) {
  switch (field.type) {
    case 'bool':
      return writer.int(1, typeof value === 'number' ? value : value ? 1 : 0)
    case 'int8':
      return writer.int(1, value)
    case 'int16':
    case 'uint16':
      return writer.int(2, value)
    case 'int32':
    case 'uint32':
      return writer.int(4, value)
    case 'int64':
      return writer.int(8, value)
    case 'float64':
      return writer.double(Number(value))
    case 'uuid':
      return writer.raw(Buffer.from(value, 'base64url'))
    case 'string': {
      const bytes = value === null ? null : Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8')
      if (flexible) writer.varint(bytes === null ? 0 : bytes.length + 1)
      else writer.int(2, bytes === null ? -1 : bytes.length)
      if (bytes !== null) writer.raw(bytes)
      return
    }
    case 'bytes':
    case 'records':
      if (flexible) writer.varint(value === null ? 0 : value.length + 1)
      else writer.int(4, value === null ? -1 : value.length)
      if (value !== null) writer.raw(value)
      return
    case 'struct':
      // A struct that may be null is written with one byte before it.
      if (!field.array && within(field.nullable, version)) writer.int(1, value === null ? -1 : 1)
      if (value !== null) writeFields(writer, field.inner, value, version, flexible)
      return
    default:
      throw new Error(`no encoding for ${field.type}`)
  }
}

// The whole frame without its length.
export function encodeRequest(api, version, correlationId, body, clientId = 'oracle', headerVersion = undefined) {
  const flexible = within(api.request.flexible, version)
  const writer = new Writer()
  writer.int(2, api.key)
  writer.int(2, version)
  writer.int(4, correlationId)
  if (clientId === null) writer.int(2, -1)
  else {
    const bytes = Buffer.from(clientId)
    writer.int(2, bytes.length)
    writer.raw(bytes)
  }
  if (headerVersion === undefined ? flexible : headerVersion >= 2) writer.varint(0)
  if (Buffer.isBuffer(body)) writer.raw(body)
  else writeFields(writer, api.request.fields, body, version, flexible)
  return writer.done()
}

// ---- reading -------------------------------------------------------------------------------------------------------

class Reader {
  position = 0
  constructor(bytes) {
    this.bytes = bytes
  }
  take(length) {
    if (length < 0 || this.position + length > this.bytes.length)
      throw new Error(`answer ends early at ${this.position}, ${length} more wanted`)
    const slice = this.bytes.subarray(this.position, this.position + length)
    this.position += length
    return slice
  }
  int(size) {
    const bytes = this.take(size)
    if (size < 8) return bytes.readIntBE(0, size)
    const value = bytes.readBigInt64BE()
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  varint() {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.take(1)[0]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }
}

function readFields(reader, fields, version, flexible) {
  const body = {}
  for (const field of fields) {
    if (!within(field.versions, version)) continue
    if (flexible && within(field.tagged, version)) continue
    body[field.name] = readField(reader, field, version, flexible)
  }
  if (!flexible) return body
  const count = reader.varint()
  let last = -1
  for (let i = 0; i < count; i++) {
    const tag = reader.varint()
    if (tag <= last) throw new Error(`tag ${tag} after ${last}`)
    last = tag
    const inner = new Reader(reader.take(reader.varint()))
    const field = fields.find(f => f.tag === tag && within(f.tagged, version) && within(f.versions, version))
    if (field === undefined) {
      body.$tags = [...(body.$tags ?? []), [tag, inner.bytes.toString('hex')]]
      continue
    }
    body[field.name] = readField(inner, field, version, flexible)
    if (inner.position !== inner.bytes.length)
      throw new Error(`tag ${tag} has ${inner.bytes.length - inner.position} bytes too many`)
  }
  return body
}

function readField(reader, field, version, outerFlexible) {
  const flexible = outerFlexible && (field.flexible === undefined || within(field.flexible, version))
  if (!field.array) return readValue(reader, field, version, flexible)
  const count = flexible ? reader.varint() - 1 : reader.int(4)
  if (count === -1) return null
  const elements = []
  for (let i = 0; i < count; i++) elements.push(readValue(reader, field, version, flexible))
  return elements
}

function readValue(reader, field, version, flexible) {
  switch (field.type) {
    case 'bool':
      return reader.int(1) !== 0
    case 'int8':
      return reader.int(1)
    case 'int16':
      return reader.int(2)
    case 'uint16':
      return reader.int(2) & 0xffff
    case 'int32':
      return reader.int(4)
    case 'uint32':
      return reader.int(4) >>> 0
    case 'int64':
      return reader.int(8)
    case 'float64':
      return reader.take(8).readDoubleBE()
    case 'uuid':
      return reader.take(16).toString('base64url')
    case 'string': {
      const length = flexible ? reader.varint() - 1 : reader.int(2)
      return length < 0 ? null : reader.take(length).toString('utf8')
    }
    case 'bytes':
    case 'records': {
      const length = flexible ? reader.varint() - 1 : reader.int(4)
      return length < 0 ? null : Buffer.from(reader.take(length))
    }
    case 'struct':
      if (!field.array && within(field.nullable, version) && reader.int(1) < 0) return null
      return readFields(reader, field.inner, version, flexible)
    default:
      throw new Error(`no decoding for ${field.type}`)
  }
}

// The bytes after the correlation id. ApiVersions answers with the first header in every version.
export function decodeResponse(api, version, bytes) {
  const flexible = within(api.response.flexible, version)
  const reader = new Reader(bytes)
  if (flexible && api.key !== 18) {
    const tags = reader.varint()
    if (tags !== 0) throw new Error(`${tags} tags in the header of the answer`)
  }
  const body = readFields(reader, api.response.fields, version, flexible)
  if (reader.position !== bytes.length) throw new Error(`${bytes.length - reader.position} bytes after the answer`)
  return body
}
