import { Controller, Inject, Injectable, Module } from '@nestjs/common'
import { type ClientKafka, ClientsModule, EventPattern, Payload, Transport } from '@nestjs/microservices'

export interface Order {
  readonly id: string
  readonly dish: string
}

@Controller()
export class Kitchen {
  readonly cooked: Order[] = []
  /** Called after each order. */
  onCooked: () => void = () => {}

  @EventPattern('orders')
  cook(@Payload() order: Order): void {
    this.cooked.push(order)
    this.onCooked()
  }
}

@Injectable()
export class Waiter {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  order(order: Order) {
    return this.kafka.emit('orders', { key: order.id, value: { ...order } })
  }
}

@Module({
  imports: [
    ClientsModule.registerAsync([
      {
        name: 'KAFKA',
        useFactory: () => ({
          transport: Transport.KAFKA,
          options: { client: { brokers: (process.env.BOOTSTRAP_SERVERS ?? 'localhost:9092').split(',') } },
        }),
      },
    ]),
  ],
  controllers: [Kitchen],
  providers: [Waiter],
})
export class Orders {}
