"""A confluent-kafka (librdkafka) member of either group protocol; offsets are stored for the next commit only after they were written out."""

import sys

import confluent_kafka
from member import (
    assignor,
    bootstrap,
    client_id,
    group,
    heartbeat_ms,
    is_leaving,
    protocol,
    rebalance_ms,
    received,
    session_ms,
    topic,
)

# With the consumer protocol the broker says what these are.
of_protocol = {
    "classic": {
        "session.timeout.ms": session_ms,
        "heartbeat.interval.ms": heartbeat_ms,
        "partition.assignment.strategy": assignor,
    },
    "consumer": {},
}

consumer = confluent_kafka.Consumer(
    {
        "bootstrap.servers": bootstrap,
        "client.id": client_id,
        "group.id": group,
        "group.protocol": protocol,
        "max.poll.interval.ms": rebalance_ms,
        "auto.offset.reset": "earliest",
        "auto.commit.interval.ms": 1000,
        "enable.auto.offset.store": False,
        **of_protocol[protocol],
    }
)
consumer.subscribe([topic])
while not is_leaving():
    messages = []
    for message in consumer.consume(num_messages=500, timeout=0.5):
        if message.error() is None:
            messages.append(message)
        else:
            print(f"consume: {message.error()}", flush=True, file=sys.stderr)
    received([(message.partition(), message.offset()) for message in messages])
    for message in messages:
        try:
            consumer.store_offsets(message=message)
        except confluent_kafka.KafkaException as error:
            # The partition was taken away while its records were being written out.
            if error.args[0].code() != confluent_kafka.KafkaError._STATE:
                raise
consumer.close()
