import { arrayOf, bytes, int8, int32, int64, message, string, uuid } from '../schema.js'

// The records of __cluster_metadata about who may do what: ACLs (KIP-801), SCRAM credentials (KIP-900), delegation tokens.

export const AccessControlEntryRecord = message({
  name: 'AccessControlEntryRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid('0+'),
    resourceType: int8('0+'),
    resourceName: string('0+'),
    patternType: int8('0+'),
    principal: string('0+'),
    host: string('0+'),
    operation: int8('0+'),
    permissionType: int8('0+'),
  },
})

export const RemoveAccessControlEntryRecord = message({
  name: 'RemoveAccessControlEntryRecord',
  versions: '0',
  flexible: '0+',
  fields: { id: uuid('0+') },
})

export const UserScramCredentialRecord = message({
  name: 'UserScramCredentialRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    mechanism: int8('0+'),
    salt: bytes('0+'),
    storedKey: bytes('0+'),
    serverKey: bytes('0+'),
    iterations: int32('0+'),
  },
})

export const RemoveUserScramCredentialRecord = message({
  name: 'RemoveUserScramCredentialRecord',
  versions: '0',
  flexible: '0+',
  fields: { name: string('0+'), mechanism: int8('0+') },
})

/** Principals as `type:name`. The HMAC is not in it: it follows from the id and the secret of the broker. */
export const DelegationTokenRecord = message({
  name: 'DelegationTokenRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    owner: string('0+'),
    requester: string('0+'),
    renewers: arrayOf('0+', 'string'),
    issueTimestamp: int64('0+'),
    maxTimestamp: int64('0+'),
    expirationTimestamp: int64('0+'),
    tokenId: string('0+'),
  },
})

export const RemoveDelegationTokenRecord = message({
  name: 'RemoveDelegationTokenRecord',
  versions: '0',
  flexible: '0+',
  fields: { tokenId: string('0+') },
})
