"""Pairs of librdkafka consumers with its defaults; see run.ts for the arguments and the lines that this prints."""

import sys
import threading
import time

from confluent_kafka import Consumer

bootstrap, topic, group_prefix, pairs, apart_ms_max = sys.argv[1:6]
pairs, apart_ms_max = int(pairs), int(apart_ms_max)

# Longer than the first heartbeat, at which a member would hear that there is another one.
WATCHED_S = 3.5
AT_ONCE = 10


class Member(threading.Thread):
    """Polls until it is told to end; `generations` has the number of partitions of each assignment."""

    def __init__(self, group):
        super().__init__()
        self.generations = []
        self.is_over = False
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})

    def run(self):
        self.consumer.subscribe([topic], on_assign=lambda _, partitions: self.generations.append(len(partitions)))
        while not self.is_over:
            self.consumer.poll(0.01)
        self.consumer.close()


def meet(nth):
    apart_ms = round(apart_ms_max * nth / max(pairs - 1, 1))
    members = [Member(f"{group_prefix}-{nth}") for _ in range(2)]
    started = time.monotonic()
    members[0].start()
    time.sleep(apart_ms / 1000)
    members[1].start()
    while time.monotonic() - started < 15 and any(member.generations[-1:] != [1] for member in members):
        time.sleep(0.005)
    took_ms = round((time.monotonic() - started) * 1000)
    time.sleep(WATCHED_S)
    a, b = (len(member.generations) for member in members)
    # In one write: the lines of threads must not run into each other.
    sys.stdout.write(f"pair {apart_ms} {took_ms} {a} {b}\n")
    sys.stdout.flush()
    for member in members:
        member.is_over = True
    for member in members:
        member.join()


queue = list(range(pairs))


def work():
    while queue:
        meet(queue.pop(0))


workers = [threading.Thread(target=work) for _ in range(AT_ONCE)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
