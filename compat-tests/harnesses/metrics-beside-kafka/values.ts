/** Whether values are right: counters beside what clients counted, lag beside what kafka-consumer-groups prints. */
import { eventually } from '../../lib/patience.js'
import type { Tally } from '../../lib/tally.js'
import type { ToolHost } from '../../lib/tool-host.js'
import { type Exposition, sumOf } from './exposition.js'
import { type Counted, groups, topics } from './load.js'

/** A broker whose clients rest. */
export interface Resting {
  readonly bootstrap: string
  /** Of all exporters of this broker, in one. */
  scrape(): Promise<Exposition>
  /** APIs that others ask for, too. */
  readonly isAskedByOthers?: RegExp
}

interface Expected {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A commit or a heartbeat may be on its way. */
const settleMs = 20_000

export async function claimCounters(tally: Tally, { scrape, isAskedByOthers = /^$/ }: Resting, counted: Counted): Promise<void> {
  const { records, markers, produceRequests, requests } = counted
  const byTopic = Object.entries(records).flatMap(([topic, sent]): Expected[] => {
    // Kafka counts the markers of transactions, too: as messages, and as what was asked for.
    const value = sent + (markers[topic] ?? 0)
    return [
      { name: 'kafka_server_brokertopicmetrics_messagesin_total', labels: { topic }, value },
      { name: 'kafka_topic_partition_current_offset', labels: { topic }, value },
      {
        name: 'kafka_server_brokertopicmetrics_totalproducerequests_total',
        labels: { topic },
        value: produceRequests[topic]! + (markers[topic] ?? 0),
      },
    ]
  })
  await claimEqual(tally, 'counters of topics are what clients counted', scrape, () => byTopic)
  // Heartbeats go on.
  const byRequest = (name: string) => (): Expected[] =>
    Object.entries(requests)
      .filter(([request]) => !isAskedByOthers.test(request))
      .map(([request, value]) => ({ name, labels: { request }, value }))
  const [all, timed] = ['requests_total', 'totaltimems_count_total'].map(name => `kafka_network_requestmetrics_${name}`)
  await claimEqual(tally, 'requests of each API are what clients counted', scrape, byRequest(all!))
  await claimEqual(tally, 'each of them was measured', scrape, byRequest(timed!))
  const seen = await scrape()
  const bytes = Object.keys(records).map((topic): Expected => {
    return {
      name: 'kafka_server_brokertopicmetrics_bytesin_total',
      labels: { topic },
      value: sumOf(seen, 'kafka_log_log_size', { topic })!,
    }
  })
  await claimEqual(tally, 'bytes that came in are the bytes of the log', scrape, () => bytes)
  const refused = 'kafka_server_brokertopicmetrics_bytesrejected_total'
  const [bytesOfSmall, bytesOfBills] = [topics.small, topics.bills].map(topic => sumOf(seen, refused, { topic }) ?? 0)
  const isCounted = bytesOfSmall! > 0 && bytesOfBills === 0
  tally.claim(
    'records that are too large count as rejected bytes',
    isCounted ? null : `${refused}: ${bytesOfSmall}, ${bytesOfBills}`,
  )
}

export async function claimGroups(tally: Tally, { bootstrap, scrape }: Resting, tools: ToolHost): Promise<void> {
  const read = ['--bootstrap-server', bootstrap, '--topic', topics.bills, '--from-beginning', '--max-messages', '20']
  await tools.run('kafka-console-consumer', [...read, '--group', javaGroup, '--command-property', 'group.protocol=consumer'])
  let [shown, printed]: [string, string] = ['', '']
  const isEqual = await eventually(async () => {
    const tool = await tools.run('kafka-consumer-groups', ['--bootstrap-server', bootstrap, '--describe', '--all-groups'])
    printed = lags(tool.stdout).join(', ')
    const { samples } = await scrape()
    shown = samples
      .filter(({ name, value }) => name === 'kafka_consumergroup_lag' && value >= 0)
      .map(({ labels, value }) => [...['consumergroup', 'topic', 'partition'].map(key => labels.get(key)), value].join(' '))
      .sort()
      .join(', ')
    return printed === shown && [...Object.values(groups), javaGroup].every(group => printed.includes(group))
  }, settleMs)
  tally.claim('lag is what kafka-consumer-groups prints', isEqual ? null : `${shown || 'nothing'}\n        printed: ${printed}`)
  const members = Object.entries({ [groups.readers]: 1, [groups.gone]: 0, [javaGroup]: 0 }).map(
    ([consumergroup, value]): Expected => ({ name: 'kafka_consumergroup_members', labels: { consumergroup }, value }),
  )
  await claimEqual(tally, 'members of groups', scrape, () => members)
}

const javaGroup = 'metrics-java'

/** GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG …; a partition without an offset has no lag. */
function lags(output: string): string[] {
  const rows = output.split('\n').map(line => line.trim().split(/\s+/))
  return rows
    .filter(([, , , , , lag]) => /^\d+$/.test(lag ?? ''))
    .map(([group, topic, partition, , , lag]) => [group, topic, partition, lag].join(' '))
    .sort()
}

async function claimEqual(
  tally: Tally,
  what: string,
  scrape: () => Promise<Exposition>,
  expected: () => readonly Expected[],
): Promise<void> {
  let unequal: string[] = []
  await eventually(async () => {
    const seen = await scrape()
    unequal = expected().flatMap(({ name, labels, value }) => {
      const shown = sumOf(seen, name, labels)
      return shown === value ? [] : [`${name} of ${Object.values(labels).join(', ')} is ${shown}, not ${value}`]
    })
    return unequal.length === 0
  }, settleMs)
  tally.claimNone(what, unequal, 20)
}
