"""confluent-kafka (librdkafka with its own bundled, newest version): produce and consume lines with its plain clients."""

import confluent_kafka
from text_client import main


def produce(bootstrap, topic, lines):
    errors = []
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "acks": "all"})

    def delivered(error, _message):
        if error is not None:
            errors.append(error)

    for line in lines:
        while True:
            try:
                producer.produce(topic, value=line, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    unsent = producer.flush(60)
    if errors or unsent:
        raise SystemExit(f"{unsent} records unsent, {len(errors)} failed: {errors[:3]}")


def consume(bootstrap, topic, group, sink):
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    try:
        while sink.wants_more:
            for message in consumer.consume(num_messages=1000, timeout=0.5):
                if message.error() is not None:
                    raise confluent_kafka.KafkaException(message.error())
                sink.received(message.partition(), message.offset(), message.value())
    finally:
        consumer.close()


main(f"{confluent_kafka.__version__} (librdkafka {confluent_kafka.libversion()[0]})", produce, consume)
