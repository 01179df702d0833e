/** The section of docs/compatibility.md: dashboards, and the names that are missing. */
import { explanations, unansweredQueries } from './explained.js'
import { type Difference, explanationOf } from './names.js'

export interface DashboardResult {
  readonly name: string
  readonly source: string
  readonly licence: string
  readonly queries: number
  readonly expected: number
  readonly answered: number
}

export interface NamesResult {
  readonly original: string
  readonly names: number
  readonly differences: readonly Difference[]
}

export function documentation(dashboards: readonly DashboardResult[], names: readonly NamesResult[]): string {
  return [
    '## Metrics',
    '',
    'The queries of dashboards as they are, asked by Debian’s Prometheus, which scrapes Gregor under a known load; and the names, types',
    'and labels that Kafka’s exporters show. Counters equal what the clients counted, and lag what kafka-consumer-groups prints.',
    '`node dist/compat-tests/harnesses/metrics-beside-kafka/run.js`. Of Redpanda’s dashboards, the queries about topics, partitions, groups,',
    'requests, memory and disk; of the others, those that Kafka’s metrics answer.',
    '',
    '| Dashboard | Queries | With data | Answered by Gregor |',
    '| --- | --- | --- | --- |',
    ...dashboards.map(
      ({ name, source, licence, queries, expected, answered }) =>
        `| [${name}](${source}) (${licence}) | ${queries} | ${expected} | ${answered} |`,
    ),
    '',
    'Not answered:',
    '',
    ...unansweredQueries.map(({ expression, why }) => `- \`${expression.source}\`: ${why}.`),
    ...names.flatMap(result => ['', ...namesTable(result)]),
  ].join('\n')
}

function namesTable({ original, names, differences }: NamesResult): string[] {
  const missing = new Set(differences.filter(({ kind }) => kind === 'name').map(({ name }) => name))
  const rows = explanations.flatMap(explanation => {
    const own = differences.filter(difference => explanationOf(difference, explanations) === explanation)
    if (own.length === 0) return []
    const words = { labels: 'other labels: ', type: 'another type: ', name: '' }[explanation.of ?? 'name']
    return [`| ${words}${[...new Set(own.map(({ name }) => `\`${name}\``))].join(', ')} | ${explanation.why} |`]
  })
  return [
    `${original}: ${names - missing.size} of ${names} names.`,
    ...(rows.length === 0 ? [] : ['', '| Missing or different | Why |', '| --- | --- |', ...rows]),
  ]
}
