/**
 * Records again what Kafka's metrics look like through the two exporters that people run, and which of the dashboards' queries
 * they answer. Everything is told by paths: nothing of those projects is kept here but names and expressions.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { startKafka } from '../../lib/kafka-broker.js'
import { classpathOf, kafkaClasspath, kafkaVersion } from '../../lib/maven.js'
import { compatSources, scratchFolder } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { freePorts } from '../../lib/ports.js'
import { startService } from '../../lib/processes.js'
import { Tally } from '../../lib/tally.js'
import { ToolHost } from '../../lib/tool-host.js'
import { dashboardsOf } from './dashboards.js'
import { lineOf, nameFacts, parseExposition } from './exposition.js'
import { startLoad } from './load.js'
import { namesFile } from './names.js'
import { startPrometheus } from './prometheus.js'
import { type Dashboard, filledIn, queriesFile, recordedDashboards, targetLabels } from './queries.js'
import { claimCounters, claimGroups } from './values.js'

export interface Originals {
  /** strimzi's kafka-metrics.yaml, or the rules in it. */
  readonly rulesFile: string
  /** The program. */
  readonly kafkaExporter: string
  /** Checkouts of the repositories with the dashboards; without it the recorded expressions are asked again. */
  readonly checkouts: string | null
}

const agentVersion = '1.0.1'
const pomFile = join(compatSources, 'harnesses', 'metrics-beside-kafka', 'pom.xml')
/** Of kafka_exporter, and of Kafka itself. */
const exportersRequests =
  /^(ApiVersions|CreateTopics|Metadata|FindCoordinator|ListOffsets|ListGroups|DescribeGroups|OffsetFetch)$/
/** The agent reads thousands of beans, one after the other. */
const scrapeTimeoutMs = 120_000

export async function record({ rulesFile, kafkaExporter, checkouts }: Originals): Promise<number> {
  const agent = await classpathOf(pomFile, agentVersion)
  if (agent === null) throw new Error('the JMX exporter needs Java, Maven and its registry')
  const dashboards = checkouts === null ? recordedDashboards() : await dashboardsOf(checkouts)
  const [agentPort, exporterPort] = (await freePorts(2)) as [number, number]
  const rules = join(scratchFolder('rules'), 'rules.yml')
  writeFileSync(rules, rulesOf(readFileSync(rulesFile, 'utf8')))
  const kafka = await startKafka({ jvmArgs: [`-javaagent:${agent}=127.0.0.1:${agentPort}:${rules}`] })
  const exporterArgs = [`--kafka.server=${kafka.bootstrapServers}`, `--web.listen-address=127.0.0.1:${exporterPort}`]
  const exporter = await startService(kafkaExporter, [...exporterArgs, '--kafka.version=3.9.0'], {
    readyLine: /Listening on/,
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 10_000,
  })
  try {
    const load = await startLoad(kafka.bootstrapServers)
    const [agentRelay, exporterRelay] = await Promise.all([relay(agentPort), relay(exporterPort)])
    try {
      await agentRelay.refreshed(3)
      await exporterRelay.refreshed(3)
      const targets = [agentRelay, exporterRelay].map(({ address }) => ({ address, scrapeTimeoutSeconds: 5 }))
      await using prometheus = await startPrometheus(targets, targetLabels)
      const answered = await Promise.all(
        dashboards.map(one => (one.isRedpandas ? one : withAnswers(one, exporterRelay.address, prometheus.seriesOf))),
      )
      writeFileSync(queriesFile, `${JSON.stringify(answered, null, 2)}\n`)
      const commitOf = (name: string) => dashboards.find(one => one.name === name)?.commit ?? ''
      writeFileSync(
        namesFile,
        [
          `# Kafka ${kafkaVersion()} through jmx_prometheus_javaagent ${agentVersion} with strimzi's rules of ${commitOf('strimzi-kafka')}`,
          ...nameFacts(parseExposition(agentRelay.text())).map(lineOf),
          `# kafka_exporter of ${commitOf('kafka_exporter_overview')}`,
          ...nameFacts(parseExposition(exporterRelay.text())).map(lineOf),
          '',
        ].join('\n'),
      )
      // What Gregor is asked for must be so for Kafka.
      const tally = new Tally()
      const scrape = async () => {
        await Promise.all([agentRelay.refreshed(2), exporterRelay.refreshed(2)])
        return parseExposition(agentRelay.text() + exporterRelay.text())
      }
      const resting = { bootstrap: kafka.bootstrapServers, scrape, isAskedByOthers: exportersRequests }
      await claimCounters(tally, resting, await load.rest())
      await using tools = ToolHost.start((await kafkaClasspath())!)
      await claimGroups(tally, resting, tools)
      await load.close()
      return tally.close({})
    } finally {
      agentRelay.close()
      exporterRelay.close()
    }
  } finally {
    await exporter.stop()
    await kafka.stop()
  }
}

async function withAnswers(
  dashboard: Dashboard,
  instance: string,
  seriesOf: (expression: string) => Promise<number | null>,
): Promise<Dashboard> {
  const queries = []
  for (const { panel, expression } of dashboard.queries) {
    const series = await seriesOf(filledIn(expression, instance))
    queries.push({ panel, expression, isExpected: series !== null && series > 0 })
  }
  console.log(`${dashboard.name}: ${queries.filter(({ isExpected }) => isExpected).length} of ${queries.length} return data`)
  return { ...dashboard, queries }
}

/** A scrape of the agent can take longer than Prometheus waits; what was scraped last is served at once. */
async function relay(port: number) {
  let [kept, times, isOver] = ['', 0, false]
  const pull = async () => {
    while (!isOver) {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(scrapeTimeoutMs) })
      kept = await answer.text()
      times++
    }
  }
  pull().catch(error => {
    if (!isOver) console.log(`scraping port ${port}: ${error}`)
  })
  const server = createServer((_, response) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(kept))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    text: () => kept,
    refreshed: async (more: number) => {
      const before = times
      if (!(await eventually(() => times >= before + more, 3 * scrapeTimeoutMs))) throw new Error(`port ${port} does not answer`)
    },
    close: () => {
      isOver = true
      server.close()
    },
  }
}

/** The rules stand in a ConfigMap, as a text in YAML. */
function rulesOf(text: string): string {
  const from = text.search(/^ *kafka-metrics-config\.yml: \|\n/m)
  if (from === -1) return text
  const lines = text.slice(from).split('\n').slice(1)
  const indent = lines[0]!.match(/^ */)![0]
  const end = lines.findIndex(line => line !== '' && !line.startsWith(indent))
  return lines
    .slice(0, end === -1 ? undefined : end)
    .map(line => line.slice(indent.length))
    .join('\n')
}
