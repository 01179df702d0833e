"""Each method of aiokafka's AIOKafkaAdminClient at one broker: admin.py BOOTSTRAP KEYS."""

import asyncio
import sys

from admin_rows import Rows
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

NAME = "aiokafka"
GROUP = f"{NAME}-group"


async def main():
    client = AIOKafkaAdminClient(bootstrap_servers=sys.argv[1], client_id=NAME)
    rows = Rows(client)
    await rows.awaited("start")
    topics = [NewTopic(NAME, 2, 1, topic_configs={"retention.ms": "100000"}), NewTopic(f"{NAME}-2", 1, 7)]
    await rows.awaited("create_topics", topics)
    await rows.awaited("create_partitions", {NAME: NewPartitions(3)})
    async with AIOKafkaProducer(bootstrap_servers=sys.argv[1]) as producer:
        for i in range(5):
            await producer.send_and_wait(NAME, b"v%d" % i, partition=0)
    partition = TopicPartition(NAME, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=sys.argv[1], group_id=GROUP, enable_auto_commit=False)
    consumer.assign([partition])
    await consumer.start()
    await consumer.commit({partition: 3})
    await consumer.stop()
    await rows.awaited("list_topics", view=lambda names: [name for name in names if name.startswith(NAME)], told=NAME)
    await rows.awaited("describe_topics", [NAME], told="'partition': 2")
    await rows.awaited("describe_cluster")
    topic = ConfigResource(ConfigResourceType.TOPIC, NAME, configs={"retention.ms": "5000000"})
    await rows.awaited("alter_configs", [topic])
    await rows.awaited("describe_configs", [ConfigResource(ConfigResourceType.TOPIC, NAME, configs=["retention.ms"])])
    await rows.awaited("describe_configs", [ConfigResource(ConfigResourceType.TOPIC, NAME)], told="5000000")
    await rows.awaited("delete_records", {partition: RecordsToDelete(before_offset=2)})
    await rows.awaited("find_coordinator", GROUP)
    await rows.awaited("list_consumer_group_offsets", GROUP)
    await rows.awaited("list_consumer_groups", view=lambda groups: [group for group in groups if group[0].startswith(NAME)])
    await rows.awaited("describe_consumer_groups", [GROUP])
    await rows.awaited("delete_topics", [NAME, f"{NAME}-none"])
    await rows.awaited("close")
    rows.missed()


asyncio.run(main())
