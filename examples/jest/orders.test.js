const { startBroker } = require('gregor')
const { Kafka, logLevel } = require('kafkajs')

let broker
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker.stop())

test('orders arrive', async () => {
  const kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.ERROR })

  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ key: '1', value: 'tea' }] })

  const consumer = kafka.consumer({ groupId: 'kitchen' })
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  const order = await new Promise(resolve => {
    consumer.run({ eachMessage: async ({ message }) => resolve(message.value.toString()) })
  })
  expect(order).toBe('tea')

  await consumer.disconnect()
  await producer.disconnect()
})
