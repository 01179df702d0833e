/** Damage in the logs that the broker itself reads: it starts, says so, and every record that clients wrote is there. */
import { expect, test } from 'vitest'
import { batchLength } from '../protocol/records/batch.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { Ledger } from './ledger.js'
import { dataPath, SimulatedBroker } from './simulated-broker.js'
import { drawStep, Workload } from './workload.js'

async function worked(seed: number): Promise<{ disk: SimulatedDisk; ends: Map<string, number> }> {
  const disk = new SimulatedDisk(dataPath)
  const random = new SeededRandom(seed)
  const broker = await SimulatedBroker.open({ disk, seed })
  const workload = new Workload(broker, new Ledger(), random)
  for (let step = 0; step < 80; step++) {
    const next = drawStep(random)
    if (next !== 'restart' && next !== 'delete' && next !== 'trim') await workload.run(next)
  }
  await workload.finish()
  const partitions = broker.core.directory.partitions
  const ends = new Map(
    partitions
      .filter(({ topic, logEndOffset }) => !topic.startsWith('__') && logEndOffset > 0)
      .map(({ topic, index, logEndOffset }) => [`${topic}-${index}`, logEndOffset]),
  )
  await broker.stop()
  return { disk, ends }
}

const internalTopics = ['__cluster_metadata', '__consumer_offsets'] as const

/** A broker is asked what it has of `ends`, and can do with it. */
function endsOf({ core }: SimulatedBroker, ends: ReadonlyMap<string, number>): Map<string, number | undefined> {
  return new Map(
    [...ends.keys()].map(name => {
      const [, topic = '', index = ''] = /^(.*)-(\d+)$/.exec(name)!
      return [name, core.services.topics.partition(topic, Number(index))?.logEndOffset]
    }),
  )
}

test.each(internalTopics)('a bit of any byte of %s after a clean shutdown, when nothing is verified', async topic => {
  const { disk, ends } = await worked(3)
  for (const path of disk.paths(dataPath).filter(one => one.includes(`/${topic}-`) && one.endsWith('.log'))) {
    for (let at = 0; at < disk.files.sizeOf(path)!; at++) {
      const copy = disk.crash('keep', new SeededRandom(1))
      copy.damage(path, changed => {
        changed[at] = changed[at]! ^ (1 << (at % 8))
      })
      const broker = await SimulatedBroker.open({ disk: copy, seed: 3 })
      expect({ path, at, ends: endsOf(broker, ends), fatal: broker.fatal }).toEqual({ path, at, ends, fatal: [] })
      await broker.stop()
    }
  }
})

test.each(internalTopics)('any one batch of %s, when all of it is verified', async topic => {
  for (const seed of [3, 4]) {
    const { disk, ends } = await worked(seed)
    expect(ends.size).toBeGreaterThan(1)
    for (const path of disk.paths(dataPath).filter(one => one.includes(`/${topic}-`) && one.endsWith('.log'))) {
      const bytes = disk.files.readWhole(path)!
      for (let at = 0; at < bytes.byteLength; at += batchLength(bytes, at)) {
        const copy = disk.crash('keep', new SeededRandom(1))
        copy.files.writeWhole(`${path.slice(0, path.lastIndexOf('/'))}/verify-at-start`, '')
        copy.damage(path, changed => {
          changed[at + 65] = changed[at + 65]! ^ 1
        })
        const broker = await SimulatedBroker.open({ disk: copy, seed })
        const where = `${path} at ${at}`
        expect([where, broker.errors.length, broker.fatal]).toEqual([where, 1, []])
        expect([where, endsOf(broker, ends)]).toEqual([where, ends])
        await broker.stop()
      }
    }
  }
})
