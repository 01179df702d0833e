/** Files of topics without a record, as power cuts leave them: what may have been acknowledged stays, now and later. */
import { expect, test } from 'vitest'
import { isRefusal } from '../protocol/errors.js'
import { buildBatch } from '../protocol/records/build.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { dataPath, SimulatedBroker } from './simulated-broker.js'

const begun = 'AbCdEfGhIjKlMnOpQrStUw'
const begunAgain = 'bCdEfGhIjKlMnOpQrStUwA'

test('of two topics of one name, the one with records is kept, whichever comes first', async () => {
  for (const indexes of [
    [0, 1],
    [1, 0],
  ] as const) {
    const disk = new SimulatedDisk(dataPath)
    const first = await SimulatedBroker.open({ disk, seed: 1 })
    first.core.directory.createPartition('t', indexes[0], begun)
    const written = first.core.directory.createPartition('t', indexes[1], begunAgain)
    const batch = buildBatch([{ key: null, value: Buffer.from('v') }], { timestampMs: 1 })
    expect(isRefusal(written.append(batch, { kind: 'coordinator' }))).toBe(false)
    await first.stop()
    for (let start = 0; start < 2; start++) {
      const broker = await SimulatedBroker.open({ disk, seed: 2 })
      const { topics } = broker.core.services
      expect(topics.image.topics.get('t')?.topicId).toBe(begunAgain)
      expect(topics.partition('t', indexes[1])).toMatchObject({ topicId: begunAgain, logEndOffset: 1 })
      await broker.stop()
    }
  }
})
