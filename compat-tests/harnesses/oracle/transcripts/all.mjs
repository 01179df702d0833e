// Every transcript, in the order in which they run.
import { transcripts as access } from './access.mjs'
import { transcripts as acls } from './acls.mjs'
import { transcripts as clientMetrics } from './client-metrics.mjs'
import { transcripts as cluster } from './cluster.mjs'
import { transcripts as configs } from './configs.mjs'
import { transcripts as consumerGroups } from './consumer-groups.mjs'
import { transcripts as dynamicConfigs } from './dynamic-configs.mjs'
import { transcripts as features } from './features.mjs'
import { transcripts as fetch } from './fetch.mjs'
import { transcripts as fetchLimits } from './fetch-limits.mjs'
import { transcripts as frames } from './frames.mjs'
import { transcripts as groupWalks } from './group-walks.mjs'
import { transcripts as groups } from './groups.mjs'
import { transcripts as logDirs } from './log-dirs.mjs'
import { transcripts as more } from './more.mjs'
import { transcripts as offsets } from './offsets.mjs'
import { transcripts as produce } from './produce.mjs'
import { transcripts as producerWalks } from './producer-walks.mjs'
import { transcripts as quotas } from './quotas.mjs'
import { transcripts as rights } from './rights.mjs'
import { transcripts as sasl } from './sasl.mjs'
import { transcripts as settings } from './settings.mjs'
import { transcripts as streamsGroups } from './streams-groups.mjs'
import { transcripts as topics } from './topics.mjs'
import { transcripts as transactionWalks } from './transaction-walks.mjs'
import { transcripts as transactions } from './transactions.mjs'
import { transcripts as transactionsOfGroups } from './transactions-of-groups.mjs'
import { transcripts as transactionsOnPartitions } from './transactions-on-partitions.mjs'
import { transcripts as versions } from './versions.mjs'

export const transcripts = [
  ...versions,
  ...topics,
  ...cluster,
  ...logDirs,
  ...features,
  ...configs,
  ...dynamicConfigs,
  ...clientMetrics,
  ...acls,
  ...quotas,
  ...produce,
  ...fetch,
  ...fetchLimits,
  ...groups,
  ...offsets,
  ...consumerGroups,
  ...streamsGroups,
  ...frames,
  ...more,
  ...settings,
  ...groupWalks,
  ...producerWalks,
  ...transactions,
  ...transactionsOnPartitions,
  ...transactionsOfGroups,
  ...transactionWalks,
  ...sasl,
  ...access,
  ...rights,
]
