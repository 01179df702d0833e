"""aiokafka: produce and consume lines with AIOKafkaProducer and AIOKafkaConsumer."""

import asyncio

import aiokafka
from text_client import main


async def produce_lines(bootstrap, topic, lines):
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        sends = [await producer.send(topic, value=line) for line in lines]
        await asyncio.gather(*sends)


async def consume_lines(bootstrap, topic, group, sink):
    consumer = aiokafka.AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        while sink.wants_more:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    sink.received(record.partition, record.offset, record.value)
    finally:
        await consumer.stop()


def produce(*arguments):
    asyncio.run(produce_lines(*arguments))


def consume(*arguments):
    asyncio.run(consume_lines(*arguments))


main(aiokafka.__version__, produce, consume)
