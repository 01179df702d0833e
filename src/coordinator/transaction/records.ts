/**
 * The records of __transaction_state in Kafka's own schemas. Both key and value start with an int16: the type of the record,
 * and the version of its value, which follows from transaction.version.
 */
import { emptyBytes } from '../../base/bytes.js'
import { decode, encode } from '../../protocol/codec.js'
import { type Encodable, type Fields, inRange, type Message } from '../../protocol/schema.js'
import { TransactionLogKey, TransactionLogValue } from '../../protocol/state/transaction.js'
import { Reader, Writer } from '../../protocol/wire.js'
import type { LogRecord } from '../machine.js'
import type { ServerTransactionVersion } from './config.js'
import { noPartitions } from './partitions.js'
import { noProducerEpoch, type Transaction, type TransactionRecord, transactionStates } from './state.js'

const keyType = 0

export function encodeRecord({ transactionalId, value }: TransactionRecord, version: ServerTransactionVersion): LogRecord {
  return {
    key: versioned(TransactionLogKey, keyType, { transactionalId }),
    value: value === null ? null : encodeValue(value, version === 0 ? 0 : 1),
  }
}

function encodeValue(transaction: Transaction, valueVersion: 0 | 1): NonNullable<LogRecord['value']> {
  return versioned(TransactionLogValue, valueVersion, {
    producerId: transaction.producerId,
    previousProducerId: transaction.previousProducerId,
    nextProducerId: transaction.nextProducerId,
    producerEpoch: transaction.producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: transactionStates.indexOf(transaction.state),
    // Kafka's readers take null and nothing else for an Empty one.
    transactionPartitions: transaction.state === 'Empty' ? null : transaction.partitions,
    transactionLastUpdateTimestampMs: transaction.lastUpdateMs,
    transactionStartTimestampMs: transaction.startMs,
    clientTransactionVersion: transaction.clientTransactionVersion,
  })
}

// A restart decodes every record there is: a reader per record would cost more than the decoding.
const keyReader = new Reader(emptyBytes)
const valueReader = new Reader(emptyBytes)

/** null when the type, the version or the status is not known; the bytes may be a view, nothing of them is kept. */
export function decodeRecord({ key, value }: LogRecord): TransactionRecord | null {
  keyReader.reset(key)
  if (keyReader.int16() !== keyType) return null
  const { transactionalId } = decode(TransactionLogKey, keyType, keyReader)
  if (value === null) return { transactionalId, value }
  const transaction = decodeValue(value)
  return transaction === null ? null : { transactionalId, value: transaction }
}

function decodeValue(bytes: NonNullable<LogRecord['value']>): Transaction | null {
  valueReader.reset(bytes)
  const version = valueReader.int16()
  if (!inRange(TransactionLogValue.versions, version)) return null
  const value = decode(TransactionLogValue, version, valueReader)
  const state = transactionStates[value.transactionStatus]
  if (state === undefined) return null
  return {
    state,
    producerId: value.producerId,
    producerEpoch: value.producerEpoch,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    lastProducerEpoch: noProducerEpoch,
    timeoutMs: value.transactionTimeoutMs,
    partitions: value.transactionPartitions ?? noPartitions,
    startMs: value.transactionStartTimestampMs,
    lastUpdateMs: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  }
}

const writer = new Writer(256)

function versioned<F extends Fields>(message: Message<F>, version: number, value: Encodable<F>): NonNullable<LogRecord['value']> {
  writer.reset()
  writer.int16(version)
  encode(message, version, writer, value)
  return writer.finish()
}
