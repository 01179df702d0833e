// The machine's limit for a load of the wire-level generator: a server that takes the very same requests on one connection and
// does nothing but what no broker can avoid. Many small requests are set beside a bare Node server instead, which takes
// them on as many connections.
import { join } from 'node:path'
import { Fetch } from '#protocol/messages/fetch.js'
import { decodeAnswer, exchange } from './lib/frames.js'
import { type Subject, startBareNode } from './lib/subject.js'
import { compiledServer, writeLogFile } from './limits.js'
import { recordsIn } from './load/batches.js'
import { type FetchShape, fetchFrame } from './load/fetch-load.js'
import type { ProduceFrame } from './load/produce-frame.js'
import { frameFor, nextTopicName, type ProduceShape } from './load/produce-load.js'
import { makeTopic, removeTopic, type Topic } from './load/requests.js'
import type { RunningPeer } from './peers/peer.js'
import type { WireCell } from './wire-cells.js'

export type NotRun = { readonly name: string; readonly notRun: string }

const fetchVersion = 12
let files = 0

/** Learns an answer from `peer`, whose `topic` holds the batch over and over, and then gives answers of that form itself. */
export async function fetchLimit(
  peer: RunningPeer,
  topic: Topic,
  shape: FetchShape,
  batch: Buffer,
  scratch: string,
): Promise<Subject | NotRun> {
  const { request, firstOffsetAt } = fetchFrame(peer, { ...shape, topic })
  request.fill(0, firstOffsetAt, firstOffsetAt + 8)
  const answer = await exchange(peer.port, request)
  const records = decodeAnswer(Fetch, fetchVersion, answer).responses[0]?.partitions[0]?.records
  const batchesInAnswer = Math.floor((records?.byteLength ?? 0) / batch.length)
  if (records === undefined || records === null || batchesInAnswer * batch.length !== records.byteLength) {
    return { name: 'C, sendfile(2)', notRun: 'an answer does not hold whole batches' }
  }
  const recordsAt = records.byteOffset - answer.byteOffset
  const layout = [answer.subarray(0, recordsAt), answer.subarray(recordsAt + records.byteLength)].map(part =>
    part.toString('hex'),
  )
  const numbers = [records.byteLength, firstOffsetAt, batch.length, recordsIn(batch)].map(String)
  const logFile = join(scratch, `limit-${++files}.log`)
  await writeLogFile(logFile, batch, shape.endOffset! / recordsIn(batch))
  return compiledServer('C, sendfile(2)', 'fetch-server.c', ['sendfile', logFile, ...layout, ...numbers], scratch)
}

export type ProduceLimit = Subject & { readonly frame: ProduceFrame; readonly shape: ProduceShape }

/** Takes the requests of `frame` on any number of connections, and answers each as the broker did from which it was learnt. */
export async function bareNodeLimit(frame: ProduceFrame, batch: Buffer): Promise<Subject & { readonly frame: ProduceFrame }> {
  const answer = [frame.answer.toString('hex'), String(frame.errorAt + 2), String(recordsIn(batch))]
  const node = await startBareNode('bare Node server', ['receive', String(frame.request.length), ...answer])
  return { ...node, frame: { ...frame, isAnswerNumbered: false } }
}

export async function produceLimit(
  peer: RunningPeer,
  cell: WireCell,
  batch: Buffer,
  scratch: string,
): Promise<ProduceLimit | NotRun> {
  const topic = await makeTopic(peer, nextTopicName(), 1)
  // Always answered: a limit without a reader is none.
  const learnt = await frameFor(peer, topic, 1, batch)
  await removeTopic(peer, topic)
  const shape = { batch, partitions: 1, acks: 1, connections: 1, inFlight: 5 }
  const answer = [learnt.answer.toString('hex'), String(learnt.errorAt + 2), String(recordsIn(batch))]
  if (cell.records !== undefined) {
    const node = await bareNodeLimit(learnt, batch)
    return { ...node, shape: { ...shape, connections: cell.connections, inFlight: 1 } }
  }
  const mode = cell.kind === 'stable' ? 'sync' : 'write'
  const name = cell.kind === 'stable' ? 'C, writes, fdatasync(2)' : 'C, receives and writes'
  const file = join(scratch, `limit-${++files}.log`)
  const numbers = [learnt.request.length, learnt.batchAt, learnt.batchBytes].map(String)
  const server = await compiledServer(name, 'produce-server.c', [mode, file, ...numbers, ...answer], scratch)
  return 'notRun' in server ? server : { ...server, frame: learnt, shape }
}
