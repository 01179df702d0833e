/** Decides about ACLs, SCRAM credentials and delegation tokens, as controller.ts does about topics. */
import type { Bytes } from '../base/bytes.js'
import type { Uuid } from '../base/ids.js'
import { type ErrorCode, Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import { type Acl, type AclFilter, aclKey, matchesFilter } from '../security/acl/acl.js'
import { aclRefusal, aclsPerDeletionMax, filterRefusal } from '../security/acl/acl-rules.js'
import type { DelegationToken } from '../security/delegation-tokens.js'
import { principalText } from '../security/principal.js'
import { credentialFromSalted, scramIterationsMax, scramIterationsMin, scramMechanismOf } from '../security/scram-credentials.js'
import type { Access } from './access-image.js'
import type { Decided } from './controller.js'

/** Per entry, null or why it was not made. One that is there already is as good as made. */
export function createAcls({ acls }: Access, creations: readonly Acl[], newId: () => Uuid): Decided<readonly (Refusal | null)[]> {
  const records: MetadataRecordInput[] = []
  const added = new Set<string>()
  const result = creations.map(acl => {
    const refusal = aclRefusal(acl)
    if (refusal !== null) return refusal
    const key = aclKey(acl)
    if (acls.idOf(acl) === undefined && !added.has(key)) {
      added.add(key)
      records.push({ kind: 'acl', id: newId(), ...acl })
    }
    return null
  })
  return { records, result }
}

/** Per filter, what it finds. What two filters find is removed once, and told by both. */
export function deleteAcls({ acls }: Access, filters: readonly AclFilter[]): Decided<readonly (Refusal | readonly Acl[])[]> {
  const removed = new Set<Uuid>()
  const result = filters.map(filter => {
    const refusal = filterRefusal(filter)
    if (refusal !== null) return refusal
    const found: Acl[] = []
    for (const [id, acl] of acls.entries()) {
      if (!matchesFilter(acl, filter)) continue
      if (removed.size >= aclsPerDeletionMax) {
        const message = `Cannot remove more than ${aclsPerDeletionMax} acls in a single delete operation.`
        return refuse(Errors.INVALID_REQUEST, message)
      }
      found.push(acl)
      removed.add(id)
    }
    return found
  })
  return { records: [...removed].map(id => ({ kind: 'removeAcl', id })), result }
}

export interface ScramDeletion {
  readonly name: string
  readonly mechanism: number
}

export interface ScramUpsertion extends ScramDeletion {
  readonly iterations: number
  readonly salt: Bytes
  readonly saltedPassword: Bytes
}

export interface ScramAlteration {
  readonly user: string
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
}

/**
 * Per user, once: what was done first, then what was not. A user who is named twice is left alone, whatever the mechanisms; what
 * was wrong with the first of them is told, as in Kafka.
 */
export function alterScramCredentials(
  access: Access,
  deletions: readonly ScramDeletion[],
  upsertions: readonly ScramUpsertion[],
): Decided<readonly ScramAlteration[]> {
  const outcomes = new Map<string, MetadataRecordInput | Refusal>()
  const decide = (name: string, outcome: MetadataRecordInput | Refusal): void => {
    const before = outcomes.get(name)
    if (before === undefined) outcomes.set(name, outcome)
    else if (!isRefusal(before)) outcomes.set(name, twice)
  }
  for (const deletion of deletions) decide(deletion.name, deleted(access, deletion))
  for (const upsertion of upsertions) decide(upsertion.name, upserted(upsertion))
  const records: MetadataRecordInput[] = []
  const done: ScramAlteration[] = []
  const refused: ScramAlteration[] = []
  for (const [user, outcome] of outcomes) {
    if (isRefusal(outcome)) refused.push({ user, errorCode: outcome.errorCode, errorMessage: outcome.message })
    else {
      records.push(outcome)
      done.push({ user, errorCode: Errors.NONE, errorMessage: null })
    }
  }
  return { records, result: [...done, ...refused] }
}

const twice = refuse(Errors.DUPLICATE_RESOURCE, 'A user credential cannot be altered twice in the same request')

function deleted({ scramCredentials }: Access, { name, mechanism }: ScramDeletion): MetadataRecordInput | Refusal {
  const refusal = nameRefusal(name, mechanism)
  if (refusal !== null) return refusal
  const isThere = scramCredentials.get(name)?.has(mechanism) === true
  const absent = 'Attempt to delete a user credential that does not exist'
  return isThere ? { kind: 'removeScramCredential', name, mechanism } : refuse(Errors.RESOURCE_NOT_FOUND, absent)
}

function upserted({ name, mechanism, iterations, salt, saltedPassword }: ScramUpsertion): MetadataRecordInput | Refusal {
  const known = scramMechanismOf(mechanism)
  const refusal = nameRefusal(name, mechanism)
  if (known === null || refusal !== null) return refusal ?? unknownMechanism
  if (iterations < scramIterationsMin) return refuse(Errors.UNACCEPTABLE_CREDENTIAL, 'Too few iterations')
  if (iterations > scramIterationsMax) return refuse(Errors.UNACCEPTABLE_CREDENTIAL, 'Too many iterations')
  // A key that everybody has; Kafka fails over it.
  if (saltedPassword.byteLength === 0) return refuse(Errors.UNACCEPTABLE_CREDENTIAL, 'Empty salted password')
  const credential = credentialFromSalted(known.hash, saltedPassword, { salt, iterations })
  return { kind: 'scramCredential', name, mechanism, ...credential }
}

const unknownMechanism = refuse(Errors.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism')

function nameRefusal(name: string, mechanism: number): Refusal | null {
  if (name === '') return refuse(Errors.UNACCEPTABLE_CREDENTIAL, 'Username must not be empty')
  return scramMechanismOf(mechanism) === null ? unknownMechanism : null
}

/** A new token, or one that lasts longer or shorter than before. */
export function delegationTokenRecord(token: DelegationToken): MetadataRecordInput {
  return {
    kind: 'delegationToken',
    owner: principalText(token.owner),
    requester: principalText(token.requester),
    renewers: token.renewers.map(principalText),
    issueTimestamp: token.issueMs,
    maxTimestamp: token.maxMs,
    expirationTimestamp: token.expiryMs,
    tokenId: token.tokenId,
  }
}
