import 'reflect-metadata'
import assert from 'node:assert'
import { test } from 'node:test'
import { NestFactory } from '@nestjs/core'
import { type MicroserviceOptions, Transport } from '@nestjs/microservices'
import { startBroker } from 'gregor'
import { firstValueFrom } from 'rxjs'
import { Kitchen, Orders, Waiter } from './orders'

test('an order that is emitted is cooked', async () => {
  const broker = await startBroker()
  await broker.createTopic({ name: 'orders' })
  process.env.BOOTSTRAP_SERVERS = broker.bootstrapServers
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(Orders, {
    logger: ['error'],
    transport: Transport.KAFKA,
    options: {
      client: { brokers: broker.brokers },
      consumer: { groupId: 'kitchen', maxWaitTimeInMs: 500 },
      subscribe: { fromBeginning: true },
    },
  })
  await app.listen()

  const kitchen = app.get(Kitchen)
  const cooked = new Promise<void>(resolve => {
    kitchen.onCooked = resolve
  })
  await firstValueFrom(app.get(Waiter).order({ id: '1', dish: 'soup' }))
  await cooked
  assert.deepStrictEqual(kitchen.cooked, [{ id: '1', dish: 'soup' }])

  await app.close()
  await broker.stop()
})
