import { expect, it } from 'vitest'
import { metricsDataOf, pointOf } from '../../broker/client-metrics/metrics-data.test-support.js'
import { Session } from '../../broker/session.js'
import { Codecs } from '../../protocol/records/batch.js'
import { httpBroker } from '../http.test-support.js'
import { readingOf } from './metrics.test-support.js'

it('what a client pushes is shown by the names that it gave, and counts as a family', async () => {
  await using broker = await httpBroker()
  const { clientMetrics } = broker.broker.services
  const id = clientMetrics.newId()
  const session = new Session({ remoteAddress: '127.0.0.1', remotePort: 1 } as never, {} as never)
  const client = clientMetrics.heard(id, session, 'c')
  const points = [pointOf(7, { topic: 't"', node: '1' })]
  await clientMetrics.take(client, Codecs.none, metricsDataOf([{ name: 'org.a.rate', gauge: { dataPoints: points } }]))
  const { text } = await broker.ask('/metrics')
  expect(readingOf(text, 'gregor_client_metrics_clients')).toBe(1)
  const labels = { client_instance_id: id, client_id: 'c', metric: 'org.a.rate', attributes: 'node=1,topic=t\\"' }
  expect(readingOf(text, 'gregor_client_metric', labels)).toBe(7)
})
