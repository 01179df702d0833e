/**
 * All ACLs, so that those that count for a name are found without looking at the others: by resource type, by name (the prefixes
 * of a name that have entries are found by their lengths), and then by principal.
 */
import type { Uuid } from '../../base/ids.js'
import { type Acl, aclKey, patternTypes } from './acl.js'
import { type AddressRange, addressRange } from './host.js'

/** An ACL with what its host means. */
export interface IndexedAcl extends Acl {
  /** Null: `*` or one address. */
  readonly range: AddressRange | null
}

/** The ACLs of one pattern, by principal. */
export type PatternAcls = ReadonlyMap<string, readonly IndexedAcl[]>

export interface TypeAcls {
  readonly literal: ReadonlyMap<string, PatternAcls>
  readonly prefixed: ReadonlyMap<string, PatternAcls>
  /** How long prefixes are, and how many there are of that length. */
  readonly prefixLengths: ReadonlyMap<number, number>
  /** Whatever the name. */
  readonly byPrincipal: ReadonlyMap<string, ReadonlySet<IndexedAcl>>
}

interface MutableTypeAcls extends TypeAcls {
  readonly literal: Map<string, Map<string, IndexedAcl[]>>
  readonly prefixed: Map<string, Map<string, IndexedAcl[]>>
  readonly prefixLengths: Map<number, number>
  readonly byPrincipal: Map<string, Set<IndexedAcl>>
}

export class AclIndex {
  readonly #byId = new Map<Uuid, IndexedAcl>()
  readonly #idByKey = new Map<string, Uuid>()
  readonly #byType = new Map<number, MutableTypeAcls>()
  #revision = 0

  /** Another number after every change: what was made of the ACLs is outdated then. */
  get revision(): number {
    return this.#revision
  }

  get size(): number {
    return this.#byId.size
  }

  entries(): IterableIterator<[Uuid, Acl]> {
    return this.#byId.entries()
  }

  idOf(acl: Acl): Uuid | undefined {
    return this.#idByKey.get(aclKey(acl))
  }

  ofType(resourceType: number): TypeAcls | undefined {
    return this.#byType.get(resourceType)
  }

  add(id: Uuid, acl: Acl): void {
    this.remove(id)
    const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl
    const entry = { resourceType, resourceName, patternType, principal, host, operation, permissionType }
    const indexed: IndexedAcl = { ...entry, range: host.includes('/') ? addressRange(host) : null }
    this.#revision++
    this.#byId.set(id, indexed)
    this.#idByKey.set(aclKey(acl), id)
    const type = this.#typeFor(resourceType)
    const patterns = patternType === patternTypes.prefixed ? type.prefixed : type.literal
    let pattern = patterns.get(resourceName)
    if (pattern === undefined) {
      pattern = new Map()
      patterns.set(resourceName, pattern)
      if (patterns === type.prefixed) count(type.prefixLengths, resourceName.length, 1)
    }
    const ofPrincipal = pattern.get(principal)
    if (ofPrincipal === undefined) pattern.set(principal, [indexed])
    else ofPrincipal.push(indexed)
    const all = type.byPrincipal.get(principal)
    if (all === undefined) type.byPrincipal.set(principal, new Set([indexed]))
    else all.add(indexed)
  }

  remove(id: Uuid): void {
    const acl = this.#byId.get(id)
    if (acl === undefined) return
    this.#revision++
    this.#byId.delete(id)
    this.#idByKey.delete(aclKey(acl))
    const { resourceName, principal } = acl
    const type = this.#typeFor(acl.resourceType)
    const patterns = acl.patternType === patternTypes.prefixed ? type.prefixed : type.literal
    const pattern = patterns.get(resourceName)
    const left = pattern?.get(principal)?.filter(other => other !== acl) ?? []
    if (left.length > 0) pattern?.set(principal, left)
    else pattern?.delete(principal)
    if (pattern?.size === 0) {
      patterns.delete(resourceName)
      if (patterns === type.prefixed) count(type.prefixLengths, resourceName.length, -1)
    }
    const all = type.byPrincipal.get(principal)
    all?.delete(acl)
    if (all?.size === 0) type.byPrincipal.delete(principal)
  }

  #typeFor(resourceType: number): MutableTypeAcls {
    let type = this.#byType.get(resourceType)
    if (type === undefined) {
      type = { literal: new Map(), prefixed: new Map(), prefixLengths: new Map(), byPrincipal: new Map() }
      this.#byType.set(resourceType, type)
    }
    return type
  }
}

function count(lengths: Map<number, number>, length: number, by: number): void {
  const after = (lengths.get(length) ?? 0) + by
  if (after === 0) lengths.delete(length)
  else lengths.set(length, after)
}
