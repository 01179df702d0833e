"""A librdkafka producer and consumer; ../members.ts says what they are told and tell."""

import base64
import json
import sys
import threading
import time

from confluent_kafka import Consumer, Producer

bootstrap, mechanism, topic, seconds, token_seconds = sys.argv[1:6]
SETTLE_S = 60
lock = threading.Lock()


def say(line):
    with lock:
        sys.stdout.write(line.replace("\n", " ") + "\n")
        sys.stdout.flush()


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(_):
    expires = int(time.time()) + int(token_seconds)
    return f"{part({'alg': 'none'})}.{part({'sub': 'alice', 'exp': expires})}.", expires


def on_error(error):
    say(f"error {error}")


settings = {
    "bootstrap.servers": bootstrap,
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": mechanism,
    "client.id": topic,
    "error_cb": on_error,
    "log_level": 0,
}
if mechanism == "OAUTHBEARER":
    settings["oauth_cb"] = token
else:
    settings |= {"sasl.username": "alice", "sasl.password": "alice-secret"}

sent = 0
read = 0
is_over = False


def on_delivery(error, _):
    global sent
    if error is None:
        sent += 1
    else:
        say(f"odd not delivered: {error}")


def consume():
    global read
    consumer = Consumer(settings | {"group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    while not is_over:
        message = consumer.poll(0.1)
        if message is None or message.error() is not None:
            continue
        number = int(message.value())
        if number != read:
            say(f"odd {number} where {read} is due")
        read = number + 1
    consumer.close()


consumer_thread = threading.Thread(target=consume)
consumer_thread.start()
producer = Producer(settings | {"enable.idempotence": True, "linger.ms": 0})
end = time.monotonic() + float(seconds)
number = 0
while time.monotonic() < end:
    producer.produce(topic, value=str(number), on_delivery=on_delivery)
    number += 1
    producer.poll(0.002)
producer.flush(SETTLE_S)
end = time.monotonic() + SETTLE_S
while read < sent and time.monotonic() < end:
    time.sleep(0.05)
is_over = True
consumer_thread.join()
say(f"sent {sent}")
say(f"read {read}")
