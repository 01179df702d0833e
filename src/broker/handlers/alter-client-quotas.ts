import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { alterQuotas, type QuotaOutcome } from '../../cluster/quota-controller.js'
import { quotaEntityOf } from '../../cluster/quota-image.js'
import { Errors } from '../../protocol/errors.js'
import { AlterClientQuotas } from '../../protocol/messages/alter-client-quotas.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

/** Of those that a request names, so many are decided and written in one step; other clients are served between two. */
const entriesPerStep = 100
/** A look-up of a name that there is not takes seconds. Kafka has no such bound. */
const hostNamesMax = 100

// AlterClientQuotas v0-1: sets and removes quotas, which count at once (KIP-546). Addresses: KIP-612.
export const alterClientQuotas = handler(AlterClientQuotas, async ({ entries, validateOnly }, context) => {
  if (!context.may('alter_configs', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const { broker } = context
  if (hostNamesIn(entries) > hostNamesMax) {
    const errorMessage = `A request has at most ${hostNamesMax} names of hosts; give addresses, or send several requests.`
    return { entries: entries.map(({ entity }) => ({ errorCode: Errors.POLICY_VIOLATION, errorMessage, entity })) }
  }
  const outcomes = new Map<string, QuotaOutcome>()
  const written: Promise<unknown>[] = []
  for (let from = 0; from < entries.length; from += entriesPerStep) {
    const part = entries.slice(from, from + entriesPerStep)
    const alterations = part.map(({ entity, ops }) => ({ entity: quotaEntityOf(entity), ops }))
    const unknown = await unknownHosts(alterations.flatMap(({ entity }) => entity.get('ip') ?? []))
    const decided = alterQuotas(broker.topics.image.quotas, alterations, name => !unknown.has(name), outcomes)
    if (!validateOnly && decided.records.length > 0) {
      const step = broker.carryOut(decided)
      // It is waited for behind the last step.
      step.catch(() => {})
      written.push(step)
    }
    const paused = context.pause()
    if (paused !== null) await paused
  }
  await Promise.all(written)
  return {
    entries: Array.from(outcomes.values(), ({ entity, refusal }) => ({
      errorCode: refusal?.errorCode ?? Errors.NONE,
      errorMessage: refusal?.message ?? null,
      entity: Array.from(entity, ([entityType, entityName]) => ({ entityType, entityName })),
    })),
  }
})

function hostNamesIn(entries: readonly { readonly entity: Parameters<typeof quotaEntityOf>[0] }[]): number {
  const hosts = entries.flatMap(({ entity }) => entity.filter(({ entityType }) => entityType === 'ip'))
  return new Set(hosts.map(({ entityName }) => entityName ?? '').filter(name => name !== '' && isIP(name) === 0)).size
}

async function unknownHosts(names: readonly string[]): Promise<ReadonlySet<string>> {
  const unknown = new Set<string>()
  for (const name of new Set(names)) await lookup(name).catch(() => unknown.add(name))
  return unknown
}
