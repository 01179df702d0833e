/**
 * What stock clients really send, decoded and encoded again byte for byte. The bytes come from the clients, never from this
 * project's own encoder, so that a mistake made on both sides cannot hide.
 */
import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../../src/protocol/codec.js'
import { readRequestHeader } from '../../../src/protocol/frame.js'
import { allApis } from '../../../src/protocol/messages/all.test-support.js'
import { inRange } from '../../../src/protocol/schema.js'
import { Reader, Writer } from '../../../src/protocol/wire.js'
import { type CapturedFrame, readCaptures } from './captures.js'

const { frames } = readCaptures()
const apis = new Map(allApis.map(api => [api.key, api]))

const isImplemented = ({ apiKey, apiVersion }: CapturedFrame) => {
  const api = apis.get(apiKey)
  return api !== undefined && inRange(api.versions, apiVersion)
}

test('no client asks for a version that is not implemented', () => {
  const others = frames
    .filter(frame => !isImplemented(frame))
    .map(({ client, apiKey, apiVersion }) => `${client} ${apiKey} v${apiVersion}`)
  expect(others).toEqual([])
})

test('there are captures of every client', () => {
  expect(new Set(frames.map(({ client }) => client)).size).toBeGreaterThanOrEqual(10)
  expect(frames.length).toBeGreaterThan(100)
})

describe.each([...new Set(frames.map(({ client }) => client))])('%s', client => {
  const own = frames.filter(frame => frame.client === client && isImplemented(frame))
  test.each(own.map(frame => ({ ...frame, name: apis.get(frame.apiKey)!.name })))('$name v$apiVersion', frame => {
    const api = apis.get(frame.apiKey)!
    const reader = new Reader(frame.bytes)
    const header = readRequestHeader(reader)
    expect([header.apiKey, header.apiVersion]).toEqual([frame.apiKey, frame.apiVersion])
    const clientId = reader.nullableString()
    const isFlexible = inRange(api.flexible, frame.apiVersion)
    // No client of these sends a tag in its header.
    if (isFlexible) expect(reader.unsignedVarint()).toBe(0)
    const request = decode(api.request, frame.apiVersion, reader)
    expect(reader.remaining).toBe(0)

    const writer = new Writer()
    writer.int16(header.apiKey)
    writer.int16(header.apiVersion)
    writer.int32(header.correlationId)
    writer.nullableString(clientId)
    if (isFlexible) writer.uint8(0)
    encode(api.request, frame.apiVersion, writer, request)
    expect(Buffer.from(writer.finish()).toString('hex')).toBe(frame.bytes.toString('hex'))
  })
})
