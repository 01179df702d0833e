"""confluent-kafka: the logins of ../../lib/security-client.ts."""

import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from security_client import RECORDS_PER_WALK, main

TIMEOUT_S = 30


def configured(login, **more):
    config = {"bootstrap.servers": login.bootstrap, "security.protocol": login.protocol, "log_level": 0, **more}
    if login.has_tls:
        config["ssl.ca.location"] = login.ca
        if login.certificate:
            config |= {"ssl.certificate.location": login.certificate, "ssl.key.location": login.key}
    if login.mechanism == "OAUTHBEARER":
        config |= {
            "sasl.mechanism": "OAUTHBEARER",
            "enable.sasl.oauthbearer.unsecure.jwt": True,
            "sasl.oauthbearer.config": f"principal={login.user}",
        }
    elif login.mechanism:
        config |= {"sasl.mechanism": login.mechanism, "sasl.username": login.user, "sasl.password": login.password}
    return config


def walk(login):
    admin = AdminClient(configured(login))
    for done in admin.create_topics([NewTopic(login.topic, 1, 1)]).values():
        done.result(TIMEOUT_S)
    producer = Producer(configured(login))
    for nth in range(RECORDS_PER_WALK):
        producer.produce(login.topic, value=f"record {nth}")
    if producer.flush(TIMEOUT_S) > 0:
        raise RuntimeError("not written in time")
    reading = {"group.id": login.group, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    consumer = Consumer(configured(login, **reading))
    consumer.subscribe([login.topic])
    offset = -1
    while offset < RECORDS_PER_WALK - 1:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        offset = message.offset()
    consumer.commit(offsets=[TopicPartition(login.topic, 0, RECORDS_PER_WALK)], asynchronous=False)
    consumer.close()
    for done in admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(login.group)]).values():
        committed = done.result(TIMEOUT_S).topic_partitions[0].offset
        if committed != RECORDS_PER_WALK:
            raise RuntimeError(f"committed {committed}")


def refusal(login, heard):
    producer = Producer(configured(login, error_cb=lambda error: heard(KafkaException(error))))
    producer.produce(login.topic, value="not to be written")
    end = time.monotonic() + login.window_s
    while time.monotonic() < end:
        producer.poll(0.1)
        if len(producer) == 0:
            return


def error_name(error):
    cause = error.args[0] if isinstance(error, KafkaException) else None
    return f"{type(error).__name__}: {error}" if cause is None else f"{cause.name()}: {cause.str()}"


main(walk, refusal, error_name)
