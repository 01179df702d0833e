/** Decides about the quotas of clients, as controller.ts does about topics. Kafka's ClientQuotaControlManager (KIP-546). */
import { Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import type { Decided } from './controller.js'
import { type EntityQuotas, type QuotaEntity, type Quotas, quotaEntityKey } from './quota-image.js'

export interface QuotaAlteration {
  readonly entity: QuotaEntity
  readonly ops: readonly { readonly key: string; readonly value: number; readonly remove: boolean }[]
}

export interface QuotaOutcome {
  readonly entity: QuotaEntity
  readonly refusal: Refusal | null
}

/** What an integer of this type may be at most; null: any number, fractions too. */
type QuotaMax = number | null

/** Entities with quotas of their own. Kafka has no such bound. */
export const quotaEntitiesMax = 100_000

const javaIntMax = 0x7fff_ffff
const javaLongMax = 2 ** 63

export const byteRateKeys = { produce: 'producer_byte_rate', fetch: 'consumer_byte_rate' } as const
export const requestPercentageKey = 'request_percentage'
export const mutationRateKey = 'controller_mutation_rate'
export const connectionRateKey = 'connection_creation_rate'

const clientQuotas: Readonly<Record<string, QuotaMax>> = {
  [byteRateKeys.produce]: javaLongMax,
  [byteRateKeys.fetch]: javaLongMax,
  [requestPercentageKey]: null,
  [mutationRateKey]: null,
}
const addressQuotas: Readonly<Record<string, QuotaMax>> = { [connectionRateKey]: javaIntMax }

/**
 * Per entity, once, in the order of their first mention. One that is mentioned again, or names a quota twice, is told so, as in
 * Kafka: what its first mention said counts all the same.
 * @param outcomes those of the parts of the same request that were decided before, to which those of this part are added.
 * @param isKnownHost whether the name of an address is one, or a host that is known.
 */
export function alterQuotas(
  quotas: Quotas,
  alterations: readonly QuotaAlteration[],
  isKnownHost: (name: string) => boolean,
  outcomes = new Map<string, QuotaOutcome>(),
): Decided<readonly QuotaOutcome[]> {
  const records: MetadataRecordInput[] = []
  let made = 0
  for (const alteration of alterations) {
    const { entity, ops } = alteration
    const key = quotaEntityKey(entity)
    if (outcomes.has(key) || new Set(ops.map(op => op.key)).size < ops.length) {
      outcomes.set(key, { entity, refusal: invalid(`Ignoring duplicate entity ${textOf(entity)}`) })
      continue
    }
    const isNew = !quotas.entities.has(key)
    const isFull = isNew && quotas.entities.size + made >= quotaEntitiesMax
    const decided = isFull ? tooMany : altered(quotas, alteration, isKnownHost)
    if (isNew && !isRefusal(decided) && decided.length > 0) made++
    const refusal = isRefusal(decided) ? decided : null
    outcomes.set(key, { entity, refusal })
    if (!isRefusal(decided)) records.push(...decided)
  }
  return { records, result: [...outcomes.values()] }
}

const tooMany = refuse(Errors.POLICY_VIOLATION, `At most ${quotaEntitiesMax} entities have quotas of their own.`)

function altered(
  quotas: Quotas,
  { entity, ops }: QuotaAlteration,
  isKnownHost: (name: string) => boolean,
): readonly MetadataRecordInput[] | Refusal {
  const allowed = quotasOf(entity, isKnownHost)
  if (isRefusal(allowed)) return allowed
  const parts = Array.from(entity, ([entityType, entityName]) => ({ entityType, entityName }))
  const before = quotas.entities.get(quotaEntityKey(entity))?.values
  const records: MetadataRecordInput[] = []
  for (const { key, value, remove } of ops) {
    if (remove) {
      if (before?.has(key)) records.push({ kind: 'clientQuota', entity: parts, key, remove })
      continue
    }
    const problem = valueProblem(allowed, key, value)
    if (problem !== null) return invalid(problem)
    if (before?.get(key) !== value) records.push({ kind: 'clientQuota', entity: parts, key, value })
  }
  return records
}

/** The quotas that this entity can have. */
function quotasOf(entity: QuotaEntity, isKnownHost: (name: string) => boolean): Readonly<Record<string, QuotaMax>> | Refusal {
  if (entity.size === 0) return invalid('Invalid empty client quota entity')
  for (const [type, name] of entity) {
    if (type !== 'user' && type !== 'client-id' && type !== 'ip') return invalid(`Unhandled client quota entity type: ${type}`)
    if (name === '') return invalid(`Empty ${type} not supported`)
  }
  if (!entity.has('ip')) return clientQuotas
  if (entity.size > 1) {
    return invalid('Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId')
  }
  const address = entity.get('ip') ?? null
  if (address !== null && !isKnownHost(address)) return invalid(`${address} is not a valid IP or resolvable host.`)
  return addressQuotas
}

function valueProblem(allowed: Readonly<Record<string, QuotaMax>>, key: string, value: number): string | null {
  if (!Object.hasOwn(allowed, key)) return `Invalid configuration key ${key}`
  if (!Number.isFinite(value)) return `Quota ${key} must be a finite number`
  if (value <= 0) return `Quota ${key} must be greater than 0`
  const max = allowed[key] ?? null
  if (max === null) return null
  if (value > max) return `Proposed value for ${key} is too large for ${max === javaIntMax ? 'an INT' : 'a LONG'}.`
  return Math.abs(value % 1) > 1e-6 ? `${key} cannot be a fractional value.` : null
}

const invalid = (message: string): Refusal => refuse(Errors.INVALID_REQUEST, message)

/** As Java prints it. */
function textOf(entity: QuotaEntity): string {
  return `ClientQuotaEntity(entries={${Array.from(entity, ([type, name]) => `${type}=${name}`).join(', ')}})`
}

/** One component of a filter: the type by its name. */
export interface QuotaFilter {
  readonly entityType: string
  /** 0: this name. 1: the default. 2: any. */
  readonly matchType: number
  readonly match: string | null
}

/** The entities that have what each component asks for; a strict filter finds no types beside those that it names. */
export function findQuotas(quotas: Quotas, filters: readonly QuotaFilter[], isStrict: boolean): Iterable<EntityQuotas> | Refusal {
  const refusal = filterRefusal(filters)
  if (refusal !== null) return refusal
  if (filters.length === 0 && isStrict) return []
  return fitting(quotas, filters, isStrict)
}

function* fitting({ entities }: Quotas, filters: readonly QuotaFilter[], isStrict: boolean): Generator<EntityQuotas> {
  for (const found of entities.values()) {
    if (filters.every(filter => fits(found.entity, filter)) && (!isStrict || found.entity.size === filters.length)) yield found
  }
}

function fits(entity: QuotaEntity, { entityType, matchType, match }: QuotaFilter): boolean {
  const name = entity.get(entityType)
  return name !== undefined && (matchType === matchTypes.any || name === match)
}

const matchTypes = { exact: 0, default: 1, any: 2 }

function filterRefusal(filters: readonly QuotaFilter[]): Refusal | null {
  const seen = new Set<string>()
  for (const { entityType, matchType, match } of filters) {
    if (entityType === '') return invalid('Invalid empty entity type.')
    if (seen.has(entityType)) return invalid(`Entity type ${entityType} cannot appear more than once in the filter.`)
    if (entityType !== 'user' && entityType !== 'client-id' && entityType !== 'ip') {
      return refuse(Errors.UNSUPPORTED_VERSION, `Unsupported entity type ${entityType}`)
    }
    if (matchType === matchTypes.exact) {
      if (match === null) return invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.')
    } else if (matchType === matchTypes.default || matchType === matchTypes.any) {
      const name = matchType === matchTypes.default ? 'MATCH_TYPE_DEFAULT' : 'MATCH_TYPE_SPECIFIED'
      if (match !== null) return invalid(`Request specified ${name}, but also specified a match string.`)
    } else return invalid(`Unknown match type ${matchType}`)
    seen.add(entityType)
  }
  if (seen.has('ip') && seen.size > 1) {
    return invalid(
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.',
    )
  }
  return null
}
