/** A file of its own: in its process nothing has loaded the library yet. */
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { GetTelemetrySubscriptions } from '../../protocol/messages/get-telemetry-subscriptions.js'
import { PushTelemetry } from '../../protocol/messages/push-telemetry.js'
import { testBroker } from '../test-client.test-support.js'

const { cache } = createRequire(import.meta.url)
const isLoaded = (): boolean => Object.keys(cache).some(path => /node_modules.protobufjs/.test(path))

test('protobufjs is loaded by the first push, not by the start and not by who asks what to push', async () => {
  await using broker = await testBroker()
  const client = await broker.connect()
  const { clientInstanceId, subscriptionId } = await client.call(GetTelemetrySubscriptions, 0, {
    clientInstanceId: 'AAAAAAAAAAAAAAAAAAAAAA',
  })
  expect(isLoaded()).toBe(false)
  // One gauge.
  const metrics = Buffer.from('0a14121212100a016d2a0b0a0921000000000000f03f', 'hex')
  const push = { clientInstanceId, subscriptionId, terminating: false, compressionType: 0, metrics }
  expect(await client.call(PushTelemetry, 0, push)).toMatchObject({ errorCode: 0 })
  expect(isLoaded()).toBe(true)
})
