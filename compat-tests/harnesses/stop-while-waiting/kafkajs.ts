/** A kafkajs consumer that prints what it receives and comes back quickly after each stop of the broker. */
import kafkajs from 'kafkajs'

const [bootstrap, topic] = process.argv.slice(2) as [string, string]
const kafka = new kafkajs.Kafka({
  brokers: [bootstrap],
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { initialRetryTime: 50, maxRetryTime: 200, retries: 1000 },
})
const consumer = kafka.consumer({ groupId: 'kafkajs', maxWaitTimeInMs: 60_000 })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({ eachMessage: async ({ message }) => console.log(String(message.value)) })
