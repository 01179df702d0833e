"""An idempotent librdkafka producer that numbers its records and prints `ack NUMBER OFFSET` for each delivered one, until
its standard input ends; then it waits for the last deliveries. Any other line on stdout is a finding."""

import select
import sys

import confluent_kafka

bootstrap, topic, partition = sys.argv[1], sys.argv[2], int(sys.argv[3])


def on_error(error):
    # Lost connections and a broker that is down are what this test is about; the client goes on by itself.
    if error.fatal():
        print(f"fatal {error}", flush=True)


def on_delivery(number):
    def delivered(error, message):
        print(f"ack {number} {message.offset()}" if error is None else f"undelivered {number} {error}", flush=True)

    return delivered


producer = confluent_kafka.Producer(
    {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "linger.ms": 2,
        "message.timeout.ms": 300000,
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 200,
        "retry.backoff.ms": 20,
        "error_cb": on_error,
        "log_level": 0,
    }
)
number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    if len(producer) < 200:
        for _ in range(10):
            value = f"librdkafka\t{number}\t" + "." * (number % 300)
            producer.produce(topic, value=value, partition=partition, on_delivery=on_delivery(number))
            number += 1
    producer.poll(0.01)
unsent = producer.flush(120)
if unsent > 0:
    print(f"unsent {unsent}", flush=True)
