"""BOOTSTRAP TOPIC COUNT: a producer and a consumer of librdkafka with their defaults; they live until the process is stopped."""

import signal
import sys

from confluent_kafka import Consumer, Producer

bootstrap, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
is_over = []
signal.signal(signal.SIGTERM, lambda *_: is_over.append(True))

producer = Producer({"bootstrap.servers": bootstrap, "client.id": "librdkafka-producer"})
for number in range(count):
    producer.produce(topic, str(number))
producer.flush()
consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "client.id": "librdkafka-consumer",
        "group.id": "librdkafka-readers",
        "auto.offset.reset": "earliest",
    }
)
consumer.subscribe([topic])
read = 0
while read < count:
    message = consumer.poll(0.1)
    if message is not None and message.error() is None:
        read += 1
print("ready", flush=True)
while not is_over:
    consumer.poll(0.1)
    producer.poll(0)
consumer.close()
producer.flush()
