/**
 * Stock clients over secure listeners, beside real Kafka: `run.js [--short] [--only CLIENT,…] [--no-tools]`.
 *
 *   1. Every client, over SSL, mTLS, and both SASL protocols with each mechanism that it knows: a topic, records, a group, a
 *      commit, and what the admin client says of it.
 *   2. Every reason not to be let in: the client names the same error as before Kafka, not later than a second after it, after
 *      as many connections.
 *   3. The broker's log: one line for each address and reason in ten seconds at most, and no secret.
 *   4. Kafka's tools for ACLs, SCRAM users and delegation tokens, and the console clients: they print the same.
 *
 * `--short` takes one client of each family. Exit code 0 when all of that holds, 1 when something does not, 2 for wrong usage.
 * A full run writes its section of docs/compatibility.md.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { authority } from '#testing/certificates.js'
import { writeSection } from '../../lib/generated-section.js'
import { kafkaClasspath, kafkaVersion } from '../../lib/maven.js'
import { cacheFolder, compatSources, repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import type { Login } from '../../lib/security-client.js'
import { Tally } from '../../lib/tally.js'
import { type Broker, startBrokers } from './brokers.js'
import { type CountingRelay, countConnections } from './connections.js'
import { type Identities, newIdentities, secretsOf } from './identities.js'
import { clientIn, leaks, repeatedLines } from './log-lines.js'
import { type PlannedLogin, refusalsOf, type TestedClient, testedClients, walksOf } from './logins.js'
import { newComparison, type Outcome, outcomesOf } from './outcome.js'
import { type ClientResult, documentation } from './report.js'
import { compareTools, type ToolResult } from './tools.js'

const EXIT_NOT_AVAILABLE = 77
const INSTALL_TIMEOUT_MS = 10 * 60_000
const RUN_TIMEOUT_MS = 90_000
const ATTEMPTS_MAX = 4

const usage = 'usage: security-clients/run.js [--short] [--only CLIENT,…] [--no-tools]'

// A socket that a client left half open must not hold up the end.
process.exit(await main())

async function main(): Promise<number> {
  const options = parsedOptions()
  if (options === null) return 2
  if (options.help) {
    console.log(usage)
    return 0
  }
  const classpath = await kafkaClasspath()
  if (classpath === null) {
    console.log('not run: real Kafka needs Java, Maven and its registry')
    return 0
  }
  const only = options.only?.split(',')
  const clients = testedClients.filter(({ name, isInShortRun }) => only?.includes(name) ?? (!options.short || isInShortRun))
  const tally = new Tally()
  const who = newIdentities(authority)
  const scratch = scratchFolder('security-clients')
  const results: ClientResult[] = []
  try {
    const brokers = await startBrokers(who, scratch)
    try {
      for (const client of clients) {
        const result = await tested(client, who, brokers, tally)
        if (result !== null) results.push(result)
      }
      const toolResults = options['no-tools'] ? [] : await compareTools(brokers, who, classpath, scratch, tally)
      if (only === undefined && !options.short && !options['no-tools']) writeDocumentation(results, toolResults)
      const [gregor] = brokers
      const reasons = new Set(gregor.log.flatMap(line => clientIn(line)?.of ?? []))
      tally.claim(`log: it says why clients were refused (${reasons.size} reasons)`, reasons.size > 0 ? null : 'no line')
      tally.claimNone('log: one line for each address and reason in ten seconds', repeatedLines(gregor.log))
      tally.claimNone('log: no secret', leaks(gregor.log, secretsOf(who)))
    } finally {
      await Promise.all(brokers.map(broker => broker.stop()))
    }
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return tally.close({ name: 'security-clients' })
}

function writeDocumentation(results: readonly ClientResult[], tools: readonly ToolResult[]): void {
  const page = join(repositoryRoot, 'docs', 'compatibility.md')
  writeSection(page, 'Compatibility', 'security-clients', documentation(results, tools, kafkaVersion()))
}

function parsedOptions() {
  try {
    const { values } = parseArgs({
      options: {
        short: { type: 'boolean', default: false },
        only: { type: 'string' },
        'no-tools': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch {
    console.error(usage)
    return null
  }
}

async function tested(
  client: TestedClient,
  who: Identities,
  [gregor, kafka]: readonly [Broker, Broker],
  tally: Tally,
): Promise<ClientResult | null> {
  const installed = await runScript(client, ['install'], INSTALL_TIMEOUT_MS)
  if (installed.exitCode === EXIT_NOT_AVAILABLE) {
    console.log(`not run  ${client.name}: ${installed.stderr.match(/^not run: (.*)$/m)?.[1] ?? 'no reason given'}`)
    return null
  }
  if (installed.exitCode !== 0) {
    tally.claim(`${client.name}: is installed`, installed.stderr.slice(-2000))
    return null
  }
  const version = (await runScript(client, ['version'], RUN_TIMEOUT_MS)).stdout.trim()
  const walks = walksOf(client, who)
  const walked = await tried(client, gregor, walks)
  const ways = walks.map(({ id }) => id).filter(id => walked.get(id)!.outcome === 'done')
  // A client may be at fault itself; then Kafka does not let it in, either.
  const others = walks.filter(({ id }) => !ways.includes(id))
  const besides = others.length === 0 ? null : await tried(client, kafka, others)
  const notByKafka: string[] = []
  for (const { id } of walks) {
    const { outcome, error } = walked.get(id)!
    const ofKafka = besides?.get(id)
    const isAsKafka = ofKafka !== undefined && ofKafka.outcome === outcome && ofKafka.error === error
    if (isAsKafka) notByKafka.push(id)
    const problem =
      ofKafka === undefined || isAsKafka ? null : `${outcome}: ${error} · Kafka ${ofKafka.outcome}: ${ofKafka.error}`
    tally.claim(`${client.name}: ${id}${isAsKafka ? ` (not let in by Kafka, either: ${error.slice(0, 120)})` : ''}`, problem)
  }

  const refusals = refusalsOf(client, who)
  const compared = new Map(refusals.map(({ id }) => [id, newComparison()]))
  let left = refusals
  // All of it runs beside each other on few cores, and clients have chance in them: what counts is whether the same client ever
  // fared the same. A broker that is wrong is wrong every time.
  for (let attempts = 0; attempts < ATTEMPTS_MAX && left.length > 0; attempts++) {
    const [ofGregor, ofKafka] = await Promise.all([tried(client, gregor, left), tried(client, kafka, left)])
    for (const { id } of left) compared.get(id)!.add(ofGregor.get(id)!, ofKafka.get(id)!)
    left = left.filter(({ id }) => compared.get(id)!.difference !== null)
  }
  let equal = 0
  for (const [id, { difference, last }] of compared) {
    const { connections, tookMs, error } = last
    const told = `${client.name}: ${id} (${connections} connection${connections === 1 ? '' : 's'}, ${tookMs} ms: ${error})`
    tally.claim(told.slice(0, 240), difference)
    if (difference === null) equal++
  }
  return { name: client.name, version, ways, notByKafka, walks: walks.map(({ id }) => id), refusals: refusals.length, equal }
}

/** All logins at once, in one process of the client. Walks go to the broker itself, as its answers name that address. */
async function tried(client: TestedClient, broker: Broker, logins: readonly PlannedLogin[]): Promise<Map<string, Outcome>> {
  const relays = new Map<string, CountingRelay>()
  const plan: string[] = []
  for (const { listener, ...login } of logins) {
    let bootstrap = broker.addresses[listener]
    if (login.kind === 'refusal') {
      const relay = await countConnections(bootstrap)
      relays.set(login.id, relay)
      bootstrap = relay.address
    }
    plan.push(line({ ...login, bootstrap }))
  }
  const ran = await runScript(client, ['security'], RUN_TIMEOUT_MS, plan.join(''))
  const told = outcomesOf(ran.stdout)
  const nothing = { outcome: 'nothing', tookMs: 0, error: `exit code ${ran.exitCode}: ${ran.stderr.slice(-500)}` } as const
  const outcomes = logins.map(({ id }) => {
    const { connections, pauseMs } = relays.get(id) ?? { connections: 0, pauseMs: 0 }
    return [id, { ...(told.get(id) ?? nothing), connections, pauseMs }] as const
  })
  for (const relay of relays.values()) relay.close()
  return new Map(outcomes)
}

function line(login: Login): string {
  const fields = Object.entries(login).map(([name, value]) => `${name}=${value}`)
  return `${fields.join('\t')}\n`
}

function runScript({ name }: TestedClient, args: readonly string[], timeoutMs: number, input?: string) {
  const [folder, profile] = name.split('/') as [string, string?]
  return run(join(compatSources, 'clients', folder, 'run'), args, {
    timeoutMs,
    ...(input !== undefined && { input }),
    env: { GREGOR_COMPAT_CACHE: cacheFolder(), RS_PROFILE: profile ?? '' },
  })
}
