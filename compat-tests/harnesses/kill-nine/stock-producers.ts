/**
 * Idempotent producers as users have them: kafkajs in this process, and librdkafka through confluent-kafka's Python client
 * as a process of its own. Both retry by themselves; what they report as delivered goes into the ledger.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import kafkajs from 'kafkajs'
import { compatSources } from '../../lib/paths.js'
import { delay } from '../../lib/patience.js'
import { type Ledger, partitionKey, recordValue } from './ledger.js'

const { Kafka, logLevel, Partitioners } = kafkajs

export interface StockProducer {
  readonly name: string
  readonly problems: string[]
  /** Ends after stop(), once everything is answered. */
  run(): Promise<void>
  stop(): void
}

interface Place {
  readonly bootstrap: string
  readonly topic: string
  readonly partition: number
}

const RECORDS_PER_SEND = 10
const PADDING = 100
const PAUSE_MS = 5
const patientRetry = { initialRetryTime: 50, maxRetryTime: 500, retries: 1_000_000 }

export function kafkajsProducer({ bootstrap, topic, partition }: Place, ledger: Ledger): StockProducer {
  const problems: string[] = []
  let isStopping = false
  return {
    name: 'kafkajs',
    problems,
    stop: () => {
      isStopping = true
    },
    run: async () => {
      const kafka = new Kafka({
        clientId: 'kill-nine-kafkajs',
        brokers: [bootstrap],
        logLevel: logLevel.NOTHING,
        retry: patientRetry,
      })
      const producer = kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        createPartitioner: Partitioners.DefaultPartitioner,
        retry: patientRetry,
      })
      try {
        await producer.connect()
        for (let number = 0; !isStopping; number += RECORDS_PER_SEND) {
          const values = Array.from({ length: RECORDS_PER_SEND }, (_, index) => recordValue('kafkajs', number + index, PADDING))
          const [sent] = await producer.send({ topic, acks: -1, messages: values.map(value => ({ value, partition })) })
          const baseOffset = Number(sent!.baseOffset)
          for (let index = 0; index < RECORDS_PER_SEND; index++) {
            ledger.acknowledge(partitionKey(topic, partition), 'kafkajs', number + index, baseOffset + index)
          }
          await delay(PAUSE_MS)
        }
        await producer.disconnect()
      } catch (error) {
        problems.push(`kafkajs producer: ${error}`)
      }
    },
  }
}

/** `python` is an interpreter that has confluent-kafka. */
export function librdkafkaProducer(python: string, { bootstrap, topic, partition }: Place, ledger: Ledger): StockProducer {
  const problems: string[] = []
  const program = join(compatSources, 'harnesses', 'kill-nine', 'librdkafka-producer.py')
  const child = spawn(python, [program, bootstrap, topic, String(partition)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  createInterface({ input: child.stdout }).on('line', line => {
    const [verb, first, second] = line.split(' ')
    if (verb === 'ack') ledger.acknowledge(partitionKey(topic, partition), 'librdkafka', Number(first), Number(second))
    else problems.push(`librdkafka producer: ${line}`)
  })
  return {
    name: 'librdkafka',
    problems,
    stop: () => child.stdin.end(),
    run: async () => {
      const [exitCode] = await exited
      if (exitCode !== 0) problems.push(`librdkafka producer ended with exit code ${exitCode}`)
    },
  }
}
