/** docs/metrics.md, printed from the table of families. */
import type { FamilyGroup } from './family.js'
import { familyGroups } from './table.js'

export function metricsMarkdown(): string {
  return `# Metrics

<!-- Printed by \`npm run docs\` from the table of families in src/http/metrics; edit them there. -->

\`GET /metrics\` of the [HTTP port](http-api.md) answers in Prometheus’s text format.

\`\`\`yaml
scrape_configs:
  - job_name: gregor
    static_configs: [{ targets: ['127.0.0.1:8080'] }]
\`\`\`

The names are those that dashboards of Kafka draw already. With an authorizer, who scrapes logs in (\`basic_auth\`) as a user
that may \`Describe\` the cluster, and sees the names of all topics and groups.

Of one family at most \`gregor.http.metrics.series.max\` series are answered, those of the first topics; how many were left out is
\`gregor_metrics_series_left_out\`. A large answer is made in slices, between which Kafka’s clients are served, and scrapes at the
same time share it. What is counted is counted since the start.

${familyGroups.map(section).join('\n')}`
}

function section({ title, about, families }: FamilyGroup): string {
  const rows = families.map(({ name, type, labels, help }) => {
    const labelled = labels.map(label => `\`${label}\``).join(' ')
    return `| \`${name}\` | ${type} | ${labelled} | ${help} |`
  })
  return `## ${title}

${about === '' ? '' : `${about}\n\n`}| name | type | labels | |
|---|---|---|---|
${rows.join('\n')}
`
}
