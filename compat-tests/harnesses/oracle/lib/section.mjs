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
  const open = total.known + total.different
  const left =
    open === 0
      ? 'No difference is left that is not in the list below.'
      : `${open} answers differ in what is still to be mended, all others as the list below explains.`
  return `## Beside Apache Kafka, field by field

The same requests to Apache Kafka VERSION and to Gregor, both with the same settings, and their answers compared field by field:
\`node dist/compat-tests/harnesses/oracle/run.js OPTIONS\` (see [oracle](../compat-tests/harnesses/oracle/README.md)). ${left}
Other words: a refusal says why, where Kafka says nothing or something more general.

| API | answers | equal | other words in a message | different, explained |
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
