/** A kafkajs producer and consumer; ../members.ts says what they are told and tell. */
import { writeSync } from 'node:fs'
import kafkajs, { type KafkaConfig } from 'kafkajs'
import { alice, bearerToken } from '../../../lib/logins.js'
import { delay, eventually } from '../../../lib/patience.js'

const { Kafka, logLevel, Partitioners } = kafkajs
const [bootstrap = '', mechanism = '', topic = '', secondsText = '', tokenSecondsText = '', threshold] = process.argv.slice(2)
const settleMs = 60_000
const betweenMs = 2

const say = (line: string) => writeSync(1, `${line}\n`)
const { name: username, password } = alice
const bearer = async () => ({
  value: bearerToken({ sub: username, exp: Math.floor(Date.now() / 1000) + Number(tokenSecondsText) }),
})
const sasl = (mechanism === 'OAUTHBEARER'
  ? { mechanism: 'oauthbearer', oauthBearerProvider: bearer }
  : { mechanism: mechanism.toLowerCase(), username, password }) as unknown as KafkaConfig['sasl']
const kafka = new Kafka({
  clientId: topic,
  brokers: [bootstrap],
  ...(sasl && { sasl }),
  ...(threshold && { reauthenticationThreshold: Number(threshold) }),
  logLevel: logLevel.ERROR,
  logCreator:
    () =>
    ({ log }) =>
      say(`error ${log.message} ${log.error ?? ''}`.replaceAll('\n', ' ')),
})

let sent = 0
let read = 0
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner })
const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 200 })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachMessage: async ({ message }) => {
    if (Number(message.value) !== read) say(`odd ${message.value} where ${read} is due`)
    read = Number(message.value) + 1
  },
})
await producer.connect()
const endMs = performance.now() + Number(secondsText) * 1000
while (performance.now() < endMs) {
  await producer.send({ topic, messages: [{ value: String(sent) }] })
  sent++
  await delay(betweenMs)
}
await eventually(() => read === sent, settleMs)
say(`sent ${sent}`)
say(`read ${read}`)
process.exit(0)
