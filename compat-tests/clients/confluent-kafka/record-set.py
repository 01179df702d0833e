"""confluent-kafka: the record set through its plain producer and an assigned consumer."""

import confluent_kafka
from record_set import ALL_CODECS, main

# Room for the large value: librdkafka counts its own overhead against the limit, whose default is a million.
MESSAGE_BYTES_MAX = 1048576


def produce(bootstrap, topic, codec, records):
    errors = []
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "compression.type": codec,
            "message.max.bytes": MESSAGE_BYTES_MAX,
            "message.timeout.ms": 10000,
            "linger.ms": 20,
        }
    )

    def delivered(error, _message):
        if error is not None:
            errors.append(error)

    for record in records:
        producer.produce(
            topic,
            partition=0,
            key=record.key,
            value=record.value,
            headers=record.headers,
            timestamp=record.timestamp,
            on_delivery=delivered,
        )
    unsent = producer.flush(15)
    if errors or unsent:
        raise RuntimeError(f"{unsent} records unsent, {len(errors)} failed: {errors[:1]}")


def consume(bootstrap, topic, sink):
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}-unused",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
        }
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    try:
        while sink.wants_more:
            for message in consumer.consume(num_messages=sink.missing, timeout=0.2):
                if message.error() is not None:
                    raise confluent_kafka.KafkaException(message.error())
                kind, timestamp = message.timestamp()
                has_timestamp = kind != confluent_kafka.TIMESTAMP_NOT_AVAILABLE
                sink.received(
                    message.offset(),
                    message.key(),
                    message.value(),
                    message.headers(),
                    timestamp if has_timestamp else None,
                )
    finally:
        consumer.close()


main({"codecs": ALL_CODECS, "magic": 2, "headers": True, "timestamps": True}, produce, consume)
