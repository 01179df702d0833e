"""The command line that all Python clients share (see lib/run.sh for the contract).

A client passes `produce(bootstrap, topic, lines)` and `consume(bootstrap, topic, group, sink)`; this module reads the
lines, writes what was received, and watches the deadline. It knows no Kafka client.
"""

import os
import sys
import time


class Sink:
    """Takes the records of one subscription and says when there is nothing more to wait for."""

    def __init__(self, path, count):
        self._file = open(path, "wb")
        self._missing = count
        self._end = time.monotonic() + float(os.environ.get("COMPAT_DEADLINE_S", "60"))

    def received(self, partition, offset, value):
        self._file.write(b"%d\t%d\t%b\n" % (partition, offset, value))
        self._missing -= 1

    @property
    def wants_more(self):
        return self._missing > 0 and time.monotonic() < self._end

    def close(self):
        self._file.close()
        return self._missing <= 0


def main(version, produce, consume):
    verb, *arguments = sys.argv[1:]
    if verb == "version":
        print(version)
    elif verb == "produce":
        bootstrap, topic, path = arguments
        # Bytes, split at \n only: Python's text mode would also split at other line separators.
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
        produce(bootstrap, topic, lines)
    elif verb == "consume":
        bootstrap, count, *subscriptions = arguments
        complete = True
        for at in range(0, len(subscriptions), 3):
            topic, group, path = subscriptions[at : at + 3]
            sink = Sink(path, int(count))
            try:
                consume(bootstrap, topic, group, sink)
            except Exception as error:  # one bad topic must not hide the result of the next
                print(f"{topic}: {type(error).__name__}: {error}", file=sys.stderr)
                complete = False
            complete = sink.close() and complete
        sys.exit(0 if complete else 1)
    else:
        sys.exit(64)
