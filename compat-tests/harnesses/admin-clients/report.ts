/** The section of docs/compatibility.md: of how many methods each client got the answers that Kafka gives. */
import type { Verdict } from './judge.js'

export interface Result {
  readonly name: string
  readonly version: string
  readonly verdicts: readonly Verdict[]
}

export function documentation(results: readonly Result[], kafkaVersion: string): string {
  const missing = results.flatMap(({ name, verdicts }) => {
    const methods = verdicts.filter(({ kind }) => kind === 'not served').map(({ method }) => `\`${method}\``)
    return methods.length === 0 ? [] : [`- ${name}: ${methods.join(', ')}`]
  })
  return [
    '## Admin clients',
    '',
    `Each method of each client, called at Apache Kafka ${kafkaVersion} and at Gregor: what it came to (the result with all that is in it, or`,
    'class, code and message of the error) is the same but for ids, times, ports, paths and sizes. Of Java’s interface that is every',
    'method with all its overloads, found by reflection.',
    '`node dist/compat-tests/harnesses/admin-clients/run.js`.',
    '',
    '| Client | Methods | As at Kafka | Not served yet |',
    '| --- | --- | --- | --- |',
    ...results.map(({ name, version, verdicts }) => {
      const count = (kind: Verdict['kind']) => verdicts.filter(one => one.kind === kind).length
      return `| ${name} (${version}) | ${verdicts.length} | ${count('equal')} | ${count('not served')} |`
    }),
    ...(missing.length === 0 ? [] : ['', 'Not served yet, because Gregor does not advertise the API:', '', ...missing]),
  ].join('\n')
}
