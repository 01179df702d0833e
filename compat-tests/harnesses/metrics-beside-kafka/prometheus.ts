/** Debian's Prometheus, which scrapes what it is told to every other second and answers questions in its language. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { freePorts } from '../../lib/ports.js'
import { run, startService } from '../../lib/processes.js'

export interface Prometheus extends AsyncDisposable {
  /** How many series the expression has now; null when Prometheus does not understand it. */
  seriesOf(expression: string): Promise<number | null>
}

export interface Target {
  /** HOST:PORT */
  readonly address: string
  readonly scrapeTimeoutSeconds?: number
}

const installTimeoutMs = 5 * 60_000
const readyTimeoutMs = 60_000

/** Null when it is there or could be installed, else why not. */
export async function prometheusIsMissing(): Promise<string | null> {
  const isThere = async () => (await run('prometheus', ['--version'])).exitCode === 0
  if (await isThere()) return null
  if (process.getuid?.() !== 0) return 'prometheus is not installed, and only root may install it'
  const install = () =>
    run('apt-get', ['install', '-y', '--no-install-recommends', 'prometheus'], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: installTimeoutMs,
    })
  if ((await install()).exitCode !== 0) {
    await run('apt-get', ['update'], { timeoutMs: installTimeoutMs })
    await install()
  }
  return (await isThere()) ? null : 'prometheus is not installed and apt-get could not install it'
}

/** With the labels that scrape configs of Kubernetes give to a target. */
export async function startPrometheus(targets: readonly Target[], labels: Readonly<Record<string, string>>): Promise<Prometheus> {
  const folder = scratchFolder('prometheus')
  const timeout = Math.max(...targets.map(({ scrapeTimeoutSeconds = 2 }) => scrapeTimeoutSeconds))
  const config = {
    // The step of subqueries that name none.
    global: { scrape_interval: `${timeout}s`, scrape_timeout: `${timeout}s`, evaluation_interval: '1s' },
    scrape_configs: [{ job_name: 'kafka', static_configs: [{ targets: targets.map(({ address }) => address), labels }] }],
  }
  const configFile = join(folder, 'prometheus.yml')
  // YAML contains JSON.
  writeFileSync(configFile, JSON.stringify(config))
  const [port] = await freePorts(1)
  const address = `127.0.0.1:${port}`
  const args = [`--config.file=${configFile}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`]
  const service = await startService('prometheus', args, {
    readyLine: /Server is ready to receive web requests/,
    readyTimeoutMs,
    stopTimeoutMs: 20_000,
  })
  const ask = async (expression: string): Promise<unknown[] | null> => {
    const answer = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`)
    if (!answer.ok) return null
    return ((await answer.json()) as { data: { result: unknown[] } }).data.result
  }
  const end = async () => {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  // A rate needs two scrapes; a third shows that the targets answer in time.
  const enough = `count(sum_over_time(up[10m]) >= 3) == ${targets.length}`
  if (!(await eventually(async () => (await ask(enough))?.length === 1, readyTimeoutMs + 4000 * timeout, 500))) {
    await end()
    throw new Error(`Prometheus cannot scrape ${targets.map(target => target.address).join(', ')}:\n${service.stderr()}`)
  }
  return { seriesOf: async expression => (await ask(expression))?.length ?? null, [Symbol.asyncDispose]: end }
}
