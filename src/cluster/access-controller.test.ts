import { describe, expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { Errors } from '../protocol/errors.js'
import { encodeMetadataRecord, type MetadataRecordInput } from '../protocol/state/metadata.js'
import { user } from '../security/principal.js'
import { alterScramCredentials, createAcls, delegationTokenRecord, deleteAcls, type ScramUpsertion } from './access-controller.js'
import { MutableImage } from './image.js'
import { ImageReplay } from './replay.js'

/** By the bytes in the log, as a start does; the log's buffer is used again afterwards. */
function replayed(image: MutableImage, records: readonly MetadataRecordInput[]): void {
  const replay = new ImageReplay(image)
  for (const record of records) {
    const bytes = encodeMetadataRecord(record)
    replay.see(bytes)
    bytes.fill(0)
  }
}

const acl = {
  ...{ resourceType: 2, resourceName: 't', patternType: 3, principal: 'User:a', host: '*', operation: 3, permissionType: 3 },
}
const anything = {
  ...{ resourceType: 1, resourceName: null, patternType: 1, principal: null, host: null, operation: 1, permissionType: 1 },
}
let lastId = 0
const newId = () => `a${String(++lastId).padStart(20, '0')}A`

describe('ACLs', () => {
  test('are made once, however often they are asked for, and each for itself', () => {
    const { access } = new MutableImage()
    const { records, result } = createAcls(
      access,
      [acl, { ...acl }, { ...acl, resourceName: '' }, { ...acl, operation: 4 }],
      newId,
    )
    expect(result).toMatchObject([
      null,
      null,
      { errorCode: Errors.INVALID_REQUEST, message: 'Invalid empty resource name' },
      null,
    ])
    expect(records).toMatchObject([{ operation: 3 }, { operation: 4 }])
    const image = new MutableImage()
    replayed(image, records)
    expect(createAcls(image.access, [acl], newId)).toEqual({ records: [], result: [null] })
  })

  test('that filters find are removed once, and told by each of them', () => {
    const image = new MutableImage()
    replayed(image, createAcls(image.access, [acl, { ...acl, principal: 'User:b' }], newId).records)
    const { revision } = image.access.acls
    const decided = deleteAcls(image.access, [{ ...anything, principal: 'User:b' }, anything, { ...anything, host: 'h' }])
    expect(decided.result).toEqual([
      [expect.objectContaining({ principal: 'User:b' })],
      [expect.objectContaining({ principal: 'User:a' }), expect.objectContaining({ principal: 'User:b' })],
      [],
    ])
    expect(decided.records).toHaveLength(2)
    replayed(image, decided.records)
    expect(image.access.acls.size).toBe(0)
    expect(image.access.acls.revision).not.toBe(revision)
  })

  test('more than ten thousand are not removed at once', () => {
    const image = new MutableImage()
    for (let n = 0; n <= 10_000; n++) image.access.acls.add(newId(), { ...acl, resourceName: `t${n}` })
    expect(deleteAcls(image.access, [anything]).result).toEqual([
      {
        kind: 'refused',
        errorCode: Errors.INVALID_REQUEST,
        message: 'Cannot remove more than 10000 acls in a single delete operation.',
      },
    ])
  })
})

describe('SCRAM credentials', () => {
  const upsertion = (name: string, rest: Partial<ScramUpsertion> = {}): ScramUpsertion => ({
    ...{ name, mechanism: 1, iterations: 4096, salt: utf8Encode('salt'), saltedPassword: utf8Encode('salted') },
    ...rest,
  })
  const done = (name: string) => ({ user: name, errorCode: Errors.NONE, errorMessage: null })

  test('are kept as keys from which the password cannot be had, and removed again', () => {
    const image = new MutableImage()
    const { records, result } = alterScramCredentials(image.access, [], [upsertion('a'), upsertion('b', { mechanism: 2 })])
    expect(result).toEqual([done('a'), done('b')])
    replayed(image, records)
    expect([...image.access.scramCredentials.keys()]).toEqual(['a', 'b'])
    const kept = image.access.scramCredentials.get('a')?.get(1)
    expect(kept).toMatchObject({ iterations: 4096, salt: utf8Encode('salt') })
    expect(kept?.storedKey).toHaveLength(32)
    expect(JSON.stringify(records)).not.toContain(JSON.stringify(utf8Encode('salted')))
    const removal = alterScramCredentials(image.access, [{ name: 'a', mechanism: 1 }], [])
    replayed(image, removal.records)
    expect([...image.access.scramCredentials.keys()]).toEqual(['b'])
  })

  test('a user who is named twice is left alone, also with two mechanisms', () => {
    const { access } = new MutableImage()
    const asked = [upsertion('a'), upsertion('b'), upsertion('a', { mechanism: 2 }), upsertion('c')]
    const { records, result } = alterScramCredentials(access, [{ name: 'c', mechanism: 1 }], asked)
    expect(records).toEqual([expect.objectContaining({ name: 'b' })])
    expect(result).toEqual([
      done('b'),
      // What was wrong first.
      expect.objectContaining({ user: 'c', errorCode: Errors.RESOURCE_NOT_FOUND }),
      {
        user: 'a',
        errorCode: Errors.DUPLICATE_RESOURCE,
        errorMessage: 'A user credential cannot be altered twice in the same request',
      },
    ])
  })

  test.each<[string, Partial<ScramUpsertion>, number, string]>([
    ['an empty name', { name: '' }, Errors.UNACCEPTABLE_CREDENTIAL, 'Username must not be empty'],
    ['an unknown mechanism', { mechanism: 3 }, Errors.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism'],
    ['too few iterations', { iterations: 4095 }, Errors.UNACCEPTABLE_CREDENTIAL, 'Too few iterations'],
    ['too many iterations', { iterations: 16_385 }, Errors.UNACCEPTABLE_CREDENTIAL, 'Too many iterations'],
    ['an empty key', { saltedPassword: new Uint8Array(0) }, Errors.UNACCEPTABLE_CREDENTIAL, 'Empty salted password'],
  ])('%s is refused', (_, fields, errorCode, errorMessage) => {
    const { records, result } = alterScramCredentials(new MutableImage().access, [], [upsertion('a', fields)])
    expect({ records, result }).toMatchObject({ records: [], result: [{ errorCode, errorMessage }] })
  })

  test('what is not there cannot be removed', () => {
    const { result } = alterScramCredentials(new MutableImage().access, [{ name: 'a', mechanism: 1 }], [])
    expect(result).toEqual([
      {
        user: 'a',
        errorCode: Errors.RESOURCE_NOT_FOUND,
        errorMessage: 'Attempt to delete a user credential that does not exist',
      },
    ])
  })
})

test('delegation tokens come back from the log as they went, until they are removed', () => {
  const image = new MutableImage()
  const [owner, requester] = [user('CN=a:b,O=c'), user('r')]
  const token = { tokenId: 'id', owner, requester, renewers: [owner], issueMs: 1, maxMs: 3, expiryMs: 2 }
  replayed(image, [delegationTokenRecord(token)])
  expect(image.access.delegationTokens.get('id')).toEqual(token)
  replayed(image, [{ kind: 'removeDelegationToken', tokenId: 'id' }])
  expect(image.access.delegationTokens.size).toBe(0)
})
