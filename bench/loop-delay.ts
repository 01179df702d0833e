// Whether anything holds up Gregor's event loop while all sorts of clients are at it at once: batches from four producers,
// consumers that drain, one that asks for much and does not read it, a request of 60 MB, and a hundred connections with small
// requests; with every acknowledgement on stable storage, and with the writing left to the system.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Produce } from '#protocol/messages/produce.js'
import type { Comparison, Figure } from './lib/comparison.js'
import { type CompareOptions, type Contender, compare, newFolder } from './lib/fleet.js'
import { requestFrame } from './lib/frames.js'
import { childScript } from './lib/subject.js'
import { makeBatch, recordsIn } from './load/batches.js'
import { FetchLoad, fetchFrame } from './load/fetch-load.js'
import { frameFor, nextTopicName, ProduceLoad } from './load/produce-load.js'
import { type Endpoint, makeTopic, type Topic } from './load/requests.js'
import { untilAnswered } from './peers/peer.js'

const figures: readonly Figure[] = [
  { key: 'p50', unit: 'p50 ms', isLowerBetter: true },
  { key: 'p99', unit: 'p99 ms', isLowerBetter: true },
  { key: 'max', unit: 'max ms', isLowerBetter: true },
  { key: 'megabytesPerSecond', unit: 'MB/s in and out', isLowerBetter: false },
  { key: 'smallPerSecond', unit: 'small req/s', isLowerBetter: false },
]
const produceVersion = 9
const timeoutMs = 30_000
const hugePartitions = 60
const hugeBatchBytes = 1_000_000
const hugeEveryMs = 500

export async function loopDelay(options: CompareOptions, report: (comparison: Comparison) => void): Promise<void> {
  const contenders: Contender[] = [
    { name: 'gregor', isLimit: false, run: () => delaysUnderLoad(options, 'fsync') },
    { name: 'gregor, left to the system', isLimit: false, run: () => delaysUnderLoad(options, 'os') },
  ]
  const title = 'event loop of Gregor: how much too late it comes round under a mixed load'
  const entries = await compare('event loop', contenders, { ...options, cold: options.isQuick })
  const targets = [{ figure: 'p99', to: 'value' as const, atMost: 20 }]
  report({ id: 'loop-delay', question: 'loop', title, figures, entries, targets })
}

async function delaysUnderLoad(options: CompareOptions, durability: string): Promise<Record<string, number>> {
  const args = [newFolder(options.scratch, 'observed'), durability]
  const child = fork(childScript('observed-broker.js'), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  try {
    const { port } = await told<{ port: number }>(child)
    const endpoint = { port, versions: await untilAnswered(port) }
    return await mixedLoad(endpoint, child, options.isQuick ? 2 : 6)
  } finally {
    if (child.connected) child.send('stop')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

async function told<Message>(child: ChildProcess, question?: string): Promise<Message> {
  const answer = once(child, 'message')
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`the broker ended with ${code}`)
  })
  if (question !== undefined) child.send(question)
  const [message] = await Promise.race([answer, exit])
  return message as Message
}

async function mixedLoad(endpoint: Endpoint, child: ChildProcess, seconds: number): Promise<Record<string, number>> {
  const large = makeBatch(1000)
  const small = makeBatch(100, 'none', 1)
  const topic = await makeTopic(endpoint, nextTopicName(), 4)
  const smallTopic = await makeTopic(endpoint, nextTopicName(), 16)
  const hugeTopic = await makeTopic(endpoint, nextTopicName(), hugePartitions)
  const largeShape = { batch: large, partitions: 4, acks: -1, connections: 4, inFlight: 5 }
  const smallShape = { batch: small, partitions: 16, acks: -1, connections: 100, inFlight: 1 }
  const producer = await ProduceLoad.open(endpoint.port, await frameFor(endpoint, topic, -1, large), largeShape, false)
  const smalls = await ProduceLoad.open(endpoint.port, await frameFor(endpoint, smallTopic, -1, small), smallShape, false)
  await producer.run({ bytes: 50e6 })
  const following = { topic, connections: 2, endOffset: null, recordsPerBatch: recordsIn(large) }
  const frame = fetchFrame(endpoint, following)
  const consumer = await FetchLoad.open(endpoint.port, frame, following)
  const deaf = await deafConsumer(endpoint, frame.request)
  const huge = await hugeProducer(endpoint, hugeTopic)
  try {
    await told(child, 'watch')
    const consuming = consumer.run({ seconds })
    const [produced, many] = await Promise.all([producer.run({ seconds }), smalls.run({ seconds })])
    const consumed = await consuming
    const delays = await told<Record<string, number>>(child, 'tell')
    const rates = {
      megabytesPerSecond: (produced.bytes + consumed.bytes) / 1e6 / produced.seconds,
      smallPerSecond: many.requests / many.seconds,
    }
    return { ...delays, ...rates }
  } finally {
    deaf.destroy()
    huge()
    for (const load of [producer, smalls, consumer]) load.close()
  }
}

/** Asks for 4 MB again and again, and reads nothing. The frame asks from offset 0. */
async function deafConsumer({ port }: Endpoint, request: Buffer): Promise<Socket> {
  const fromStart = Buffer.from(request)
  const marker = Buffer.from('0001020304050607', 'hex')
  for (let at = fromStart.indexOf(marker); at >= 0; at = fromStart.indexOf(marker)) fromStart.fill(0, at, at + 8)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.pause()
  for (let count = 0; count < 5; count++) socket.write(fromStart)
  return socket
}

/** Sends a request as large as stock settings allow twice a second; answers with what ends that. */
async function hugeProducer({ port }: Endpoint, topic: Topic): Promise<() => void> {
  const records = makeBatch(10_000, 'none', hugeBatchBytes / 10_000)
  const partitionData = Array.from({ length: topic.partitions }, (_, index) => ({ index, records }))
  const request = requestFrame(Produce, produceVersion, { acks: -1, timeoutMs, topicData: [{ name: topic.name, partitionData }] })
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.resume()
  const timer = setInterval(() => {
    if (socket.writableLength === 0) socket.write(request)
  }, hugeEveryMs)
  return () => {
    clearInterval(timer)
    socket.destroy()
  }
}
