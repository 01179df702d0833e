// Lets a broker find its way into the work before anything is measured: compilers, caches, buffers. Large batches, small
// requests and reading, because each is code of its own.
import { makeBatch, recordsIn } from '../load/batches.js'
import { FetchLoad, fetchFrame } from '../load/fetch-load.js'
import { frameFor, nextTopicName, ProduceLoad } from '../load/produce-load.js'
import { makeTopic, removeTopic } from '../load/requests.js'
import type { RunningPeer } from '../peers/peer.js'

const bytesMax = 4e9
const smallConnections = 20
const readBatches = 1600

export async function warmUp(peer: RunningPeer, seconds: number): Promise<void> {
  const large = makeBatch(1000)
  await produceFor(peer, large, 1, seconds / 2)
  await produceFor(peer, makeBatch(100, 'none', 1), smallConnections, seconds / 4)
  if (peer.peer.id === 'mock') return
  const topic = await makeTopic(peer, nextTopicName(), 1)
  const shape = { batch: large, partitions: 1, acks: -1, connections: 1, inFlight: 5 }
  const producer = await ProduceLoad.open(peer.port, await frameFor(peer, topic, -1, large), shape, false)
  const recordsPerBatch = recordsIn(large)
  const reading = { topic, connections: 1, endOffset: readBatches * recordsPerBatch, recordsPerBatch }
  const consumer = await FetchLoad.open(peer.port, fetchFrame(peer, reading), reading)
  try {
    await producer.run({ bytes: readBatches * large.length })
    await consumer.run({ bytes: bytesMax, seconds: seconds / 4 })
  } finally {
    producer.close()
    consumer.close()
    await removeTopic(peer, topic)
  }
}

async function produceFor(peer: RunningPeer, batch: Buffer, connections: number, seconds: number): Promise<void> {
  const topic = await makeTopic(peer, nextTopicName(), 1)
  const shape = { batch, partitions: 1, acks: 1, connections, inFlight: 5 }
  const load = await ProduceLoad.open(peer.port, await frameFor(peer, topic, 1, batch), shape, false)
  try {
    await load.run({ bytes: bytesMax, seconds })
  } finally {
    load.close()
    await removeTopic(peer, topic)
  }
}
