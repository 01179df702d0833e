// A Produce request with one batch for one partition, encoded once, and the positions of the few bytes that change: the
// correlation id and the partition in the request, the error code and the base offset in the answer.
import { Produce } from '#protocol/messages/produce.js'
import { decodeAnswer, exchange, requestFrame, soleIndexOf } from '../lib/frames.js'
import { stampMark } from './batches.js'
import { type Endpoint, type Topic, versionFor } from './requests.js'

/** Every peer but librdkafka's mock serves it; flexible, without topic ids. */
const versionWanted = 9
const timeoutMs = 30_000
/** No real partition: marks its place in the encoded request. */
const partitionMarker = 0x1357_9bdf

export interface ProduceFrame {
  /** For partition 0. */
  readonly request: Buffer
  readonly partitionAt: number
  readonly batchAt: number
  readonly batchBytes: number
  readonly acks: number
  /** Of an answer that accepts the batch. */
  readonly answerBytes: number
  readonly errorAt: number
  /** A whole answer, for a server that only pretends. */
  readonly answer: Buffer
  /** False for a server that pretends and does not even repeat the correlation id. */
  readonly isAnswerNumbered: boolean
}

/** Learns the answer's layout by producing the batch once to a topic of its own. */
export async function produceFrame(
  endpoint: Endpoint,
  scratchTopic: Topic,
  topic: Topic,
  acks: number,
  batch: Buffer,
): Promise<ProduceFrame> {
  const version = versionFor(endpoint, Produce, versionWanted)
  const encoded = (name: string, index: number, ownAcks: number) =>
    requestFrame(Produce, version, {
      acks: ownAcks,
      timeoutMs,
      topicData: [{ name, partitionData: [{ index, records: batch }] }],
    })
  const probe = encoded(scratchTopic.name, 0, 1)
  const answer = await exchange(endpoint.port, probe)
  const partition = decodeAnswer(Produce, version, answer).responses[0]?.partitionResponses[0]
  if (partition?.errorCode !== 0) throw new Error(`producing fails with error ${partition?.errorCode}`)
  if (scratchTopic.name.length !== topic.name.length) throw new Error('an answer names the topic: the names must be as long')
  const request = encoded(topic.name, partitionMarker, acks)
  const marker = Buffer.alloc(4)
  marker.writeInt32BE(partitionMarker)
  const batchAt = soleIndexOf(request, batch)
  const partitionAt = request.subarray(0, batchAt).indexOf(marker)
  request.writeInt32BE(0, partitionAt)
  // Index (int32), error code (int16), base offset (int64).
  const around = Buffer.alloc(14)
  around.writeBigInt64BE(BigInt(partition.baseOffset), 6)
  const errorAt = answer.indexOf(around, answer.indexOf(scratchTopic.name)) + 4
  return {
    request,
    partitionAt,
    batchAt,
    batchBytes: batch.length,
    acks,
    answerBytes: answer.length,
    errorAt,
    answer,
    isAnswerNumbered: true,
  }
}

/** A frame of its own, whose batch carries the mark. */
export function markedRequest(frame: ProduceFrame, mark: number): Buffer {
  const request = Buffer.from(frame.request)
  stampMark(request.subarray(frame.batchAt, frame.batchAt + frame.batchBytes), mark)
  return request
}
