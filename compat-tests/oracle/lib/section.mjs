// What a run found, as the section of docs/compatibility.md that is called oracle.
import { rules } from '../verdicts.mjs'

export function section(counts, total) {
  const rows = [...counts].sort().map(([api, one]) => row(api, one))
  const reasons = new Map()
  for (const { api, why } of rules) {
    if (why === undefined) continue
    const apis = reasons.get(why) ?? new Set()
    reasons.set(why, apis)
    apis.add(
      api === undefined ? 'several' : typeof api === 'string' ? api : api.source.replaceAll(/[\^$()]/g, '').replaceAll('|', ', '),
    )
  }
  return `## Beside Apache Kafka, field by field

The same requests to Apache Kafka VERSION and to Gregor, both with the same settings, and their answers compared field by field:
\`node dist/compat-tests/oracle/run.js OPTIONS\` (see [oracle](../compat-tests/oracle/README.md)). No difference is left that
is not in the list below.

| API | answers | equal | other words in a message | different on purpose |
| --- | --- | --- | --- | --- |
${[...rows, row('**all**', total)].join('\n')}

What differs, and why:

| API | difference |
| --- | --- |
${[...reasons].map(([why, apis]) => `| ${[...apis].join(', ')} | ${why.replaceAll('|', '\\|')} |`).join('\n')}
`
}

function row(name, { cases, equal, text, accepted, known, different }) {
  return `| ${name} | ${cases} | ${equal} | ${text} | ${accepted + known + different} |`
}
