"""aiokafka: the record set through AIOKafkaProducer and an assigned AIOKafkaConsumer."""

import asyncio

import aiokafka
from record_set import ALL_CODECS, main


async def produce_records(bootstrap, topic, codec, records):
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", compression_type=None if codec == "none" else codec, linger_ms=20
    )
    async with producer:
        sends = [
            await producer.send(
                topic, record.value, record.key, partition=0, timestamp_ms=record.timestamp, headers=record.headers
            )
            for record in records
        ]
        await asyncio.gather(*sends)


async def consume_records(bootstrap, topic, sink):
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=50)
    await consumer.start()
    try:
        consumer.assign([aiokafka.TopicPartition(topic, 0)])
        while sink.wants_more:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    sink.received(record.offset, record.key, record.value, record.headers, record.timestamp)
    finally:
        await consumer.stop()


def produce(bootstrap, topic, codec, records):
    asyncio.run(asyncio.wait_for(produce_records(bootstrap, topic, codec, records), 15))


def consume(*arguments):
    asyncio.run(consume_records(*arguments))


CAPABILITIES = {
    "codecs": ALL_CODECS,
    "magic": 2,
    "headers": True,
    "timestamps": True,
    "cannotProduce": ["null key and value"],
}

main(CAPABILITIES, produce, consume)
