/**
 * Metrics beside the originals: `run.js`. Gregor under a known load, scraped by Debian's Prometheus: names, types and labels
 * beside those of real Kafka's exporters, the queries of other people's dashboards, and values beside what the clients counted.
 *
 * --record writes down anew what the originals show (recorded/): with strimzi's rules for the JMX exporter and kafka_exporter,
 * both given by path, and --checkouts FOLDER to read the dashboards' queries anew, too.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeSection } from '../../lib/generated-section.js'
import { startGregor } from '../../lib/gregor.js'
import { kafkaClasspath } from '../../lib/maven.js'
import { repositoryRoot } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { Tally } from '../../lib/tally.js'
import { ToolHost } from '../../lib/tool-host.js'
import { explanations, unansweredQueries } from './explained.js'
import { type Exposition, nameFacts, parseExposition } from './exposition.js'
import { startLoad } from './load.js'
import { differences, explanationOf, recordedNames } from './names.js'
import { prometheusIsMissing, startPrometheus } from './prometheus.js'
import { filledIn, recordedDashboards, targetLabels } from './queries.js'
import { record } from './record.js'
import { type DashboardResult, documentation, type NamesResult } from './report.js'
import { claimCounters, claimGroups } from './values.js'

const usage = `usage: metrics-beside-kafka/run.js [--record --rules FILE --kafka-exporter PROGRAM [--checkouts FOLDER]]
  --record                   write recorded/ anew from real Kafka
  --rules FILE               strimzi's kafka-metrics.yaml
  --kafka-exporter PROGRAM   danielqsj's kafka_exporter
  --checkouts FOLDER         read the queries anew from strimzi-kafka-operator, kafka_exporter and observability in it`

const answerMsMax = 8000

process.exitCode = await main()

async function main(): Promise<number> {
  const options = optionsOf()
  if (options === null) {
    console.error(usage)
    return 2
  }
  const whyNoPrometheus = await prometheusIsMissing()
  if (options !== 'compare') {
    if (whyNoPrometheus !== null) throw new Error(whyNoPrometheus)
    return await record(options)
  }
  return await compare(whyNoPrometheus)
}

function optionsOf() {
  try {
    const { values } = parseArgs({
      options: {
        record: { type: 'boolean', default: false },
        rules: { type: 'string' },
        'kafka-exporter': { type: 'string' },
        checkouts: { type: 'string' },
      },
    })
    if (!values.record) return 'compare'
    const { rules: rulesFile, 'kafka-exporter': kafkaExporter, checkouts = null } = values
    return rulesFile === undefined || kafkaExporter === undefined ? null : { rulesFile, kafkaExporter, checkouts }
  } catch {
    return null
  }
}

async function compare(whyNoPrometheus: string | null): Promise<number> {
  const tally = new Tally()
  const classpath = await kafkaClasspath()
  const configs = ['gregor.http.listener=127.0.0.1:0', 'gregor.http.metrics.redpanda=true']
  const gregor = await startGregor({ args: configs.flatMap(config => ['--config', config]) })
  try {
    const url = gregor.readyLine.match(/http: (http:\S+?)[,)]/)?.[1]
    if (url === undefined) throw new Error(`no HTTP port: ${gregor.readyLine}`)
    const scrape = async (): Promise<Exposition> => parseExposition(await (await fetch(`${url}/metrics`)).text())
    const load = await startLoad(gregor.bootstrap)
    let dashboards: DashboardResult[] | null = null
    if (whyNoPrometheus === null) dashboards = await askDashboards(tally, new URL(url).host)
    else console.log(`not run: the queries of dashboards, as ${whyNoPrometheus}`)
    const counted = await load.rest()
    const resting = { bootstrap: gregor.bootstrap, scrape }
    await claimCounters(tally, resting, counted)
    if (classpath === null) console.log('not run: lag beside kafka-consumer-groups, which needs Java, Maven and its registry')
    else {
      await using tools = ToolHost.start(classpath)
      await claimGroups(tally, resting, tools)
    }
    const names = claimNames(tally, await scrape())
    await load.close()
    if (dashboards !== null && classpath !== null && tally.failed === 0) {
      const path = join(repositoryRoot, 'docs', 'compatibility.md')
      writeSection(path, 'Compatibility', 'metrics', documentation(dashboards, names))
    }
    return tally.close({
      dashboards: dashboards?.map(({ name, answered, expected }) => `${name} ${answered}/${expected}`),
      counted,
    })
  } finally {
    await gregor.stop()
  }
}

async function askDashboards(tally: Tally, address: string): Promise<DashboardResult[]> {
  await using prometheus = await startPrometheus([{ address }], targetLabels)
  const results: DashboardResult[] = []
  for (const { name, source, licence, queries } of recordedDashboards()) {
    const expected = queries.filter(({ isExpected }) => isExpected)
    const unanswered: string[] = []
    let explained = 0
    for (const { panel, expression } of expected) {
      const asked = filledIn(expression, address)
      if (unansweredQueries.some(one => one.expression.test(expression))) explained++
      // A machine that is busy may have missed a scrape.
      else if (!(await eventually(async () => ((await prometheus.seriesOf(asked)) ?? 0) > 0, answerMsMax, 500))) {
        unanswered.push(`${panel}: ${expression}`)
      }
    }
    const answered = expected.length - unanswered.length - explained
    const words = explained === 0 ? '' : `, ${explained} have none, as explained`
    tally.claimNone(`${name}: ${answered} of ${expected.length} queries have data${words}`, unanswered, 50)
    results.push({ name, source, licence, queries: queries.length, expected: expected.length, answered })
  }
  return results
}

function claimNames(tally: Tally, own: Exposition): NamesResult[] {
  const facts = nameFacts(own)
  const results = recordedNames().map(({ original, facts: recorded }): NamesResult => {
    const names = new Set(recorded.map(({ name }) => name)).size
    return { original, names, differences: differences(recorded, facts) }
  })
  const all = results.flatMap(result => result.differences)
  for (const { original, names, differences: own } of results) {
    const faults = own.filter(one => explanationOf(one, explanations) === undefined)
    const lines = faults.map(({ name, what }) => `${name} ${what}`)
    tally.claimNone(`${original}: ${names} names, ${own.length - faults.length} differences explained`, lines, 400)
  }
  const stale = explanations.filter(one => !all.some(difference => explanationOf(difference, explanations) === one))
  tally.claimNone(
    'every explanation explains something',
    stale.map(({ names }) => String(names)),
  )
  return results
}
