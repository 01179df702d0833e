"""The record set through KafkaProducer and an assigned KafkaConsumer: the same program for every kafka-python."""

import kafka


def program(**client_options):
    """produce and consume for record_set.main, with options that both classes take, as api_version."""

    def produce(bootstrap, topic, codec, records):
        producer = kafka.KafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            compression_type=None if codec == "none" else codec,
            linger_ms=20,
            request_timeout_ms=10000,
            **client_options,
        )
        sends = [
            producer.send(
                topic,
                value=record.value,
                key=record.key,
                headers=record.headers,
                partition=0,
                timestamp_ms=record.timestamp,
            )
            for record in records
        ]
        producer.flush(timeout=10)
        for send in sends:
            send.get(timeout=10)
        producer.close(timeout=5)

    # One for all topics: each start probes the broker's version again.
    consumers = []

    def consume(bootstrap, topic, sink):
        if not consumers:
            consumers.append(
                kafka.KafkaConsumer(
                    bootstrap_servers=bootstrap,
                    group_id=None,
                    auto_offset_reset="earliest",
                    fetch_max_wait_ms=50,
                    **client_options,
                )
            )
        consumer = consumers[0]
        consumer.assign([kafka.TopicPartition(topic, 0)])
        while sink.wants_more:
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    sink.received(record.offset, record.key, record.value, record.headers, record.timestamp)

    return produce, consume
