"""An aiokafka member."""

import asyncio

import aiokafka
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from member import bootstrap, client_id, group, heartbeat_ms, is_leaving, rebalance_ms, received, session_ms, topic


async def consume():
    consumer = aiokafka.AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=group,
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=heartbeat_ms,
        rebalance_timeout_ms=rebalance_ms,
        auto_offset_reset="earliest",
        auto_commit_interval_ms=1000,
        partition_assignment_strategy=(RangePartitionAssignor,),
    )
    await consumer.start()
    try:
        while not is_leaving():
            for records in (await consumer.getmany(timeout_ms=500)).values():
                received([(record.partition, record.offset) for record in records])
    finally:
        await consumer.stop()


asyncio.run(consume())
