"""kafka-python: produce and consume lines with KafkaProducer and KafkaConsumer."""

import kafka
from text_client import main


def produce(bootstrap, topic, lines):
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    sends = [producer.send(topic, value=line) for line in lines]
    producer.flush(timeout=60)
    for send in sends:
        send.get(timeout=10)
    producer.close()


def consume(bootstrap, topic, group, sink):
    consumer = kafka.KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest")
    try:
        while sink.wants_more:
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    sink.received(record.partition, record.offset, record.value)
    finally:
        consumer.close()


main(kafka.__version__, produce, consume)
