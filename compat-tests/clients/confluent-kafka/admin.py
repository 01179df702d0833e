"""Each method of confluent-kafka's AdminClient at one broker: admin.py BOOTSTRAP KEYS."""

import sys

import confluent_kafka
from admin_rows import Rows
from confluent_kafka import ConsumerGroupTopicPartitions, ElectionType, IsolationLevel, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
    NewPartitions, NewTopic, OffsetSpec, ResourcePatternType, ResourceType, ScramCredentialInfo, ScramMechanism,
    UserScramCredentialDeletion, UserScramCredentialUpsertion,
)  # fmt: skip

NAME = "confluent"
GROUP = f"{NAME}-group"


def settled(future_by_key):
    for future in future_by_key.values():
        future.exception()
    return future_by_key


def main():
    client = AdminClient({"bootstrap.servers": sys.argv[1], "client.id": NAME})
    rows = Rows(client, left_out=["set_sasl_credentials", "poll"])
    made = [NewTopic(NAME, 2, 1, config={"retention.ms": "100000"}), NewTopic(f"{NAME}-2", 1, 7)]
    rows.row("create_topics", made, view=settled)
    rows.row("create_partitions", [NewPartitions(NAME, 3), NewPartitions(f"{NAME}-none", 3)], view=settled)
    producer = confluent_kafka.Producer({"bootstrap.servers": sys.argv[1]})
    for i in range(5):
        producer.produce(NAME, f"v{i}", partition=0)
    producer.flush()
    rows.row("list_topics", NAME, view=lambda metadata: metadata.topics[NAME], told="2: PartitionMetadata")
    rows.row("describe_topics", TopicCollection([NAME, f"{NAME}-none"]), include_authorized_operations=True)
    rows.row("describe_cluster", include_authorized_operations=True)
    rows.row("cluster_id", view=len)
    topic = ConfigResource(ResourceType.TOPIC, NAME)
    rows.row("describe_configs", [topic], view=values, told="100000")
    rows.row("describe_configs", [ConfigResource(ResourceType.TOPIC, f"{NAME}-none")], view=lambda one: list(one.values()))
    change = ConfigEntry("retention.ms", "5000", incremental_operation=AlterConfigOpType.SET)
    rows.row("incremental_alter_configs", [ConfigResource(ResourceType.TOPIC, NAME, incremental_configs=[change])], view=values)
    wrong = ConfigEntry("retention.ms", "x", incremental_operation=AlterConfigOpType.SET)
    rows.row("incremental_alter_configs", [ConfigResource(ResourceType.TOPIC, NAME, incremental_configs=[wrong])], view=values)
    rows.row("alter_configs", [ConfigResource(ResourceType.TOPIC, NAME, set_config={"retention.ms": "6000000000"})], view=values)
    rows.row("describe_configs", [topic], view=values, told="6000000000")
    for spec in [OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.max_timestamp(), OffsetSpec.for_timestamp(1)]:
        rows.row("list_offsets", {TopicPartition(NAME, 0): spec}, isolation_level=IsolationLevel.READ_COMMITTED, view=values)
    rows.row("delete_records", [TopicPartition(NAME, 0, 2), TopicPartition(NAME, 1, 9)], view=values)
    rows.row("elect_leaders", ElectionType.PREFERRED, [TopicPartition(NAME, 0), TopicPartition(f"{NAME}-none", 0)])
    groups(rows)
    security(rows)
    rows.row("delete_topics", [NAME, f"{NAME}-none"], view=settled)
    rows.missed()


def values(futures):
    return list(settled(futures).values())


def groups(rows):
    three = [ConsumerGroupTopicPartitions(GROUP, [TopicPartition(NAME, 0, 3)])]
    rows.row("alter_consumer_group_offsets", three)
    asked = [ConsumerGroupTopicPartitions(GROUP, [TopicPartition(NAME, 0), TopicPartition(NAME, 1)])]
    rows.row("list_consumer_group_offsets", asked, require_stable=True)
    rows.row("list_consumer_groups", view=lambda one: [x for x in one.result().valid if x.group_id.startswith(NAME)])
    rows.row("list_groups", GROUP, view=lambda one: [(x.id, x.state, x.protocol_type, x.error) for x in one])
    rows.row("describe_consumer_groups", [GROUP, f"{NAME}-none"], include_authorized_operations=True)
    rows.row("delete_consumer_groups", [GROUP, f"{NAME}-none"])


def security(rows):
    allowed = AclOperation.READ, AclPermissionType.ALLOW
    where = ResourceType.TOPIC, NAME, ResourcePatternType.LITERAL, f"User:{NAME}", "*"
    rows.row("create_acls", [AclBinding(*where, *allowed)], view=values)
    rows.row("describe_acls", AclBindingFilter(*where, *allowed), told="AclBinding")
    rows.row("delete_acls", [AclBindingFilter(*where, *allowed)], view=values)
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    rows.row("alter_user_scram_credentials", [UserScramCredentialUpsertion(NAME, info, b"secret")])
    gone = UserScramCredentialDeletion(f"{NAME}-none", ScramMechanism.SCRAM_SHA_256)
    rows.row("alter_user_scram_credentials", [gone])
    rows.row("describe_user_scram_credentials", [NAME, f"{NAME}-none"], told="4096")


main()
