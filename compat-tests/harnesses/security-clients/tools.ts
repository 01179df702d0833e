/**
 * Kafka's tools for ACLs, SCRAM users and delegation tokens, and the console clients with client properties: the same commands
 * against both brokers, one after another, and what they print compared line by line but for ids, times and ports.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { linesOnlyIn, printedText } from '../../lib/printed-text.js'
import type { Tally } from '../../lib/tally.js'
import { ToolHost, type ToolName } from '../../lib/tool-host.js'
import type { Broker, ListenerName } from './brokers.js'
import type { Identities } from './identities.js'

interface Step {
  readonly rule: string
  readonly tool: ToolName
  readonly args: readonly string[]
  /** As which client; by itself the super user of the plain listener. */
  readonly as?: 'alice' | 'carol' | 'stranger' | 'token'
  readonly input?: string
}

const passwordOfCarol = 'carols-own'

/** `{id}` and `{hmac}` are those of the token that the broker made before. */
const steps: readonly Step[] = [
  ...acls(),
  ...users(),
  ...consoleClients('alice', 'with client properties'),
  consoleProducer('stranger', 'a wrong password'),
  ...tokens(),
]

function acls(): Step[] {
  const step = (rule: string, ...args: string[]): Step => ({ rule, tool: 'kafka-acls', args })
  const to = ['--allow-principal', 'User:bob']
  return [
    step('--add, two operations of a topic', '--add', ...to, '--operation', 'Read', '--operation', 'Write', '--topic', 'orders'),
    step(
      '--add a denial by prefix and host',
      '--add',
      '--deny-principal',
      'User:mallory',
      '--deny-host',
      '10.0.0.1',
      '--operation',
      'All',
      '--topic',
      'ord',
      '--resource-pattern-type',
      'prefixed',
    ),
    step('--add --consumer', '--add', ...to, '--consumer', '--topic', 'orders', '--group', 'readers'),
    step(
      '--add --producer --idempotent',
      '--add',
      ...to,
      '--producer',
      '--topic',
      'orders',
      '--transactional-id',
      'tx',
      '--idempotent',
    ),
    step('--add to the cluster', '--add', ...to, '--operation', 'Describe', '--cluster'),
    step('--add to tokens', '--add', ...to, '--operation', 'Describe', '--delegation-token', 'some'),
    step('--add to a user', '--add', ...to, '--operation', 'CreateTokens', '--user-principal', 'User:bob'),
    step('--add again changes nothing', '--add', ...to, '--operation', 'Read', '--topic', 'orders'),
    step('--list', '--list'),
    step('--list --topic', '--list', '--topic', 'orders'),
    step('--list --resource-pattern-type match', '--list', '--topic', 'orders', '--resource-pattern-type', 'match'),
    step('--list --resource-pattern-type any', '--list', '--topic', 'ord', '--resource-pattern-type', 'any'),
    step('--list --principal', '--list', '--principal', 'User:mallory'),
    step('--list of what has none', '--list', '--topic', 'nothing'),
    step('an operation that a resource does not have', '--add', ...to, '--operation', 'Read', '--cluster'),
    step('an operation that nobody knows', '--add', ...to, '--operation', 'Wish', '--topic', 'orders'),
    step('a principal without a type', '--add', '--allow-principal', 'bob', '--operation', 'Read', '--topic', 'orders'),
    step('--remove one', '--remove', '--force', ...to, '--operation', 'Write', '--topic', 'orders'),
    step('--remove by prefix', '--remove', '--force', '--topic', 'ord', '--resource-pattern-type', 'prefixed'),
    step('--remove --consumer', '--remove', '--force', ...to, '--consumer', '--topic', 'orders', '--group', 'readers'),
    step('--remove of what is left', '--remove', '--force', '--topic', 'orders'),
    step('--remove from the cluster', '--remove', '--force', '--cluster'),
    step('--remove of transactional ids', '--remove', '--force', '--transactional-id', 'tx'),
    step('--remove from tokens', '--remove', '--force', '--delegation-token', 'some'),
    step('--remove from a user', '--remove', '--force', '--user-principal', 'User:bob'),
    step('--list when all are removed', '--list'),
  ]
}

function users(): Step[] {
  const carol = ['--entity-type', 'users', '--entity-name', 'carol']
  const step = (rule: string, ...args: string[]): Step => ({ rule, tool: 'kafka-configs', args })
  const add = (rule: string, config: string) => step(rule, '--alter', '--add-config', config, ...carol)
  return [
    add('--add-config of a SCRAM user', `SCRAM-SHA-256=[password=${passwordOfCarol}]`),
    add('--add-config of her other mechanism, with iterations', `SCRAM-SHA-512=[iterations=8192,password=${passwordOfCarol}]`),
    step('--describe of a SCRAM user', '--describe', ...carol),
    step('--describe of all', '--describe', '--entity-type', 'users'),
    ...consoleClients('carol', 'a user who was just made'),
    add('too few iterations', `SCRAM-SHA-256=[iterations=100,password=${passwordOfCarol}]`),
    add('too many iterations', `SCRAM-SHA-256=[iterations=20000,password=${passwordOfCarol}]`),
    add('two mechanisms at once', `SCRAM-SHA-256=[password=${passwordOfCarol}],SCRAM-SHA-512=[password=${passwordOfCarol}]`),
    add('no password', 'SCRAM-SHA-256=[iterations=4096]'),
    step('--delete-config of a mechanism', '--alter', '--delete-config', 'SCRAM-SHA-512', ...carol),
    step('--delete-config of the last', '--alter', '--delete-config', 'SCRAM-SHA-256', ...carol),
    step('--delete-config of one that is not there', '--alter', '--delete-config', 'SCRAM-SHA-256', ...carol),
    step('--describe of a user who is not there', '--describe', ...carol),
    consoleProducer('carol', 'a user who was just removed'),
  ]
}

function tokens(): Step[] {
  const step = (as: Step['as'], rule: string, ...args: string[]): Step => ({
    rule,
    tool: 'kafka-delegation-tokens',
    args,
    ...(as !== undefined && { as }),
  })
  const create = ['--create', '--max-life-time-period', '-1']
  return [
    step(undefined, '--create without a login', ...create),
    step('alice', '--create', ...create, '--renewer-principal', 'User:bob'),
    step('alice', '--describe', '--describe'),
    step('alice', '--describe --owner-principal', '--describe', '--owner-principal', 'User:alice'),
    step('alice', '--describe of another owner', '--describe', '--owner-principal', 'User:bob'),
    ...consoleClients('token', 'with a token'),
    step('token', '--create by a token', ...create),
    step('alice', '--create for somebody else', ...create, '--owner-principal', 'User:bob'),
    step('alice', '--create with a renewer of no type', ...create, '--renewer-principal', 'Group:all'),
    step('alice', '--renew', '--renew', '--renew-time-period', '3600000', '--hmac', '{hmac}'),
    step('alice', '--renew of a token that is not there', '--renew', '--renew-time-period', '-1', '--hmac', 'bm9uZQ=='),
    step('alice', '--expire later', '--expire', '--expiry-time-period', '1800000', '--hmac', '{hmac}'),
    step('alice', '--expire of a token that is not there', '--expire', '--expiry-time-period', '-1', '--hmac', 'bm9uZQ=='),
    step('alice', '--expire now', '--expire', '--expiry-time-period', '-1', '--hmac', '{hmac}'),
    step('alice', '--describe when none is left', '--describe'),
    consoleProducer('token', 'a token that is expired'),
  ]
}

function consoleClients(as: NonNullable<Step['as']>, rule: string): Step[] {
  const topic = `console-${as}`
  const group = ['--group', `${topic}-group`]
  return [
    { rule: `writes ${rule}`, tool: 'kafka-console-producer', as, args: ['--topic', topic], input: 'one\ntwo\nthree\n' },
    {
      rule: `reads ${rule}`,
      tool: 'kafka-console-consumer',
      as,
      args: ['--topic', topic, '--from-beginning', '--max-messages', '3', '--timeout-ms', '20000', ...group],
    },
  ]
}

function consoleProducer(as: NonNullable<Step['as']>, rule: string): Step {
  const args = ['--topic', `console-${as}`, '--max-block-ms', '5000']
  return { rule: `does not write: ${rule}`, tool: 'kafka-console-producer', as, args, input: 'not to be written\n' }
}

export interface ToolResult {
  readonly tool: ToolName
  readonly rule: string
  readonly isEqual: boolean
}

/** Which of what the tools do is the same. */
export async function compareTools(
  brokers: readonly [gregor: Broker, kafka: Broker],
  who: Identities,
  classpath: string,
  scratch: string,
  tally: Tally,
): Promise<ToolResult[]> {
  const [ofGregor, ofKafka] = await Promise.all(brokers.map(broker => runsOf(broker, who, classpath, scratch)))
  return steps.map(({ tool, rule }, nth) => {
    const [one, other] = [ofGregor![nth]!, ofKafka![nth]!]
    const missing = one.match(/does not support ([A-Z_]+)/)?.[1]
    if (missing !== undefined) {
      console.log(`not run  ${tool}: ${rule}: the broker has no ${missing}`)
      return { tool, rule, isEqual: false }
    }
    const problem = one === other ? null : `Gregor ${linesOnlyIn(one, other)}\n        Kafka  ${linesOnlyIn(other, one)}`
    tally.claim(`${tool}: ${rule}`, problem)
    return { tool, rule, isEqual: problem === null }
  })
}

/** What each step printed, without what differs between any two brokers. */
async function runsOf(broker: Broker, who: Identities, classpath: string, scratch: string): Promise<string[]> {
  await using host = ToolHost.start(classpath)
  const token = { id: '', hmac: '' }
  const printed: string[] = []
  for (const { tool, args, as, input } of steps) {
    const file = (suffix: string, text: string) => {
      const path = join(scratch, `${broker.name}-${printed.length}.${suffix}`)
      writeFileSync(path, text)
      return path
    }
    const listener: ListenerName = as === undefined ? 'PLAINTEXT' : 'SASL_SSL'
    const login = as === undefined ? [] : ['--command-config', file('properties', propertiesOf(as, who, token))]
    const filled = args.map(arg => arg.replace('{hmac}', token.hmac))
    const all = ['--bootstrap-server', broker.addresses[listener], ...login, ...filled]
    const run = await host.run(tool, all, { timeoutMs: 60_000, ...(input !== undefined && { stdinFile: file('input', input) }) })
    const [, id, hmac] = run.stdout.match(/^(\S{22})\s+(\S{86}==)\s/m) ?? []
    if (id !== undefined && hmac !== undefined) Object.assign(token, { id, hmac })
    printed.push(printedText(run))
  }
  return printed
}

function propertiesOf(as: NonNullable<Step['as']>, who: Identities, token: { id: string; hmac: string }): string {
  const logins = {
    alice: [who.user, who.password],
    carol: ['carol', passwordOfCarol],
    stranger: [who.user, who.wrongPassword],
    token: [token.id, token.hmac],
  } as const
  const [user, password] = logins[as]
  const more = as === 'token' ? ' tokenauth="true"' : ''
  return `security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=${who.authority.certificate}
sasl.mechanism=SCRAM-SHA-256
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  username="${user}" password="${password}"${more};
`
}
