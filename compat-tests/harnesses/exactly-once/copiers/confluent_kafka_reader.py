"""A confluent-kafka read_committed reader; ../readers.ts says what it is told and tells."""

import os
import sys
import threading

import confluent_kafka
from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

bootstrap = sys.argv[1]
places = []
for topic in sys.argv[2:]:
    name, partitions = topic.split(":")
    places += [(name, partition) for partition in range(int(partitions))]

ends = {}
knows_ends = threading.Event()


def hear_ends():
    for line in sys.stdin:
        topic, partition, end = line.split()
        ends[(topic, int(partition))] = int(end)
    knows_ends.set()


threading.Thread(target=hear_ends, daemon=True).start()
consumer = confluent_kafka.Consumer(
    {
        "bootstrap.servers": bootstrap,
        "group.id": "exactly-once-reader",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "fetch.wait.max.ms": 100,
        "reconnect.backoff.max.ms": 200,
        "metadata.recovery.strategy": "none",
        "log_level": 0,
    }
)
consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in places])
positions = dict.fromkeys(places, 0)
while not (knows_ends.is_set() and all(positions[place] >= end for place, end in ends.items())):
    lines = []
    for message in consumer.consume(num_messages=500, timeout=0.2):
        place = (message.topic(), message.partition())
        if message.error() is None:
            lines.append(f"read {place[0]} {place[1]} {message.offset()} {message.value().decode()}\n")
            positions[place] = message.offset() + 1
        elif message.error().code() == KafkaError._PARTITION_EOF:
            # Behind the markers, too, which are no messages.
            positions[place] = max(positions[place], message.offset())
        else:
            print(f"reader: {message.error()}", file=sys.stderr, flush=True)
    sys.stdout.write("".join(lines))
    sys.stdout.flush()
os._exit(0)
