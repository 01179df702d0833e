/**
 * The queries of other people's dashboards: facts, with their source, commit and licence, in recorded/queries.json. Variables are
 * filled in as Grafana does for "all", and names of clusters and namespaces as the scrape config gives them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compatSources } from '../../lib/paths.js'
import { groups } from './load.js'

export interface Query {
  readonly panel: string
  readonly expression: string
  /** Whether Kafka's metrics answer it; of Redpanda's dashboards, whether it is about what a broker of Gregor has. */
  readonly isExpected: boolean
}

export interface Dashboard {
  /** A short name, for people. */
  readonly name: string
  readonly source: string
  readonly commit: string
  readonly licence: string
  readonly isRedpandas: boolean
  readonly queries: readonly Query[]
}

export const recordedFolder = join(compatSources, 'harnesses', 'metrics-beside-kafka', 'recorded')
export const queriesFile = join(recordedFolder, 'queries.json')

export function recordedDashboards(): Dashboard[] {
  return JSON.parse(readFileSync(queriesFile, 'utf8')) as Dashboard[]
}

/** As strimzi's PodMonitor gives them. */
export const targetLabels = {
  namespace: 'kafka',
  strimzi_io_cluster: 'my-cluster',
  strimzi_io_name: 'my-cluster-kafka',
  kubernetes_pod_name: 'my-cluster-kafka-0',
  pod: 'my-cluster-kafka-0',
  container: 'kafka',
}

const variables: Readonly<Record<string, string>> = {
  kubernetes_namespace: targetLabels.namespace,
  strimzi_cluster_name: targetLabels.strimzi_io_cluster,
  kafka_topic: '.+',
  aggr_criteria: 'instance',
  // Of one group at a time.
  redpanda_group: groups.readers,
  data_cluster: '',
  __rate_interval: '1m',
}

/** Without the day before, which a broker that has just begun does not have. */
export function filledIn(expression: string, instance: string): string {
  return expression
    .replaceAll(/\[\[(\w+)\]\]|\$\{(\w+)\}|\$(\w+)/g, (_, ...names: string[]) => {
      const name = names.slice(0, 3).find(one => one !== undefined) ?? ''
      return name === 'instance' ? instance : (variables[name] ?? '.*')
    })
    .replaceAll(' offset 1d', '')
}
