import { expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { encodeRecord } from '../coordinator/group/records.js'
import { encodeMetadataRecord } from '../protocol/state/metadata.js'
import { decodeInternal } from './internal-records.js'

test('a dump says who can log in, and nothing with which a password could be guessed', () => {
  const secret = utf8Encode('secret')
  const keys = { salt: secret, storedKey: secret, serverKey: secret }
  const value = encodeMetadataRecord({ kind: 'scramCredential', name: 'alice', mechanism: 1, iterations: 4096, ...keys })
  const hidden = '[hidden]'
  expect(decodeInternal('__cluster_metadata', null, value)).toEqual({
    key: null,
    value: {
      ...{ kind: 'scramCredential', name: 'alice', mechanism: 1, iterations: 4096 },
      ...{ salt: hidden, storedKey: hidden, serverKey: hidden },
    },
  })
})

test('nor what a broker was told in secret', () => {
  const shown = (name: string, value: string | null) => {
    const record = { kind: 'config', resourceType: 4, resourceName: '1', name, value } as const
    const decoded = decodeInternal('__cluster_metadata', null, encodeMetadataRecord(record))?.value
    return (decoded as { readonly value: string | null } | undefined)?.value
  }
  expect(shown('listener.name.ssl.ssl.key.password', 'gold')).toBe('[hidden]')
  expect(shown('plugin.token', 'gold')).toBe('[hidden]')
  expect(shown('plugin.token', null)).toBeNull()
  expect(shown('log.retention.ms', '5')).toBe('5')
})

test('a dump shows groups of every kind', () => {
  const shown = (record: Parameters<typeof encodeRecord>[0]) => {
    const { key, value } = encodeRecord(record)
    return decodeInternal('__consumer_offsets', key, value)
  }
  const key = { groupId: 'g' }
  expect(shown({ type: 'streams-target-epoch', key, value: { epoch: 3, atMs: 5 } })).toEqual({
    key,
    value: { assignmentEpoch: 3, assignmentTimestamp: 5 },
  })
  expect(shown({ type: 'consumer-epoch', key, value: { epoch: 3, metadataHash: 7 } })).toEqual({
    key,
    value: { epoch: 3, metadataHash: 7 },
  })
  expect(shown({ type: 'streams-topology', key, value: null })).toEqual({ key, value: null })
})
