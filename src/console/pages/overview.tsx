/** The broker at one glance: what there is, how much goes through it, and how fast it answers. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { api } from '../api/client.js'
import { usePoll } from '../api/poll.js'
import type { Overview as Answer, ApiCounters, Counters } from '../api/types.js'
import { nowMs } from '../clock.js'
import { ago, byteRate, bytes, count, counted, duration, rate } from '../format.js'
import { Chart } from '../ui/chart.js'
import { Badge, Loaded, Page, Panel, Stat, Stats } from '../ui/parts.js'
import { type Column, Table } from '../ui/table.js'
import { quantile, quantilesOf, ratesOf, type Sample, timesOf, withSample } from './history.js'

const everyMs = 2000

/** Kept while other pages are looked at. */
const samples = signal<readonly Sample[]>([])

export function Overview() {
  const polled = usePoll<Answer>(api`overview`, everyMs)
  const { data, atMs } = polled
  useEffect(() => {
    if (data?.counters) samples.value = withSample(samples.peek(), { atMs, counters: data.counters })
  }, [data, atMs])
  return (
    <Page title="Overview">
      <Loaded polled={polled}>
        {overview => (
          <>
            <Figures overview={overview} />
            {overview.counters !== null && <Charts samples={samples.value} />}
            <div class="columns">
              {overview.counters !== null && <Apis samples={samples.value} />}
              <Broker overview={overview} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Figures({ overview }: { readonly overview: Answer }) {
  const states = Object.entries(overview.groupsByState).map(([state, groups]) => `${count(groups)} ${state}`)
  return (
    <Panel>
      <Stats>
        <Stat label="Topics" value={count(overview.topics)} note={counted(overview.partitions, 'partition')} />
        <Stat label="Groups" value={count(overview.groups)} note={states.join(', ')} />
        <Stat label="Connections" value={count(overview.connections)} note="of Kafka’s clients" />
        <Stat label="On disk" value={bytes(overview.sizeBytes)} note={overview.isEphemeral ? 'gone with the process' : ''} />
        <Stat
          label="Up for"
          value={overview.counters === null ? '–' : duration(nowMs() - overview.counters.startedMs)}
          note={overview.counters === null ? '' : `${count(overview.counters.messagesIn)} messages in`}
        />
      </Stats>
    </Panel>
  )
}

const apiOf = ({ apis }: Counters, name: string): ApiCounters | undefined => apis.find(counters => counters.name === name)
const took = (name: string) => (counters: Counters) => apiOf(counters, name)?.cumulatedUs ?? null

function Charts({ samples }: { readonly samples: readonly Sample[] }) {
  const times = timesOf(samples)
  return (
    <div class="charts">
      <Panel>
        <Chart
          title="Messages"
          times={times}
          series={[{ label: 'in', values: ratesOf(samples, ({ messagesIn }) => messagesIn) }]}
          format={rate}
        />
      </Panel>
      <Panel>
        <Chart
          title="Bytes"
          times={times}
          series={[
            { label: 'in', values: ratesOf(samples, ({ bytesIn }) => bytesIn) },
            { label: 'out', values: ratesOf(samples, ({ bytesOut }) => bytesOut) },
          ]}
          format={byteRate}
        />
      </Panel>
      <Panel>
        <Chart
          title="Requests"
          times={times}
          series={[
            { label: 'all', values: ratesOf(samples, ({ requests }) => requests) },
            { label: 'failed', values: ratesOf(samples, ({ failedRequests }) => failedRequests) },
          ]}
          format={rate}
        />
      </Panel>
      <Panel>
        <Chart
          title="Produce takes"
          times={times}
          series={[
            { label: 'p50', values: quantilesOf(samples, took('Produce'), 0.5) },
            { label: 'p99', values: quantilesOf(samples, took('Produce'), 0.99) },
          ]}
          format={duration}
        />
      </Panel>
    </div>
  )
}

interface ApiRow {
  readonly name: string
  readonly perSecond: number
  readonly failedRequests: number
  readonly p50: number | null
  readonly p99: number | null
}

/** Of the last minute, or as long as is known. */
const latestMs = 60_000

function Apis({ samples }: { readonly samples: readonly Sample[] }) {
  const last = samples.at(-1)
  const first = samples.find(({ atMs }) => atMs >= (last?.atMs ?? 0) - latestMs)
  const rows =
    last === undefined || first === undefined || first === last
      ? []
      : last.counters.apis.map<ApiRow>(({ name, requests, failedRequests, cumulatedUs }) => {
          const before = apiOf(first.counters, name)
          const perSecond = ((requests - (before?.requests ?? 0)) * 1000) / (last.atMs - first.atMs)
          const quantileOf = (share: number) => quantile(before?.cumulatedUs ?? null, cumulatedUs, share)
          return { name, perSecond, failedRequests, p50: quantileOf(0.5), p99: quantileOf(0.99) }
        })
  return (
    <Panel isFlush title="Requests of the last minute">
      <Table
        label="Requests by API"
        rows={rows.filter(({ perSecond }) => perSecond > 0).toSorted((a, b) => b.perSecond - a.perSecond)}
        keyOf={({ name }) => name}
        columns={apiColumns}
        empty={first === last ? 'Counting…' : 'No client has asked for anything.'}
      />
    </Panel>
  )
}

const apiColumns: readonly Column<ApiRow>[] = [
  { title: 'API', kind: 'wide', cell: ({ name }) => name },
  { title: 'Rate', kind: 'number', cell: ({ perSecond }) => rate(perSecond) },
  { title: 'p50', kind: 'number', cell: ({ p50 }) => duration(p50), hint: 'Half of them took no longer, waiting included' },
  { title: 'p99', kind: 'number', cell: ({ p99 }) => duration(p99), hint: '99 of 100 took no longer, waiting included' },
  {
    title: 'Failed',
    kind: 'number',
    hint: 'Since the broker was started',
    cell: ({ failedRequests }) => (failedRequests > 0 ? <Badge tone="warn">{count(failedRequests)}</Badge> : '0'),
  },
]

const durabilities = {
  fsync: 'What is acknowledged is on the disk',
  os: 'What is acknowledged is with the operating system',
  none: 'What is acknowledged is in memory',
}

function Broker({ overview }: { readonly overview: Answer }) {
  const { clusterId, brokerId, listeners, durability, counters } = overview
  return (
    <Panel title="Broker">
      <dl class="facts in-panel">
        {listeners.map(({ name, protocol, host, port }) => (
          <div key={name}>
            <dt>
              {name} {name !== protocol && <span class="muted">({protocol})</span>}
            </dt>
            <dd class="mono">
              {host}:{port}
            </dd>
          </div>
        ))}
        <div>
          <dt>Durability</dt>
          <dd>
            {durability} <span class="muted">{durabilities[durability]}</span>
          </dd>
        </div>
        <div>
          <dt>Cluster</dt>
          <dd class="mono">{clusterId}</dd>
        </div>
        <div>
          <dt>Broker id</dt>
          <dd>{brokerId}</dd>
        </div>
        {counters !== null && (
          <div>
            <dt>Started</dt>
            <dd>{ago(counters.startedMs, nowMs())}</dd>
          </div>
        )}
      </dl>
      <p class="panel-links">
        <a href="/metrics">/metrics</a> <a href="/api/openapi.json">/api/openapi.json</a> <a href="/healthz">/healthz</a>
      </p>
    </Panel>
  )
}
