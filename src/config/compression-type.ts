/** From a value of compression.type to the codec of a batch, and whether this machine can write it. */
import { type CodecId, Codecs } from '../protocol/records/batch.js'
import { codecProblem } from '../protocol/records/compression.js'
import type { TopicValue } from './topic-keys.js'

/** The codec that batches are stored in; null keeps the producer's. */
export function codecOfType(type: TopicValue<'compression.type'>): CodecId | null {
  if (type === 'producer') return null
  return type === 'uncompressed' ? Codecs.none : Codecs[type]
}

/** Why batches cannot be compressed so here; null when they can. */
export function compressionTypeProblem(type: TopicValue<'compression.type'>): string | null {
  const codec = codecOfType(type)
  const problem = codec === null ? null : codecProblem(codec)
  return problem === null ? null : `Invalid value ${type} for configuration compression.type: ${problem}`
}
