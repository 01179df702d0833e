/** The section of docs/compatibility.md: what each client did over secure listeners. */
import type { ToolResult } from './tools.js'

export interface ClientResult {
  readonly name: string
  readonly version: string
  /** The ways in that it was asked for, and those that it came in by. */
  readonly walks: readonly string[]
  readonly ways: readonly string[]
  /** Those by which Kafka does not let it in, either. */
  readonly notByKafka: readonly string[]
  /** Reasons not to be let in, and those by which it fared as before Kafka. */
  readonly refusals: number
  readonly equal: number
}

const columns = ['SSL', 'mTLS', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const

export function documentation(results: readonly ClientResult[], tools: readonly ToolResult[], kafkaVersion: string): string {
  const names = [...new Set(tools.map(({ tool }) => tool))]
  const toolRows = names.map(name => {
    const own = tools.filter(({ tool }) => tool === name)
    return `| ${name} | ${own.filter(({ isEqual }) => isEqual).length} of ${own.length} |`
  })
  const rows = results.map(result => {
    const cells = columns.map(column => cell(result, column))
    return `| ${result.name.split('/')[0]} ${result.version} | ${cells.join(' | ')} | ${result.equal} of ${result.refusals} |`
  })
  return [
    '## Clients over secure listeners',
    '',
    'Each client makes a topic, writes, reads as a group, commits and asks for the commit (kcat has no admin client; it lists the',
    'topic); a mechanism counts when that works over SASL_PLAINTEXT and over SASL_SSL. Refused: wrong passwords, unknown users,',
    'certificates of either side that are expired, not yet valid or of another authority, another host’s, none at all, TLS 1.2; the',
    `client names the same error as before Apache Kafka ${kafkaVersion}, at most a second later, after as many connections.`,
    '`node dist/compat-tests/harnesses/security-clients/run.js`.',
    '',
    `| Client | ${columns.join(' | ')} | Refused as by Kafka |`,
    `| --- |${' --- |'.repeat(columns.length + 1)}`,
    ...rows,
    '',
    'Tools of Kafka over the same listeners, which print the same, with the same exit code, for ACLs, SCRAM users, delegation tokens',
    'and console clients that log in by their properties, also with a token:',
    '',
    '| Tool | Commands that print the same |',
    '| --- | --- |',
    ...toolRows,
  ].join('\n')
}

function cell({ walks, ways, notByKafka }: ClientResult, column: string): string {
  const asked = walks.filter(walk => walk === column || walk.endsWith(` ${column}`))
  if (asked.length === 0) return '–'
  if (asked.every(walk => ways.includes(walk))) return 'yes'
  return asked.every(walk => ways.includes(walk) || notByKafka.includes(walk)) ? 'no, nor by Kafka' : 'NO'
}
