/** The section of docs/compatibility.md about Kafka's tools: a line per tool and a list of what was checked. */
import type { CheckResult } from './checks.js'

export function documentation(results: readonly CheckResult[], version: string): string {
  const tools = [...new Set(results.map(result => result.tool))].sort()
  const rows = tools.map(tool => {
    const own = results.filter(result => result.tool === tool)
    const passed = own.filter(result => result.failure === null).length
    return `| ${tool} | ${passed} of ${own.length} |`
  })
  const details = tools.flatMap(tool => ['', `**${tool}**`, '', ...results.filter(result => result.tool === tool).map(line)])
  return [
    '## Kafka’s own command-line tools',
    '',
    `The tools of Apache Kafka ${version}, unchanged, against Gregor and (kafka-dump-log) its data directory:`,
    '`node dist/compat-tests/harnesses/kafka-tools/run.js`. The same checks pass against Kafka itself with `--kafka`.',
    '',
    '| Tool | Checks passed |',
    '| --- | --- |',
    ...rows,
    ...details,
  ].join('\n')
}

function line(result: CheckResult): string {
  return `- ${result.failure === null ? '' : 'FAILS: '}${result.rule}`
}
