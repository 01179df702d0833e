"""A confluent-kafka (librdkafka) copier; ../copier-lines.ts says what it is told and tells."""

import os
import random
import signal
import sys
import time

import confluent_kafka
from confluent_kafka import OFFSET_BEGINNING, KafkaException, TopicPartition

bootstrap, client_id, transactional_id, group, seed = sys.argv[1:6]
routes = {source: targets.split(",") for source, targets in (route.split(":") for route in sys.argv[6:])}
session_ms = int(os.environ["COPIER_SESSION_MS"])
transaction_timeout_ms = int(os.environ["COPIER_TRANSACTION_TIMEOUT_MS"])
batch_max = int(os.environ["COPIER_BATCH_MAX"])
abort_one_in = int(os.environ["COPIER_ABORT_ONE_IN"])
draw = random.Random(int(seed))

# As long as the broker may be away, and no longer: the process that takes over does the rest.
RETRY_S_MAX = 60

_leaving = []
signal.signal(signal.SIGTERM, lambda *_: _leaving.append(True))


class GivenUp(Exception):
    """This transaction was one to be aborted."""


def say(line):
    os.write(1, (line + "\n").encode())


def now_ms():
    return int(time.time() * 1000)


def retried(call, *args):
    """Calls again as long as librdkafka says that this is what to do."""
    end = time.monotonic() + RETRY_S_MAX
    while True:
        try:
            return call(*args)
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > end:
                raise


# Of a broker that is away its re-bootstrap makes another one; transactions' offsets then wait for the first for ever.
common = {
    "bootstrap.servers": bootstrap,
    "client.id": client_id,
    "log_level": 0,
    "metadata.recovery.strategy": "none",
    "reconnect.backoff.ms": 20,
    "reconnect.backoff.max.ms": 200,
}
producer = confluent_kafka.Producer(
    {
        **common,
        "transactional.id": transactional_id,
        "transaction.timeout.ms": transaction_timeout_ms,
        "linger.ms": 1,
    }
)
consumer = confluent_kafka.Consumer(
    {
        **common,
        "group.id": group,
        "session.timeout.ms": session_ms,
        "max.poll.interval.ms": int(os.environ["COPIER_POLL_MS_MAX"]),
        "heartbeat.interval.ms": int(os.environ["COPIER_HEARTBEAT_MS"]),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "range",
        "fetch.wait.max.ms": 100,
    }
)


def rewind():
    """Back to what is committed."""
    assigned = consumer.assignment()
    if not assigned:
        return
    committed = consumer.committed(assigned, timeout=RETRY_S_MAX)
    for place in committed:
        if place.offset < 0:
            place.offset = OFFSET_BEGINNING
    consumer.assign(committed)


def copy(name, messages):
    offsets = {}
    taken = {}
    for message in messages:
        place = (message.topic(), message.partition())
        offsets[place] = message.offset() + 1
        taken.setdefault(place, []).append(f"{message.offset()}={message.value().decode()}")
    for (topic, partition), records in taken.items():
        say(f"took {name} {topic} {partition} {now_ms()} {' '.join(records)}")
    gives_up = draw.randrange(abort_one_in) == 0
    producer.begin_transaction()
    for message in messages:
        key = message.value().decode().split("/")[0]
        for target in routes[message.topic()]:
            producer.produce(target, key=key, value=f"{key}/{name}")
    if gives_up and draw.randrange(2) == 0:
        raise GivenUp
    committed = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
    retried(producer.send_offsets_to_transaction, committed, consumer.consumer_group_metadata(), RETRY_S_MAX)
    if gives_up:
        raise GivenUp
    say(f"asked {name} {now_ms()}")
    retried(producer.commit_transaction, RETRY_S_MAX)
    say(f"committed {name}")


def abort(name):
    retried(producer.abort_transaction, RETRY_S_MAX)
    say(f"aborted {name}")
    rewind()


def main():
    retried(producer.init_transactions, RETRY_S_MAX)
    consumer.subscribe(list(routes))
    number = 0
    while not _leaving:
        messages = consumer.consume(num_messages=draw.randint(1, batch_max), timeout=0.2)
        records = [message for message in messages if message.error() is None]
        if not records:
            continue
        name = f"{client_id}.{os.getpid()}.{number}"
        number += 1
        try:
            copy(name, records)
        except GivenUp:
            abort(name)
        except KafkaException as error:
            if not error.args[0].txn_requires_abort():
                raise
            print(f"{client_id}: aborts {name}: {error}", file=sys.stderr, flush=True)
            abort(name)
    consumer.close()


try:
    main()
except KafkaException as error:
    print(f"{client_id}: {error}", file=sys.stderr, flush=True)
    # Not by way of the destructors, which would wait for the broker.
    os._exit(3)
