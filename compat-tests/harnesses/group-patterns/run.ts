/**
 * Regular expressions that groups subscribe with: `run.js [--short] [--kafka HOST:PORT]`. A table of patterns goes to Kafka
 * 4.4 and to Gregor (`SubscribedTopicRegex`, KIP-848), before and after topics come and go: who is refused, with which words,
 * and what each member is assigned. Then the clients, each in every way it has of subscribing to a pattern, while topics are
 * created and deleted, at both; with `--short` at Gregor alone. `--kafka`: one that runs already, and has no topics.
 *
 * Exit code 0 when everything is as at Kafka, or when there is no Kafka to be had (then "not run"), 1 when something is not.
 */
import { parseArgs } from 'node:util'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { kafkaClasspath } from '../../lib/maven.js'
import { delay, eventually } from '../../lib/patience.js'
import { Tally } from '../../lib/tally.js'
import { Members, memberPrograms } from './members.js'
import { differentByNature, goneTopics, laterTopics, patterns, tooLarge, topics } from './patterns.js'
import { PatternTable } from './table.js'

/** Clients are told by the broker how often to ask; some would make a topic again that is gone. */
const settings = {
  'group.consumer.min.heartbeat.interval.ms': '500',
  'group.consumer.heartbeat.interval.ms': '500',
  'auto.create.topics.enable': 'false',
}
/** Kafka looks for other topics of a pattern every ten seconds at most. */
const settleMsMax = 60_000
/** What a pattern does not match is not waited for. */
const quietMs = 2000
const beatEveryMs = 300

const shop = '^shop-(eu|us|asia)(-[0-9]+)?$'

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      kafka: { type: 'string' },
    },
  })
  if ((await kafkaClasspath()) === null) {
    console.log('not run: real Kafka needs Java, Maven and its registry')
    return 0
  }
  const tally = new Tally()
  const args = Object.entries(settings).flatMap(([key, value]) => ['--config', `${key}=${value}`])
  const starting = [
    startGregor({ isEphemeral: true, args }),
    values.kafka === undefined ? startKafka({ properties: settings, heap: '512m' }) : null,
  ] as const
  try {
    const [gregor, kafka] = await Promise.all(starting)
    const ofKafka = values.kafka ?? kafka!.bootstrapServers
    await compareTables(ofKafka, gregor, tally)
    await playMembers(gregor.bootstrap, 'Gregor', tally)
    if (!values.short) await playMembers(ofKafka, 'Kafka', tally)
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  } finally {
    const started = await Promise.allSettled(starting)
    await Promise.all(started.map(one => (one.status === 'fulfilled' ? one.value?.stop() : null)))
  }
  return tally.close({ name: 'group-patterns', patterns: patterns.length, short: values.short })
}

async function compareTables(kafka: string, gregor: RunningGregor, tally: Tally): Promise<void> {
  const all = [...patterns, ...tooLarge]
  const tables = [await PatternTable.open(kafka, all), await PatternTable.open(gregor.bootstrap, all)] as const
  const settle = async (when: string): Promise<void> => {
    let quietSinceMs = performance.now()
    const beat = async (): Promise<boolean> => {
      const changed = await Promise.all(tables.map(table => table.beat()))
      if (changed.includes(true)) quietSinceMs = performance.now()
      return performance.now() - quietSinceMs > quietMs && differences(tables).length === 0
    }
    await eventually(beat, settleMsMax, beatEveryMs)
    tally.claimNone(`${when}: every pattern comes to the same at Kafka and Gregor`, differences(tables), 20)
  }
  for (const table of tables) await table.create(topics)
  await settle('topics that are there')
  for (const table of tables) {
    await table.create(laterTopics)
    await table.delete(goneTopics)
  }
  await settle('topics that come and go')
  const [, outcomes] = tables.map(table => table.outcomes())
  const taken = tooLarge.filter(pattern => !outcomes!.get(pattern)!.includes('expression too large'))
  tally.claimNone('Gregor refuses, as too large, what takes long to match', taken)
  for (const table of tables) table.close()
}

/** But for those that are known to differ. */
function differences(tables: readonly PatternTable[]): string[] {
  const [ofKafka, ofGregor] = tables.map(table => table.outcomes())
  return [...ofKafka!]
    .filter(([pattern, outcome]) => outcome !== ofGregor!.get(pattern))
    .filter(([pattern]) => !differentByNature.includes(pattern) && !tooLarge.includes(pattern))
    .map(([pattern, outcome]) => `${JSON.stringify(pattern)}: ${outcome} at Kafka, ${ofGregor!.get(pattern)}`)
}

async function playMembers(bootstrap: string, at: string, tally: Tally): Promise<void> {
  const topics = await PatternTable.open(bootstrap, [])
  await topics.create(['shop-eu', 'shop-us', 'shop-mars', 'shop-eu-', 'workshop-eu'])
  const members = new Members(await memberPrograms(), bootstrap, shop)
  const settle = async (when: string, wanted: readonly string[], gone: string | null = null): Promise<void> => {
    await eventually(() => members.others(wanted, gone).length === 0, settleMsMax)
    tally.claimNone(`clients at ${at}, ${when}`, members.others(wanted, gone), 20)
  }
  try {
    await settle('topics that are there', ['shop-eu', 'shop-us'])
    await topics.create(['shop-asia', 'shop-eu-1', 'shop-eu-x', 'shop-moon'])
    await settle('topics that come', ['shop-asia', 'shop-eu', 'shop-eu-1', 'shop-us'])
    await topics.delete(['shop-us', 'shop-mars'])
    await settle('topics that go', ['shop-asia', 'shop-eu', 'shop-eu-1'], 'shop-us')
    await delay(quietMs)
    await settle('and for a while', ['shop-asia', 'shop-eu', 'shop-eu-1'], 'shop-us')
    if (tally.failed > 0) console.log(members.words.slice(-20).join('\n'))
  } finally {
    await members.kill()
    topics.close()
  }
}
