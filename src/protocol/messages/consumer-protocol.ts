/**
 * What consumers of the classic protocol say inside JoinGroup and SyncGroup, where it is opaque to the broker as long as all
 * members are such. An int16 in front is the version; a newer one than is known here begins with what is known.
 */
import type { Bytes } from '../../base/bytes.js'
import { decode, encode } from '../codec.js'
import { array, arrayOf, bytes, type Decoded, type Encodable, int32, message, string } from '../schema.js'
import { MalformedError, Reader, Writer } from '../wire.js'

const topicPartitions = {
  topic: string('0+'),
  partitions: arrayOf('0+', 'int32'),
} as const

export const ConsumerProtocolSubscription = message({
  name: 'ConsumerProtocolSubscription',
  versions: '0-3',
  flexible: 'none',
  fields: {
    topics: arrayOf('0+', 'string'),
    userData: bytes('0+', { nullable: '0+', default: null }),
    ownedPartitions: array('1+', topicPartitions, { default: [] }),
    generationId: int32('2+', { default: -1 }),
    rackId: string('3+', { nullable: '3+', default: null }),
  },
})

export const ConsumerProtocolAssignment = message({
  name: 'ConsumerProtocolAssignment',
  versions: '0-3',
  flexible: 'none',
  fields: {
    assignedPartitions: array('0+', topicPartitions),
    userData: bytes('0+', { nullable: '0+', default: null }),
  },
})

export type Subscription = Decoded<(typeof ConsumerProtocolSubscription)['fields']>
export type ProtocolAssignment = Decoded<(typeof ConsumerProtocolAssignment)['fields']>

const newest = ConsumerProtocolSubscription.versions.max

/** Null when the bytes are none. */
export function subscriptionOf(metadata: Bytes): Subscription | null {
  return parsed(metadata, (version, reader) => decode(ConsumerProtocolSubscription, version, reader))
}

/** Nothing at all is an empty one; null when the bytes are none. */
export function assignmentOf(assignment: Bytes): ProtocolAssignment | null {
  if (assignment.byteLength === 0) return { assignedPartitions: [], userData: null }
  return parsed(assignment, (version, reader) => decode(ConsumerProtocolAssignment, version, reader))
}

/** In the version of the subscription that it answers. */
export function assignmentBytes(
  assignedPartitions: Encodable<(typeof ConsumerProtocolAssignment)['fields']>['assignedPartitions'],
  subscription: Bytes,
): Bytes {
  const version = versionOf(subscription) ?? 0
  const writer = new Writer(64)
  writer.int16(version)
  encode(ConsumerProtocolAssignment, Math.min(version, newest), writer, { assignedPartitions })
  return writer.finish()
}

function versionOf(bytes: Bytes): number | null {
  return bytes.byteLength < 2 ? null : Math.max(0, new Reader(bytes).int16())
}

function parsed<Value>(bytes: Bytes, read: (version: number, reader: Reader) => Value): Value | null {
  try {
    const reader = new Reader(bytes)
    const version = reader.int16()
    return version < 0 ? null : read(Math.min(version, newest), reader)
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}
