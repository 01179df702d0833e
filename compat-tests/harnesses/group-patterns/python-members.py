"""Members of kafka-python, aiokafka and confluent-kafka that subscribe to a pattern: arguments BOOTSTRAP PATTERN; a line
`NAME TOPIC…` for each assignment."""

import asyncio
import os
import sys
import threading

import aiokafka
import confluent_kafka
import kafka

bootstrap, pattern = sys.argv[1:3]
# Java and aiokafka go on committing for a topic that is gone, which holds back what is to be assigned next; so they do at Kafka.
no_commits = {"enable_auto_commit": False}


class Shown:
    def __init__(self, name):
        self.name = name
        self.last = None

    def show(self, partitions):
        topics = " ".join(sorted({partition.topic for partition in partitions}))
        if topics != self.last:
            self.last = topics
            os.write(1, f"{self.name} {topics}\n".encode())


def kafka_python():
    shown = Shown("kafka-python")
    consumer = kafka.KafkaConsumer(bootstrap_servers=bootstrap, group_id="kafka-python", metadata_max_age_ms=1000, **no_commits)
    consumer.subscribe(pattern=pattern)
    while True:
        consumer.poll(timeout_ms=200)
        shown.show(consumer.assignment())


async def aiokafka_member():
    shown = Shown("aiokafka")
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="aiokafka", metadata_max_age_ms=1000, **no_commits)
    consumer.subscribe(pattern=pattern)
    await consumer.start()
    while True:
        await consumer.getmany(timeout_ms=200)
        shown.show(consumer.assignment())


def librdkafka(protocol):
    name = f"librdkafka-{protocol}"
    shown = Shown(name)
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": name,
            "group.protocol": protocol,
            "topic.metadata.refresh.interval.ms": 1000,
        }
    )
    consumer.subscribe([pattern])
    while True:
        consumer.poll(0.2)
        shown.show(consumer.assignment())


members = [
    (kafka_python, ()),
    (asyncio.run, (aiokafka_member(),)),
    (librdkafka, ("classic",)),
    (librdkafka, ("consumer",)),
]
for member, arguments in members:
    threading.Thread(target=member, args=arguments, daemon=True).start()
threading.Event().wait()
