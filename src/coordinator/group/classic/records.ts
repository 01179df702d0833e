/** The record of a classic group: its generation, with all its members. */
import { copyOf } from '../../../base/bytes.js'
import { decode } from '../../../protocol/codec.js'
import { inRange } from '../../../protocol/schema.js'
import { GroupMetadataKey, GroupMetadataValue } from '../../../protocol/state/group.js'
import { type RecordRow, versioned } from '../record-row.js'
import type { ClassicRecord } from '../state.js'

/** What Kafka and the tools around it have long agreed on. */
const valueVersion = 3

export const classicRow: RecordRow<ClassicRecord> = {
  keyTypes: GroupMetadataKey.versions,
  encode: ({ groupId, value }) => ({
    key: versioned(GroupMetadataKey, GroupMetadataKey.versions.min, { group: groupId }),
    value: value === null ? null : versioned(GroupMetadataValue, valueVersion, value),
  }),
  decode(keyType, key, version, value) {
    const { group: groupId } = decode(GroupMetadataKey, keyType, key)
    if (value === null) return { type: 'group', groupId, value: null }
    if (!inRange(GroupMetadataValue.versions, version)) return null
    const metadata = decode(GroupMetadataValue, version, value)
    for (const member of metadata.members) {
      member.subscription = copyOf(member.subscription)
      member.assignment = copyOf(member.assignment)
    }
    return { type: 'group', groupId, value: metadata }
  },
  apply({ metadata }, { groupId, value }) {
    if (value === null) metadata.delete(groupId)
    else metadata.set(groupId, value)
  },
}
