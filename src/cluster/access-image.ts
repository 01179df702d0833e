/** Who may do what, and who can log in, by the records of __cluster_metadata: ACLs, SCRAM credentials, delegation tokens. */
import { copyOf } from '../base/bytes.js'
import type { MetadataRecord } from '../protocol/state/metadata.js'
import { AclIndex } from '../security/acl/acl-index.js'
import { type Principal, parsePrincipal } from '../security/principal.js'
import type { ScramCredential } from '../security/scram-credentials.js'
import { TokenIndex } from '../security/token-index.js'

export interface Access {
  readonly acls: Pick<AclIndex, 'revision' | 'size' | 'entries' | 'idOf' | 'ofType'>
  /** By user, then by the number of the mechanism. */
  readonly scramCredentials: ReadonlyMap<string, ReadonlyMap<number, ScramCredential>>
  readonly delegationTokens: Pick<TokenIndex, 'size' | 'get' | 'values' | 'byHmac' | 'hmacOf' | 'countOf'>
}

type Of<Kind> = Extract<MetadataRecord, { kind: Kind }>
export type AccessRecord = Of<
  'acl' | 'removeAcl' | 'scramCredential' | 'removeScramCredential' | 'delegationToken' | 'removeDelegationToken'
>

export class MutableAccess implements Access {
  readonly acls = new AclIndex()
  readonly scramCredentials = new Map<string, Map<number, ScramCredential>>()
  readonly delegationTokens = new TokenIndex()

  apply(record: AccessRecord): void {
    switch (record.kind) {
      case 'acl':
        this.acls.add(record.id, record)
        return
      case 'removeAcl':
        this.acls.remove(record.id)
        return
      case 'scramCredential': {
        const { name, mechanism, iterations } = record
        const ofUser = this.scramCredentials.get(name) ?? new Map<number, ScramCredential>()
        this.scramCredentials.set(name, ofUser)
        const [salt, storedKey, serverKey] = [copyOf(record.salt), copyOf(record.storedKey), copyOf(record.serverKey)]
        ofUser.set(mechanism, { salt, storedKey, serverKey, iterations })
        return
      }
      case 'removeScramCredential': {
        const ofUser = this.scramCredentials.get(record.name)
        ofUser?.delete(record.mechanism)
        if (ofUser?.size === 0) this.scramCredentials.delete(record.name)
        return
      }
      case 'delegationToken':
        this.delegationTokens.set({
          tokenId: record.tokenId,
          owner: principalOf(record.owner),
          requester: principalOf(record.requester),
          renewers: record.renewers.map(principalOf),
          issueMs: record.issueTimestamp,
          maxMs: record.maxTimestamp,
          expiryMs: record.expirationTimestamp,
        })
        return
      case 'removeDelegationToken':
        this.delegationTokens.delete(record.tokenId)
        return
    }
  }
}

/** A name without a type is nobody's. */
const principalOf = (text: string): Principal => parsePrincipal(text) ?? { type: '', name: text }
