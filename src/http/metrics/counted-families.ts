/** What the JMX exporter shows under strimzi's rules, as far as it is counted: records, requests and connections. */
import { Traffic } from '../../base/meter.js'
import { onlyProcessor } from './broker-families.js'
import { counter, type Family, type FamilyGroup, gauge, oneCounter, type Sample } from './family.js'
import { type ApiSeen, type Phase, phases } from './latencies.js'
import { type ListenerSeen, partitionsOfTopic, type Seen, topicsOf } from './seen.js'

function trafficOf(seen: Seen, topic: Parameters<typeof partitionsOfTopic>[1]): Traffic {
  const sum = new Traffic()
  for (const { partition } of partitionsOfTopic(seen, topic)) sum.add(partition.traffic)
  return sum
}

type Counted = Exclude<keyof Traffic, 'add'>

/** The series without a topic is of all, also of those that are gone. */
function traffic(name: string, help: string, counted: Counted): Family {
  return counter(`kafka_server_brokertopicmetrics_${name}_total`, ['topic'], help, function* (seen) {
    let sum = seen.broker.services.topics.pastTraffic[counted]
    for (const topic of topicsOf(seen)) {
      const value = trafficOf(seen, topic)[counted]
      sum += value
      yield { labels: { topic: topic.name }, value }
    }
    yield { labels: {}, value: sum }
  })
}

const none = (name: string, help: string): Family => oneCounter(`kafka_server_brokertopicmetrics_${name}_total`, help, () => 0)

export const topicFamilies: FamilyGroup = {
  title: 'Kafka: records in and out',
  about:
    'kafka.server:type=BrokerTopicMetrics. By topic, and without a label for all topics, deleted ones included. As in Kafka, ' +
    'what coordinators write counts, and markers that end a transaction. Requests are counted once for each partition that they name.',
  families: [
    traffic('messagesin', 'Records that were appended.', 'messagesIn'),
    traffic('bytesin', 'Bytes that were appended.', 'bytesIn'),
    traffic('bytesout', 'Bytes of records that consumers were sent.', 'bytesOut'),
    traffic('bytesrejected', 'Bytes of batches that were too large.', 'bytesRejected'),
    traffic('totalproducerequests', 'Batches that were to be appended.', 'produceRequests'),
    traffic('totalfetchrequests', 'Reads of consumers; one that waits and looks again is several.', 'fetchRequests'),
    traffic('failedproducerequests', 'Appends that failed by the log or its disk.', 'failedProduceRequests'),
    traffic('failedfetchrequests', 'Reads that failed by the log or its disk.', 'failedFetchRequests'),
    none('replicationbytesin', 'Bytes from other brokers.'),
    none('replicationbytesout', 'Bytes to other brokers.'),
    none('reassignmentbytesin', 'Bytes of partitions that come from other brokers.'),
    none('reassignmentbytesout', 'Bytes of partitions that go to other brokers.'),
  ],
}

/** As Kafka names requests: Fetch is of consumers, there being no other brokers. */
const requestsOf = ({ apiName }: ApiSeen): string[] => (apiName === 'Fetch' ? ['Fetch', 'FetchConsumer'] : [apiName])

const quantiles = ['0.50', '0.75', '0.95', '0.98', '0.99', '0.999']

function latency(name: string, help: string, phase: Phase): Family[] {
  return [
    gauge(
      `kafka_network_requestmetrics_${name}`,
      ['request', 'quantile'],
      `${help}, in milliseconds, of the last minutes.`,
      ({ apis }) =>
        apis.flatMap(api =>
          requestsOf(api).flatMap(request =>
            quantiles.map(quantile => ({ labels: { request, quantile }, value: api.quantile(phase, Number(quantile)) * 1000 })),
          ),
        ),
    ),
    counter(`kafka_network_requestmetrics_${name}_count_total`, ['request'], `${help}: of how many requests.`, ({ apis }) =>
      apis.flatMap(api => requestsOf(api).map(request => ({ labels: { request }, value: api.counters[phase].count }))),
    ),
  ]
}

export const requestFamilies: FamilyGroup = {
  title: 'Kafka: requests',
  about:
    'kafka.network:type=RequestMetrics, of the APIs that have been asked for since the start; what is asked over HTTP does not count. ' +
    'The time in Kafka’s request queue is here that behind other requests of the connection, local time that of the event loop, ' +
    'remote time that for records to be durable, for data, or for other members. Quantiles are told within a factor of two.',
  families: [
    counter('kafka_network_requestmetrics_requests_total', ['request', 'version'], 'Requests.', ({ apis }) =>
      apis.flatMap(api =>
        api.counters.byVersion.flatMap((value, version) =>
          value === 0 ? [] : requestsOf(api).map(request => ({ labels: { request, version }, value })),
        ),
      ),
    ),
    ...latency('totaltimems', 'From a request to the end of its answer', 'total'),
    ...latency('requestqueuetimems', 'Behind other requests of its connection', 'queue'),
    ...latency('localtimems', 'In the event loop', 'handler'),
    ...latency('remotetimems', 'Until its answer was known', 'wait'),
    ...latency('responsesendtimems', 'Until its answer was sent', 'send'),
  ],
}

/** In buckets of powers of two: the first has what took less than 64 µs, the last but one less than half a minute. */
const firstBucket = 6
const lastBucket = 25

function* bucketsOf(name: string, labels: Sample['labels'], cumulated: readonly number[], sum: number): Generator<Sample> {
  for (let bucket = firstBucket; bucket <= lastBucket; bucket++) {
    yield { metricName: `${name}_bucket`, labels: { ...labels, le: 2 ** bucket / 1e6 }, value: cumulated[bucket]! }
  }
  const count = cumulated.at(-1)!
  yield { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count }
  yield { metricName: `${name}_sum`, labels, value: sum }
  yield { metricName: `${name}_count`, labels, value: count }
}

/** A histogram of one phase of requests. */
export function histogram(
  name: string,
  labels: readonly string[],
  help: string,
  rows: (seen: Seen) => Iterable<readonly [labels: Sample['labels'], api: ApiSeen, phase: Phase]>,
): Family {
  return {
    name,
    type: 'histogram',
    labels,
    help,
    *read(seen) {
      for (const [own, { counters }, phase] of rows(seen)) {
        yield* bucketsOf(name, own, counters[phase].cumulated(), counters[phase].sumSeconds)
      }
    },
  }
}

export const latencyFamilies: FamilyGroup = {
  title: 'Requests, as histograms',
  about:
    'Where the time of a request goes: `queue` behind other requests of its connection · `handler` in the event loop · `wait` until ' +
    'the answer is known: for records to be durable, for data, for other members · `send` until the system, or Node for it, has ' +
    'taken the answer · `total` all of these.',
  families: [
    histogram('gregor_request_seconds', ['request', 'phase'], 'How long requests take, by phase.', function* ({ apis }) {
      for (const api of apis) for (const phase of phases) yield [{ request: api.apiName, phase }, api, phase]
    }),
    counter(
      'gregor_requests_failed_total',
      ['request'],
      'Requests that failed as a whole, or whose connection was closed.',
      ({ apis }) => apis.map(({ apiName: request, counters }) => ({ labels: { request }, value: counters.failures })),
    ),
    counter('gregor_request_bytes_total', ['request'], 'Bytes of requests.', ({ apis }) =>
      apis.map(({ apiName: request, counters }) => ({ labels: { request }, value: counters.bytesIn })),
    ),
    counter('gregor_response_bytes_total', ['request'], 'Bytes of answers.', ({ apis }) =>
      apis.map(({ apiName: request, counters }) => ({ labels: { request }, value: counters.bytesOut })),
    ),
  ],
}

const byListener = (value: (listener: ListenerSeen) => number) => (seen: Seen) =>
  seen.listeners.map(listener => ({
    labels: { listener: listener.name, networkProcessor: onlyProcessor },
    value: value(listener),
  }))

const ofListener = ['listener', 'networkProcessor']
const socketServer = 'kafka_server_socket_server_metrics'

export const listenerFamilies: FamilyGroup = {
  title: 'Kafka: connections',
  about: 'kafka.server:type=socket-server-metrics. The event loop is the one network processor.',
  families: [
    gauge(
      `${socketServer}_connection_count`,
      ofListener,
      'Connections that are open.',
      byListener(({ opened, closed }) => opened - closed),
    ),
    counter(
      `${socketServer}_connection_creation_total`,
      ofListener,
      'Connections that came.',
      byListener(({ opened }) => opened),
    ),
    counter(
      `${socketServer}_connection_close_total`,
      ofListener,
      'Connections that went.',
      byListener(({ closed }) => closed),
    ),
    counter(
      `${socketServer}_incoming_byte_total`,
      ofListener,
      'Bytes of requests.',
      byListener(({ bytesIn }) => bytesIn),
    ),
    counter(
      `${socketServer}_outgoing_byte_total`,
      ofListener,
      'Bytes of answers.',
      byListener(({ bytesOut }) => bytesOut),
    ),
    counter(
      `${socketServer}_request_total`,
      ofListener,
      'Requests.',
      byListener(({ requests }) => requests),
    ),
    gauge(
      `${socketServer}_connections_software`,
      ['clientSoftwareName', 'clientSoftwareVersion', ...ofListener],
      'Connections, by what clients say they are.',
      function* ({ listeners }) {
        for (const { name: listener, software } of listeners) {
          for (const { name, version, connections } of software.values()) {
            const labels = { clientSoftwareName: name, clientSoftwareVersion: version, listener, networkProcessor: onlyProcessor }
            yield { labels, value: connections }
          }
        }
      },
    ),
  ],
}
