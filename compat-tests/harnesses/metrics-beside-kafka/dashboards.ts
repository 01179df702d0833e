/** Reads the queries of dashboards from checkouts of the repositories that keep them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../lib/processes.js'
import type { Dashboard, Query } from './queries.js'

interface Panel {
  readonly title?: string
  readonly panels?: readonly Panel[]
  readonly targets?: readonly { readonly expr?: string }[]
}

const strimzi = 'packaging/examples/metrics/grafana-dashboards'

/** Folder of the checkout, repository, and the files in it. All of them are under Apache-2.0. */
const sources: readonly (readonly [folder: string, repository: string, files: readonly string[]])[] = [
  [
    'strimzi-kafka-operator',
    'https://github.com/strimzi/strimzi-kafka-operator',
    [`${strimzi}/strimzi-kafka.json`, `${strimzi}/strimzi-kraft.json`, `${strimzi}/strimzi-kafka-exporter.json`],
  ],
  ['kafka_exporter', 'https://github.com/danielqsj/kafka_exporter', ['kafka_exporter_overview.json']],
  [
    'observability',
    'https://github.com/redpanda-data/observability',
    [
      'Kafka-Consumer-Offsets',
      'Kafka-Topic-Metrics',
      'Redpanda-Default-Dashboard',
      'Redpanda-Ops-Dashboard',
      'Redpanda-Serverless-Dashboard',
    ].map(name => `grafana-dashboards/${name}.json`),
  ],
]

/** Of Redpanda's own metrics those that a broker of Gregor has: topics, partitions, groups, requests, memory, disk. */
const isAboutABroker =
  /redpanda_(kafka|cluster_(brokers|topics|partitions|unavailable)|memory|storage|application|cpu_busy|io_queue|rpc_active)/
/** Redpanda answers these no more than others do: limits of its cloud, and histograms by their bare name. */
const isOfNobody = /redpanda_serverless|latency_seconds\{/

export async function dashboardsOf(checkouts: string): Promise<Dashboard[]> {
  const dashboards: Dashboard[] = []
  for (const [folder, repository, files] of sources) {
    const git = await run('git', ['-C', join(checkouts, folder), 'rev-parse', 'HEAD'])
    if (git.exitCode !== 0) throw new Error(`${join(checkouts, folder)} is no checkout of ${repository}: ${git.stderr}`)
    for (const file of files) {
      const isRedpandas = folder === 'observability'
      const queries = queriesOf(JSON.parse(readFileSync(join(checkouts, folder, file), 'utf8')) as Panel)
      dashboards.push({
        name: file.replace(/^.*\//, '').replace('.json', ''),
        source: `${repository}/blob/${git.stdout.trim()}/${file}`,
        commit: git.stdout.trim(),
        licence: 'Apache-2.0',
        isRedpandas,
        queries: queries.map(query => ({ ...query, isExpected: isRedpandas && isOurs(query.expression) })),
      })
    }
  }
  return dashboards
}

const isOurs = (expression: string): boolean => isAboutABroker.test(expression) && !isOfNobody.test(expression)

function queriesOf({ title = '', panels = [], targets = [] }: Panel): Omit<Query, 'isExpected'>[] {
  const own = targets.flatMap(({ expr = '' }) => (expr === '' ? [] : [{ panel: title, expression: expr.trim() }]))
  return [...own, ...panels.flatMap(queriesOf)]
}
