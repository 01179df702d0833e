"""confluent-kafka against a broker that was started with `npx gregor start`. Needs: pip install confluent-kafka"""
import os

from confluent_kafka import Consumer, Producer

bootstrap = os.environ.get("BOOTSTRAP_SERVERS", "localhost:9092")

producer = Producer({"bootstrap.servers": bootstrap})
producer.produce("orders", key="1", value="tea")
producer.flush(10)

consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "kitchen", "auto.offset.reset": "earliest"})
consumer.subscribe(["orders"])
message = consumer.poll(30)
consumer.close()

assert message is not None and message.error() is None, message
assert message.value() == b"tea", message.value()
print("orders arrive")
