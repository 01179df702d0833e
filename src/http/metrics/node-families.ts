/** Node's own figures, by the names that prom-client gives them, and the JVM's names where Node has a like figure. */
import { type Family, type FamilyGroup, gauge, oneCounter, oneGauge, type Sample } from './family.js'
import type { LoopDelay, ProcessFigures } from './process-figures.js'
import type { Seen } from './seen.js'

const of =
  (value: (figures: ProcessFigures) => number | null) =>
  ({ process }: Seen) =>
    value(process)

const loopDelay = (name: string, what: string, figure: keyof LoopDelay): Family =>
  oneGauge(
    `nodejs_eventloop_lag_${name}`,
    `${what} of how late the event loop came to what was due, since the scrape before.`,
    of(({ loopDelay }) => loopDelay[figure]),
  )

const ofSpaces = (figure: 'space_size' | 'space_used_size' | 'space_available_size') => (seen: Seen) =>
  seen.process.heapSpaces.map(space => ({ labels: { space: space.space_name.replace(/_space$/, '') }, value: space[figure] }))

function* collectionsBy(label: string, seen: Seen): Generator<Sample> {
  for (const [kind, { count, seconds }] of seen.process.collections) {
    const labels = { [label]: kind }
    yield { metricName: '_sum', labels, value: seconds }
    yield { metricName: '_count', labels, value: count }
  }
}

/** Summaries without quantiles. */
function collections(name: string, label: string): Family {
  return {
    name,
    type: 'summary',
    labels: [label],
    help: 'Garbage collections of V8, since the first scrape.',
    *read(seen) {
      for (const sample of collectionsBy(label, seen)) yield { ...sample, metricName: `${name}${sample.metricName}` }
    },
  }
}

const seconds = (microseconds: number): number => microseconds / 1e6

export const nodeFamilies: FamilyGroup = {
  title: 'Node and the process',
  about:
    'By the names of prom-client’s default metrics. Delay of the event loop and garbage collections are measured from the first ' +
    'scrape on, until nobody has scraped for ten minutes. Where the system does not tell a figure, it is not there.',
  families: [
    oneCounter(
      'process_cpu_user_seconds_total',
      'Processor time outside the system.',
      of(({ cpu }) => seconds(cpu.user)),
    ),
    oneCounter(
      'process_cpu_system_seconds_total',
      'Processor time in the system.',
      of(({ cpu }) => seconds(cpu.system)),
    ),
    oneCounter(
      'process_cpu_seconds_total',
      'Processor time.',
      of(({ cpu }) => seconds(cpu.user + cpu.system)),
    ),
    oneGauge(
      'process_start_time_seconds',
      'When the process began, in seconds since 1970.',
      of(({ startMs }) => startMs / 1000),
    ),
    oneGauge(
      'process_resident_memory_bytes',
      'Memory in use, as the system counts it.',
      of(({ memory }) => memory.rss),
    ),
    oneGauge(
      'process_virtual_memory_bytes',
      'Address space in use.',
      of(({ virtualBytes }) => virtualBytes),
    ),
    oneGauge(
      'process_open_fds',
      'Open file descriptors.',
      of(({ openFiles }) => openFiles),
    ),
    oneGauge(
      'process_max_fds',
      'File descriptors that may be open.',
      of(({ openFilesMax }) => openFilesMax),
    ),
    loopDelay('min_seconds', 'The least', 'min'),
    loopDelay('max_seconds', 'The most', 'max'),
    loopDelay('mean_seconds', 'The mean', 'mean'),
    loopDelay('stddev_seconds', 'The standard deviation', 'stddev'),
    loopDelay('p50_seconds', 'The median', 'p50'),
    loopDelay('p90_seconds', 'The 90th percentile', 'p90'),
    loopDelay('p99_seconds', 'The 99th percentile', 'p99'),
    oneGauge(
      'nodejs_eventloop_idle_ratio',
      'Of the time since the scrape before, how much the event loop waited.',
      of(({ idleRatio }) => idleRatio),
    ),
    oneGauge(
      'nodejs_heap_size_total_bytes',
      'Size of V8’s heap.',
      of(({ memory }) => memory.heapTotal),
    ),
    oneGauge(
      'nodejs_heap_size_used_bytes',
      'Of V8’s heap, what is used.',
      of(({ memory }) => memory.heapUsed),
    ),
    oneGauge(
      'nodejs_external_memory_bytes',
      'Memory outside V8’s heap that objects in it hold.',
      of(({ memory }) => memory.external),
    ),
    gauge('nodejs_heap_space_size_total_bytes', ['space'], 'Size of a space of V8’s heap.', ofSpaces('space_size')),
    gauge('nodejs_heap_space_size_used_bytes', ['space'], 'Of a space, what is used.', ofSpaces('space_used_size')),
    gauge('nodejs_heap_space_size_available_bytes', ['space'], 'Of a space, what is free.', ofSpaces('space_available_size')),
    collections('nodejs_gc_duration_seconds', 'kind'),
    gauge('nodejs_version_info', ['version', 'v8'], 'The Node that runs.', () => [
      { labels: { version: process.version, v8: process.versions.v8 }, value: 1 },
    ]),
  ],
}

const byArea =
  (heap: (figures: ProcessFigures) => number, nonheap: (figures: ProcessFigures) => number) =>
  ({ process }: Seen): Sample[] => [
    { labels: { area: 'heap' }, value: heap(process) },
    { labels: { area: 'nonheap' }, value: nonheap(process) },
  ]

export const jvmFamilies: FamilyGroup = {
  title: 'The names of a JVM',
  about:
    'Dashboards of Kafka draw its JVM. Where Node has the same quantity, it is shown by the JVM’s name: area `heap` is V8’s heap, ' +
    '`nonheap` is what its objects hold outside of it (buffers) · a collection is one of V8’s, and `gc` is its kind · threads are ' +
    'those of the process · `direct` buffers are array buffers. Where Node has no such quantity (classes, survivor spaces, locks), ' +
    'nothing is made up.',
  families: [
    gauge(
      'jvm_memory_used_bytes',
      ['area'],
      'Memory that is used.',
      byArea(
        ({ memory }) => memory.heapUsed,
        ({ memory }) => memory.external,
      ),
    ),
    gauge(
      'jvm_memory_committed_bytes',
      ['area'],
      'Memory that was taken from the system.',
      byArea(
        ({ memory }) => memory.heapTotal,
        ({ memory }) => memory.external,
      ),
    ),
    gauge(
      'jvm_memory_max_bytes',
      ['area'],
      'How far it may grow; -1 without a bound.',
      byArea(
        ({ heap }) => heap.heap_size_limit,
        () => -1,
      ),
    ),
    gauge('jvm_buffer_pool_used_bytes', ['pool'], 'Memory of buffers.', ({ process }) => [
      { labels: { pool: 'direct' }, value: process.memory.arrayBuffers },
    ]),
    collections('jvm_gc_collection_seconds', 'gc'),
    oneGauge(
      'jvm_threads_current',
      'Threads of the process.',
      of(({ threads }) => threads),
    ),
  ],
}
