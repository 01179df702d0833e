"""Each method of kafka-python's KafkaAdminClient at one broker: admin.py BOOTSTRAP KEYS."""

import sys

from admin_rows import Rows
from kafka import KafkaProducer, TopicPartition
from kafka import admin as of
from kafka.structs import OffsetAndMetadata

NAME = "kafka-python"
GROUP = f"{NAME}-group"
NONE = f"{NAME}-none"


def main():
    client = of.KafkaAdminClient(bootstrap_servers=sys.argv[1], client_id=NAME)
    rows = Rows(client)
    topics(rows)
    groups(rows)
    transactions(rows)
    security(rows)
    cluster(rows)
    rows.row("delete_topics", [NAME, NONE], raise_errors=False)
    rows.row("close")
    rows.missed()


def own(listed):
    return [one for one in listed if NAME in str(one)]


def topics(rows):
    made = [of.NewTopic(NAME, 2, 1, topic_configs={"retention.ms": "100000"}), of.NewTopic(f"{NAME}-2", 1, 7)]
    rows.row("create_topics", made, raise_errors=False)
    rows.row("wait_for_topics", [NAME])
    rows.row("create_partitions", {NAME: of.NewPartitions(3), NONE: of.NewPartitions(3)}, raise_errors=False)
    with KafkaProducer(bootstrap_servers=sys.argv[1]) as producer:
        for i in range(5):
            producer.send(NAME, b"v%d" % i, partition=0)
    partition = TopicPartition(NAME, 0)
    rows.row("list_topics", view=own)
    rows.row("describe_topics", [NAME, NONE], told="'partition_index': 2")
    rows.row("describe_topic_partitions", [NAME], told="'partition_index': 2")
    topic = of.ConfigResource(of.ConfigResourceType.TOPIC, NAME, configs={"retention.ms": "5000000"})
    rows.row("alter_configs", [topic])
    rows.row("describe_configs", [of.ConfigResource(of.ConfigResourceType.TOPIC, NAME)], told="5000000")
    rows.row("reset_configs", [of.ConfigResource(of.ConfigResourceType.TOPIC, NAME, configs=["retention.ms"])])
    rows.row("describe_configs", [of.ConfigResource(of.ConfigResourceType.TOPIC, NONE)])
    rows.row("list_partition_offsets", {partition: of.OffsetSpec.LATEST})
    rows.row("delete_records", {partition: 2})
    rows.row("elect_leaders", 0, {NAME: [0]}, raise_errors=False)
    rows.row("alter_partition_reassignments", {partition: [1]})
    rows.row("list_partition_reassignments", [partition])
    rows.row("alter_replica_log_dirs", {(NAME, 0, 1): "/nowhere/at/all"})
    rows.row("describe_log_dirs", {NAME: [0]})


def groups(rows):
    partition = TopicPartition(NAME, 0)
    rows.row("alter_group_offsets", GROUP, {partition: OffsetAndMetadata(3, "three", -1)})
    rows.row("list_group_offsets", {GROUP: [partition]})
    rows.row("list_groups", view=own)
    rows.row("describe_groups", [GROUP, NONE])
    rows.row("reset_group_offsets", GROUP, {partition: of.OffsetSpec.EARLIEST})
    rows.row("remove_group_members", GROUP, [of.MemberToRemove(group_instance_id="nobody")])
    rows.row("delete_group_offsets", GROUP, [partition])
    rows.row("delete_groups", [GROUP, NONE])


def transactions(rows):
    partition = TopicPartition(NAME, 0)
    with_transaction = KafkaProducer(bootstrap_servers=sys.argv[1], transactional_id=NAME)
    with_transaction.init_transactions()
    with_transaction.begin_transaction()
    with_transaction.send(NAME, b"v", partition=0).get()
    rows.row("describe_transactions", [NAME, NONE])
    rows.row("list_transactions", transactional_id_pattern=f"{NAME}.*")
    rows.row("describe_producers", [partition])
    rows.row("find_hanging_transactions", view=lambda found: len(found))
    with_transaction.abort_transaction()
    with_transaction.close()
    rows.row("abort_transaction", of.AbortTransactionSpec(partition, 1 << 40, 0, 0))


def security(rows):
    pattern = of.ResourcePattern(of.ResourceType.TOPIC, NAME)
    read = of.ACL(f"User:{NAME}", "*", of.ACLOperation.READ, of.ACLPermissionType.ALLOW, pattern)
    rows.row("create_acls", [read])
    match = of.ACLFilter(f"User:{NAME}", "*", of.ACLOperation.ANY, of.ACLPermissionType.ANY, pattern)
    rows.row("describe_acls", match, told="ACL")
    rows.row("delete_acls", [match])
    upsertion = of.UserScramCredentialUpsertion(NAME, of.ScramMechanism.SCRAM_SHA_256, b"secret", iterations=4096)
    rows.row("alter_user_scram_credentials", [upsertion])
    rows.row("describe_user_scram_credentials", [NAME], told="4096")


def cluster(rows):
    rows.row("describe_cluster")
    rows.row("describe_metadata_quorum", view=lambda quorum: len(str(quorum)) > 0)
    rows.row("describe_features", view=lambda features: "transaction.version" in str(features))
    rows.row("update_features", {"no.such.feature": 1}, validate_only=True)
    rows.row("list_config_resources", ["BROKER", "BROKER_LOGGER"])
    rows.row("get_broker_version_data", 1, view=lambda one: "done")
    rows.row("api_versions", view=lambda one: "done")


main()
