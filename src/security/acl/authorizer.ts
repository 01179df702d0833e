/**
 * Who may do what: the semantics of Kafka's StandardAuthorizer over an index of ACLs. Pure and without memory: whoever asks
 * often keeps the answers until the index has another revision.
 */
import { type Principal, parsePrincipal, principalText } from '../principal.js'
import {
  everyone,
  type Operation,
  operations,
  patternTypes,
  permissionTypes,
  type ResourceType,
  resourceTypes,
  wildcard,
} from './acl.js'
import type { AclIndex, IndexedAcl, PatternAcls } from './acl-index.js'

export interface AuthorizerSettings {
  /** As `type:name`. */
  readonly superUsers: ReadonlySet<string>
  readonly allowEveryoneIfNoAclFound: boolean
}

/** From `super.users`, "User:admin;User:CN=broker,O=x"; or what is wrong with it. */
export function superUsers(text: string): ReadonlySet<string> | { readonly problem: string } {
  const users = text
    .split(';')
    .map(one => one.trim())
    .filter(Boolean)
  const wrong = users.find(one => parsePrincipal(one) === null)
  return wrong === undefined
    ? new Set(users)
    : { problem: `expected a string in format principalType:principalName but got ${wrong}` }
}

export class Authorizer {
  readonly acls: Pick<AclIndex, 'revision' | 'ofType'>
  readonly #settings: AuthorizerSettings

  constructor(acls: Pick<AclIndex, 'revision' | 'ofType'>, settings: AuthorizerSettings) {
    this.acls = acls
    this.#settings = settings
  }

  /** `host`: the client's address as Java writes it. */
  allows(principal: Principal, host: string, operation: Operation, resourceType: ResourceType, name: string): boolean {
    const who = principalText(principal)
    if (this.#settings.superUsers.has(who)) return true
    const type = this.acls.ofType(resourceTypes[resourceType])
    if (type === undefined) return this.#settings.allowEveryoneIfNoAclFound
    // All patterns count at once: what is denied by one is not allowed by another.
    const verdict = new Verdict(who, host, operation)
    verdict.hear(type.literal.get(name))
    if (name !== wildcard) verdict.hear(type.literal.get(wildcard))
    for (const length of type.prefixLengths.keys()) {
      if (length <= name.length) verdict.hear(type.prefixed.get(name.slice(0, length)))
    }
    return verdict.isHeard ? verdict.isAllowed && !verdict.isDenied : this.#settings.allowEveryoneIfNoAclFound
  }

  /**
   * Whether there can be a resource of this type to which the client may do this: some entry allows it that no other denies for
   * all that the first one names. Kafka asks it of idempotent producers.
   */
  allowsAny(principal: Principal, host: string, operation: Operation, resourceType: ResourceType): boolean {
    // A name that is as good as any: for super users, and where there are no entries.
    if (this.allows(principal, host, operation, resourceType, 'hardcode')) return true
    const type = this.acls.ofType(resourceTypes[resourceType])
    if (type === undefined) return false
    const code = operations[operation]
    const allowed: IndexedAcl[] = []
    const denied = { literal: new Set<string>(), prefixed: new Set<string>() }
    for (const who of [principalText(principal), everyone]) {
      for (const acl of type.byPrincipal.get(who) ?? []) {
        // What an operation implies does not count here, as in Kafka.
        if ((acl.operation !== code && acl.operation !== operations.all) || !isFrom(acl, host)) continue
        if (acl.permissionType === permissionTypes.allow) allowed.push(acl)
        else (acl.patternType === patternTypes.prefixed ? denied.prefixed : denied.literal).add(acl.resourceName)
      }
    }
    if (denied.literal.has(wildcard)) return false
    return allowed.some(({ patternType, resourceName }) => {
      if (patternType === patternTypes.literal) {
        if (resourceName === wildcard) return true
        if (denied.literal.has(resourceName)) return false
      }
      for (let length = 1; denied.prefixed.size > 0 && length <= resourceName.length; length++) {
        if (denied.prefixed.has(resourceName.slice(0, length))) return false
      }
      return true
    })
  }
}

/** What the entries of the patterns that a name matches say about one principal and operation. */
class Verdict {
  /** Some entry names the resource, whoever it is about. */
  isHeard = false
  isAllowed = false
  isDenied = false
  readonly #who: string
  readonly #host: string
  readonly #operation: Operation

  constructor(who: string, host: string, operation: Operation) {
    this.#who = who
    this.#host = host
    this.#operation = operation
  }

  hear(pattern: PatternAcls | undefined): void {
    if (pattern === undefined) return
    this.isHeard = true
    this.#hearAll(pattern.get(this.#who))
    this.#hearAll(pattern.get(everyone))
  }

  #hearAll(acls: readonly IndexedAcl[] | undefined): void {
    if (acls === undefined) return
    for (const acl of acls) {
      if (!isFrom(acl, this.#host)) continue
      if (acl.permissionType !== permissionTypes.allow) this.isDenied ||= isAbout(acl.operation, this.#operation)
      else this.isAllowed ||= isAbout(acl.operation, this.#operation) || implies(acl.operation, this.#operation)
    }
  }
}

function isFrom({ host: allowed, range }: IndexedAcl, host: string): boolean {
  return allowed === wildcard || allowed === host || range?.contains(host) === true
}

function isAbout(operation: number, wanted: Operation): boolean {
  return operation === operations.all || operation === operations[wanted]
}

/** For entries that allow; to deny reading does not deny describing. */
function implies(operation: number, wanted: Operation): boolean {
  if (wanted === 'describe_configs') return operation === operations.alter_configs
  if (wanted !== 'describe') return false
  switch (operation) {
    case operations.read:
    case operations.write:
    case operations.delete:
    case operations.alter:
      return true
    default:
      return false
  }
}
