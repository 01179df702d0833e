/**
 * Records of __consumer_offsets that hold a classic group: its generation and members. As with offsets, an int16 in front
 * of the key is its type (2) and one in front of the value its version, and a value of null forgets the group.
 */
import { array, bytes, int32, int64, message, string } from '../schema.js'

export const GroupMetadataKey = message({
  name: 'GroupMetadataKey',
  versions: '2',
  flexible: 'none',
  fields: {
    group: string('0+'),
  },
})

// v1: rebalance timeout (KIP-62). v2: when the group entered its state (KIP-211). v3: static members (KIP-345).
// v4: flexible (KIP-915).
export const GroupMetadataValue = message({
  name: 'GroupMetadataValue',
  versions: '0-4',
  flexible: '4+',
  fields: {
    protocolType: string('0+'),
    generation: int32('0+'),
    protocol: string('0+', { nullable: '0+' }),
    leader: string('0+', { nullable: '0+' }),
    currentStateTimestamp: int64('2+', { default: -1 }),
    members: array('0+', {
      memberId: string('0+'),
      groupInstanceId: string('3+', { nullable: '3+', default: null }),
      clientId: string('0+'),
      clientHost: string('0+'),
      rebalanceTimeout: int32('1+', { default: -1 }),
      sessionTimeout: int32('0+'),
      subscription: bytes('0+'),
      assignment: bytes('0+'),
    }),
  },
})
