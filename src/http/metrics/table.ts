/** Every family that a scrape answers with, in the order of the answer; docs/metrics.md is printed from it. */
import { controllerFamilies, partitionFamilies, replicaFamilies, serverFamilies } from './broker-families.js'
import { clientFamilies } from './client-families.js'
import { latencyFamilies, listenerFamilies, requestFamilies, topicFamilies } from './counted-families.js'
import { exporterFamilies } from './exporter-families.js'
import { type FamilyGroup, gauge } from './family.js'
import { jvmFamilies, nodeFamilies } from './node-families.js'
import { raftFamilies } from './raft-families.js'
import { redpandaFamilies } from './redpanda-families.js'

const ownFamilies: FamilyGroup = {
  title: 'The scrape itself',
  about: '',
  families: [
    // Last: what was left out is known when all others are read.
    gauge(
      'gregor_metrics_series_left_out',
      ['family'],
      'Series that were left out, beyond gregor.http.metrics.series.max.',
      seen => Array.from(seen.leftOut, ([family, value]) => ({ labels: { family }, value })),
    ),
  ],
}

export const familyGroups: readonly FamilyGroup[] = [
  topicFamilies,
  requestFamilies,
  listenerFamilies,
  replicaFamilies,
  partitionFamilies,
  controllerFamilies,
  raftFamilies,
  serverFamilies,
  exporterFamilies,
  latencyFamilies,
  clientFamilies,
  nodeFamilies,
  jvmFamilies,
  redpandaFamilies,
  ownFamilies,
]
