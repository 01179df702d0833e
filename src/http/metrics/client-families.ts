/** What clients push of themselves (KIP-714), as they named it. */
import { type FamilyGroup, gauge, oneGauge, type Sample } from './family.js'
import type { Seen } from './seen.js'

function* pushed({ broker }: Seen): Generator<Sample> {
  for (const { clientInstanceId, clientId, metrics } of broker.services.clientMetrics.clients()) {
    for (const { name: metric, attributes, value } of metrics) {
      const told = Array.from(attributes, ([key, said]) => `${key}=${said}`).sort()
      const labels = { client_instance_id: clientInstanceId, client_id: clientId, metric, attributes: told.join(',') }
      yield { labels, value }
    }
  }
}

export const clientFamilies: FamilyGroup = {
  title: 'What clients push',
  about:
    'KIP-714: of every client that pushes metrics, the latest of each, by the name and the ' +
    'attributes that the client gave it. What is pushed is bounded by client and for all of them, what is shown as every family.',
  families: [
    oneGauge('gregor_client_metrics_clients', 'Clients that push metrics.', ({ broker }) => broker.services.clientMetrics.count),
    gauge(
      'gregor_client_metric',
      ['client_instance_id', 'client_id', 'metric', 'attributes'],
      'The latest value of a metric that a client pushes.',
      pushed,
    ),
  ],
}
