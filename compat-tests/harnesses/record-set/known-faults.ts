/**
 * What one client writes and another cannot read through any broker: both speak the same format, the broker passes the bytes on
 * untouched, and the reader's own library refuses them. A run against real Kafka tries these pairs and fails when one works;
 * other runs leave them out, because each costs a deadline, and count them apart. Grows only with a proof against Kafka.
 */
import type { ContenderName } from './contenders.js'
import type { Codec } from './expectation.js'

interface KnownFault {
  readonly producers: readonly ContenderName[]
  readonly codec: Codec
  readonly consumers: readonly ContenderName[]
  readonly reason: string
}

const knownFaults: readonly KnownFault[] = [
  {
    producers: ['aiokafka', 'rskafka'],
    codec: 'lz4',
    consumers: ['segmentio', 'librdkafka-1.x/1.0.1'],
    reason: 'frames with a checksum per block, which the LZ4 library of the reader does not know',
  },
]

/** The reason, or null when the pair is expected to work. */
export function knownFault(producer: ContenderName, codec: Codec, consumer: ContenderName): string | null {
  const found = knownFaults.find(
    fault => fault.codec === codec && fault.producers.includes(producer) && fault.consumers.includes(consumer),
  )
  return found?.reason ?? null
}
