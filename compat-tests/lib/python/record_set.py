"""The command line of the Python clients in the record-set matrix (see lib/run.sh for the contract).

A client passes its capabilities, `produce(bootstrap, topic, codec, records)` and `consume(bootstrap, topic, sink)`; this module
reads the records, writes what was received, and watches the deadline. It knows no Kafka client.
"""

import base64
import json
import os
import sys
import time

ALL_CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]

PROFILE = os.environ.get("RS_PROFILE", "")


class Record:
    """One record to produce. Headers and timestamp are empty and None where the client cannot set them."""

    def __init__(self, line):
        fields = json.loads(line)
        self.key = _bytes(fields["key"])
        self.value = _bytes(fields["value"])
        self.headers = [(name, _bytes(value)) for name, value in fields.get("headers", [])]
        self.timestamp = fields.get("timestamp")


class Sink:
    """Takes the records of one topic and says when there is nothing more to wait for."""

    def __init__(self, path, count):
        self._file = open(path, "w", encoding="utf-8")
        self.missing = count
        self._end = time.monotonic() + float(os.environ["RS_DEADLINE_S"])

    def received(self, offset, key, value, headers=None, timestamp=None):
        if self.missing <= 0:
            return
        fields = {"offset": offset, "key": _base64(key), "value": _base64(value), "timestamp": timestamp}
        fields["headers"] = [[name, _base64(content)] for name, content in headers or []]
        self._file.write(json.dumps(fields) + "\n")
        self.missing -= 1

    @property
    def wants_more(self):
        return self.missing > 0 and time.monotonic() < self._end

    def close(self):
        self._file.close()
        if self.missing > 0:
            raise TimeoutError(f"{self.missing} records short at the deadline")


def main(capabilities, produce, consume):
    verb, *arguments = sys.argv[1:]
    if verb == "capabilities":
        print(json.dumps(capabilities))
        return
    bootstrap, *tasks = arguments
    for at in range(0, len(tasks), 3):
        topic, argument, path = tasks[at : at + 3]
        try:
            if verb == "produce":
                with open(path, encoding="utf-8") as file:
                    produce(bootstrap, topic, argument, [Record(line) for line in file])
            else:
                sink = Sink(path, int(argument))
                consume(bootstrap, topic, sink)
                sink.close()
        except BaseException as error:
            print(f"{topic}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)  # a client's own threads may not let go
        print(f"done {topic}", flush=True)


def _bytes(text):
    return None if text is None else base64.b64decode(text)


def _base64(content):
    return None if content is None else base64.b64encode(content).decode("ascii")
