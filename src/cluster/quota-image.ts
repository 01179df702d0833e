/** The quotas of clients by the records of __cluster_metadata: of users, client ids, pairs of the two, and addresses. */
import type { MetadataRecord } from '../protocol/state/metadata.js'
import { QuotaTable } from './quota-table.js'

/** By type (user, client-id, ip), in Kafka's order of them; null stands for all of the type that have no quota of their own. */
export type QuotaEntity = ReadonlyMap<string, string | null>

export interface EntityQuotas {
  readonly entity: QuotaEntity
  /** By key; never empty. */
  readonly values: ReadonlyMap<string, number>
}

export interface Quotas {
  /** By `quotaEntityKey`. */
  readonly entities: ReadonlyMap<string, EntityQuotas>
  /** The quotas of one key, as they are looked up; those of addresses are in none. */
  limitsOf(key: string): QuotaTable
  /** Another number after every change. */
  readonly revision: number
}

type Part = Extract<MetadataRecord, { kind: 'clientQuota' }>['entity'][number]

/** As a Java HashMap has them. */
const typesInOrder = ['client-id', 'user', 'ip']
const orderOf = ({ entityType }: Part): number => (typesInOrder.indexOf(entityType) + 4) % 4

/** Of a type that is named twice, what is said last. */
export function quotaEntityOf(parts: readonly Part[]): QuotaEntity {
  const sorted = [...parts].sort((one, other) => orderOf(one) - orderOf(other))
  return new Map(sorted.map(({ entityType, entityName }) => [entityType, entityName]))
}

/** The same for entities that are the same. */
export function quotaEntityKey(entity: QuotaEntity): string {
  return JSON.stringify([...entity])
}

export class MutableQuotas implements Quotas {
  readonly entities = new Map<string, { entity: QuotaEntity; values: Map<string, number> }>()
  revision = 0
  readonly #limits = new Map<string, QuotaTable>()

  limitsOf(key: string): QuotaTable {
    const limits = this.#limits.get(key) ?? new QuotaTable()
    this.#limits.set(key, limits)
    return limits
  }

  apply({ entity: parts, key: quota, value, remove }: Extract<MetadataRecord, { kind: 'clientQuota' }>): void {
    this.revision++
    const entity = quotaEntityOf(parts)
    const key = quotaEntityKey(entity)
    const { values } = this.entities.get(key) ?? { values: new Map<string, number>() }
    if (remove) values.delete(quota)
    else values.set(quota, value)
    this.limitsOf(quota).set(entity, remove ? undefined : value)
    if (values.size === 0) this.entities.delete(key)
    else this.entities.set(key, { entity, values })
  }
}
