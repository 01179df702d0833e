"""confluent-kafka: the walk of ../../harnesses/transaction-walks/walk.ts."""

import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

bootstrap, topic, group, transactional_id = sys.argv[1:5]
TIMEOUT_S = 30
place = TopicPartition(topic, 0)


def open_producer():
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": transactional_id, "log_level": 0})
    producer.init_transactions(TIMEOUT_S)
    return producer


def send(producer, value):
    producer.produce(topic, partition=0, value=value)
    if producer.flush(TIMEOUT_S) > 0:
        raise RuntimeError(f"{value} is not there in time")


def read(isolation):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{group}-reader",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": isolation,
        }
    )
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    values = []
    while True:
        message = consumer.poll(TIMEOUT_S)
        if message is None:
            raise RuntimeError("no end of the partition in time")
        if message.error() is None:
            values.append(message.value().decode())
        elif message.error().code() == KafkaError._PARTITION_EOF:
            break
        else:
            raise KafkaException(message.error())
    consumer.close()
    return ",".join(values)


def show(step):
    print(f"{step} committed={read('read_committed')} uncommitted={read('read_uncommitted')}", flush=True)


def committed_offset(member):
    offset = member.committed([place], TIMEOUT_S)[0].offset
    return "none" if offset < 0 else offset


def main():
    first = open_producer()
    first.begin_transaction()
    send(first, "c1")
    send(first, "c2")
    show("open")
    first.commit_transaction(TIMEOUT_S)
    show("commit")

    first.begin_transaction()
    send(first, "a1")
    first.abort_transaction(TIMEOUT_S)
    show("abort")

    # A member of the group: its generation goes with the offsets.
    member = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    member.subscribe([topic])
    while not member.assignment():
        member.poll(0.1)
    first.begin_transaction()
    send(first, "o1")
    first.send_offsets_to_transaction([TopicPartition(topic, 0, 1)], member.consumer_group_metadata(), TIMEOUT_S)
    first.abort_transaction(TIMEOUT_S)
    print(f"offset of an aborted transaction: {committed_offset(member)}", flush=True)
    first.begin_transaction()
    send(first, "o2")
    first.send_offsets_to_transaction([TopicPartition(topic, 0, 2)], member.consumer_group_metadata(), TIMEOUT_S)
    first.commit_transaction(TIMEOUT_S)
    print(f"offset of a committed transaction: {committed_offset(member)}", flush=True)
    member.close()

    first.begin_transaction()
    send(first, "f1")
    second = open_producer()
    second.begin_transaction()
    send(second, "s1")
    second.commit_transaction(TIMEOUT_S)
    try:
        first.commit_transaction(TIMEOUT_S)
        print("the first instance was not fenced")
    except KafkaException as error:
        if error.args[0].code() != KafkaError._FENCED:
            raise
    show("fenced")


main()
