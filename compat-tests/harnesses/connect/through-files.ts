/** Lines from file to file: a distributed worker keeps what it knows in Gregor, and its connectors move the lines. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { startGregor } from '../../lib/gregor.js'
import { eventually } from '../../lib/patience.js'
import { freePorts } from '../../lib/ports.js'
import { javaProgram, type Part } from './java.js'

const READY_MS_MAX = 120_000
const MOVED_MS_MAX = 300_000
const topic = 'lines'

export async function throughFiles(part: Part): Promise<void> {
  const { scratch, tally, records, classpath } = part
  const [source, sink, plugins] = ['source.txt', 'sink.txt', 'plugins'].map(name => join(scratch, name)) as [
    string,
    string,
    string,
  ]
  const lines = Array.from({ length: records }, (_, i) => `${i} a line of ${'x'.repeat(i % 97)} – ü\n`).join('')
  writeFileSync(source, lines)
  // A plug-in is found in a folder of its own, not on the class path.
  const isPlugin = (jar: string) => /connect-file-[\d.]+jar$/.test(jar)
  const jars = classpath.split(delimiter)
  mkdirSync(join(plugins, 'file'), { recursive: true })
  copyFileSync(jars.find(isPlugin)!, join(plugins, 'file', 'connect-file.jar'))

  const gregor = await startGregor({ dataDir: join(scratch, 'files') })
  const [port] = await freePorts(1)
  const rest = `http://127.0.0.1:${port}`
  const internal = ['config', 'offset', 'status'].flatMap(kind => [
    [`${kind}.storage.topic`, `connect-${kind}s`],
    [`${kind}.storage.replication.factor`, '1'],
  ])
  const worker = javaProgram({ ...part, classpath: jars.filter(jar => !isPlugin(jar)).join(delimiter) }, distributedWorker, {
    'bootstrap.servers': gregor.bootstrap,
    'group.id': 'workers',
    listeners: rest,
    'plugin.path': plugins,
    'offset.flush.interval.ms': '1000',
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    ...Object.fromEntries(internal),
  })
  worker.start()
  try {
    const isReady = await eventually(async () => (await fetch(`${rest}/connectors`)).ok, READY_MS_MAX)
    tally.claim('a distributed worker starts on Gregor', isReady ? null : 'its REST port does not answer')
    if (!isReady) return
    const connectors = {
      source: { 'connector.class': `${fileConnectors}.FileStreamSourceConnector`, file: source, topic },
      sink: { 'connector.class': `${fileConnectors}.FileStreamSinkConnector`, file: sink, topics: topic },
    }
    for (const [name, config] of Object.entries(connectors)) {
      const body = JSON.stringify({ name, config: { 'tasks.max': '1', ...config } })
      // A worker that has just joined is still rebalancing, and says so with 409.
      const make = () => fetch(`${rest}/connectors`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      const isMade = await eventually(async () => (await make()).status === 201, READY_MS_MAX, 500)
      tally.claim(`the ${name} connector is made over REST`, isMade ? null : await (await make()).text())
    }
    const isThere = () => existsSync(sink) && readFileSync(sink).byteLength >= Buffer.byteLength(lines)
    await eventually(isThere, MOVED_MS_MAX, 200)
    const moved = existsSync(sink) ? readFileSync(sink, 'utf8') : ''
    const count = moved.split('\n').length - 1
    tally.claim(`${records} lines come from file to file, each once and in order`, moved === lines ? null : `${count} lines came`)
    const states = await Promise.all(Object.keys(connectors).map(name => stateOf(`${rest}/connectors/${name}/status`)))
    tally.claim('both connectors and their tasks run', states.every(state => state === 'RUNNING RUNNING') ? null : states.join())
  } finally {
    await worker.stop()
    tally.claimNone('the worker did not end by itself', worker.problems)
    const exitCode = await gregor.stop()
    tally.claim('Gregor stops in order', exitCode === 0 ? null : `exit code ${exitCode}`)
    // For whoever looks for a reason.
    if (tally.failed > 0) for (const [words, times] of worker.said) console.log(`        ${times} × ${words}`)
  }
}

const distributedWorker = 'org.apache.kafka.connect.cli.ConnectDistributed'
const fileConnectors = 'org.apache.kafka.connect.file'

async function stateOf(url: string): Promise<string> {
  const { connector, tasks } = (await (await fetch(url)).json()) as { connector: { state: string }; tasks: { state: string }[] }
  return [connector, ...tasks].map(({ state }) => state).join(' ')
}
