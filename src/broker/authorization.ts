/**
 * The one place that decides what a client may do: the authorizer, asked with the principal and the address of a session. For
 * topics that are read and written, which is asked for every partition of every request, a session remembers the answers until
 * an ACL changes. A broker without an authorizer has none of these, and asks nothing.
 */
import { clusterName, type Operation, operations, type ResourceType } from '../security/acl/acl.js'
import type { Authorizer } from '../security/acl/authorizer.js'
import { hostAddress } from '../security/acl/host.js'
import { operationBits, operationsOf } from './operations.js'
import type { Rights, Session } from './session.js'

/** Topics about which one session remembers what it may do. */
const topicsRememberedMax = 10_000

export class Authorization {
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  may(session: Session, operation: Operation, type: ResourceType, name: string): boolean {
    const rights = this.#rightsOf(session)
    const isRemembered = type === 'topic' && (operation === 'read' || operation === 'write')
    if (!isRemembered) return this.#allows(rights, operation, type, name)
    const asked = 1 << operations[operation]
    const allowed = asked << 16
    let bits = rights.topics.get(name) ?? 0
    if ((bits & asked) === 0) {
      bits |= asked | (this.#allows(rights, operation, type, name) ? allowed : 0)
      if (rights.topics.size >= topicsRememberedMax) rights.topics.clear()
      rights.topics.set(name, bits)
    }
    return (bits & allowed) !== 0
  }

  /** Whether there can be a resource of this type to which the client may do this. */
  mayAny(session: Session, operation: Operation, type: ResourceType): boolean {
    const { principal, host } = this.#rightsOf(session)
    return this.#authorizer.allowsAny(principal, host, operation, type)
  }

  /** As bits. */
  operationsOn(session: Session, type: ResourceType, name: string): number {
    const rights = this.#rightsOf(session)
    return operationBits(operationsOf[type].filter(operation => this.#allows(rights, operation, type, name)))
  }

  #allows({ principal, host }: Rights, operation: Operation, type: ResourceType, name: string): boolean {
    return this.#authorizer.allows(principal, host, operation, type, type === 'cluster' ? clusterName : name)
  }

  #rightsOf(session: Session): Rights {
    const { principal, rights } = session
    const { revision } = this.#authorizer.acls
    if (rights !== null && rights.principal === principal && rights.revision === revision) return rights
    const host = rights?.host ?? hostAddress(session.connection.remoteAddress)
    const fresh: Rights = { principal, host, revision, topics: new Map() }
    session.rights = fresh
    return fresh
  }
}
