/** What the originals show and Gregor does not, with the reason; what is missing beyond it is a fault, and so is a stale line. */
import type { Explanation } from './names.js'

export const explanations: readonly Explanation[] = [
  { names: /^(go|promhttp|jmx|kafka_exporter)_/, why: 'of the exporter itself' },
]

/** Queries that are answered by no series when all is well. */
export const silentQueries: readonly { readonly expression: RegExp; readonly why: string }[] = [
  { expression: /under_replicated_replicas.*!=0/, why: 'shows partitions that are under-replicated or without a leader' },
]
