import { lookup } from 'node:dns/promises'
import { alterQuotas } from '../../cluster/quota-controller.js'
import { quotaEntityOf } from '../../cluster/quota-image.js'
import { Errors } from '../../protocol/errors.js'
import { AlterClientQuotas } from '../../protocol/messages/alter-client-quotas.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// AlterClientQuotas v0-1: sets and removes quotas, which count at once (KIP-546). Addresses: KIP-612.
export const alterClientQuotas = handler(AlterClientQuotas, async ({ entries, validateOnly }, context) => {
  if (!context.may('alter_configs', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const { broker } = context
  const alterations = entries.map(({ entity, ops }) => ({ entity: quotaEntityOf(entity), ops }))
  const unknown = await unknownHosts(alterations.flatMap(({ entity }) => entity.get('ip') ?? []))
  const { records, result } = alterQuotas(broker.topics.image.quotas, alterations, name => !unknown.has(name))
  await broker.carryOut({ records: validateOnly ? [] : records, result })
  return {
    entries: result.map(({ entity, refusal }) => ({
      errorCode: refusal?.errorCode ?? Errors.NONE,
      errorMessage: refusal?.message ?? null,
      entity: Array.from(entity, ([entityType, entityName]) => ({ entityType, entityName })),
    })),
  }
})

async function unknownHosts(names: readonly string[]): Promise<ReadonlySet<string>> {
  const unknown = new Set<string>()
  for (const name of new Set(names)) await lookup(name).catch(() => unknown.add(name))
  return unknown
}
