"""What the Python members share: their arguments, their output and how they are told to leave."""

import logging
import os
import signal
import sys

bootstrap, topic, group, client_id = sys.argv[1:5]
session_ms = int(os.environ["DRAMA_SESSION_MS"])
rebalance_ms = int(os.environ["DRAMA_REBALANCE_MS"])
heartbeat_ms = int(os.environ["DRAMA_HEARTBEAT_MS"])
protocol = os.environ["DRAMA_PROTOCOL"]
assignor = os.environ["DRAMA_ASSIGNOR"]

logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")

_leaving = []
signal.signal(signal.SIGTERM, lambda *_: _leaving.append(True))


def is_leaving():
    return bool(_leaving)


def received(records):
    """Takes (partition, offset) pairs and writes them at once."""
    os.write(1, b"".join(b"r %d %d\n" % record for record in records))
