/** Levels of features as clients change and see them; what a change of each means is in cluster/features.test.ts. */
import { expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { ApiVersions } from '../../protocol/messages/api-versions.js'
import { UpdateFeatures } from '../../protocol/messages/update-features.js'
import { type TestClient, temporaryDirectory, testBroker } from '../test-client.test-support.js'

async function levels(client: TestClient) {
  const hello = { clientSoftwareName: 'c', clientSoftwareVersion: '1' }
  const { finalizedFeatures, finalizedFeaturesEpoch } = await client.call(ApiVersions, 4, hello)
  const told = finalizedFeatures.map(({ name, maxVersionLevel }) => `${name} ${maxVersionLevel}`)
  return { told, epoch: finalizedFeaturesEpoch }
}

const transactionVersion = (maxVersionLevel: number, upgradeType: number) => ({
  featureUpdates: [{ feature: 'transaction.version', maxVersionLevel, upgradeType }],
})

test('a level that was changed counts at once, raises the epoch and outlives the broker, whatever its config says', async () => {
  using directory = temporaryDirectory()
  const options = { directory: directory.path, config: { 'gregor.transaction.version': '2' } }
  const first = await testBroker(options)
  const client = await first.connect()
  const before = await levels(client)
  expect(before.told).toEqual(['metadata.version 33', 'transaction.version 2', 'group.version 1', 'streams.version 1'])
  expect(await client.call(UpdateFeatures, 1, { ...transactionVersion(0, 2), validateOnly: true })).toMatchObject({
    errorCode: Errors.NONE,
    results: [{ feature: 'transaction.version', errorCode: Errors.NONE }],
  })
  expect(await levels(client)).toEqual(before)
  expect((await client.call(UpdateFeatures, 2, transactionVersion(0, 2))).errorCode).toBe(Errors.NONE)
  const after = await levels(client)
  expect(after.told).toEqual(['metadata.version 33', 'group.version 1', 'streams.version 1'])
  expect(after.epoch).toBeGreaterThan(before.epoch)
  await first.stop()
  await using second = await testBroker(options)
  expect((await levels(await second.connect())).told).toEqual(['metadata.version 33', 'group.version 1', 'streams.version 1'])
})

test('what may not be changes nothing, and version 0 lets no level sink', async () => {
  await using broker = await testBroker()
  const client = await broker.connect()
  const featureUpdates = [{ feature: 'transaction.version', maxVersionLevel: 1, allowDowngrade: true }]
  expect(await client.call(UpdateFeatures, 0, { featureUpdates })).toMatchObject({
    errorCode: Errors.INVALID_UPDATE_VERSION,
    errorMessage: expect.stringContaining("Can't downgrade the version of this feature"),
    results: [],
  })
  expect((await levels(client)).told).toContain('transaction.version 2')
})
