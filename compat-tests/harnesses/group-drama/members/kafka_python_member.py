"""A kafka-python member; the client commits what an earlier poll returned, and that was written out before the next poll."""

import kafka
from kafka.coordinator.assignors.range import RangePartitionAssignor
from member import bootstrap, client_id, group, heartbeat_ms, is_leaving, rebalance_ms, received, session_ms, topic

consumer = kafka.KafkaConsumer(
    topic,
    bootstrap_servers=bootstrap,
    client_id=client_id,
    group_id=group,
    session_timeout_ms=session_ms,
    heartbeat_interval_ms=heartbeat_ms,
    max_poll_interval_ms=rebalance_ms,
    auto_offset_reset="earliest",
    auto_commit_interval_ms=1000,
    partition_assignment_strategy=(RangePartitionAssignor,),
)
while not is_leaving():
    for records in consumer.poll(timeout_ms=500).values():
        received([(record.partition, record.offset) for record in records])
consumer.close()
