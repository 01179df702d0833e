"""For programs that call each method of an admin client: what a call came to, as a line of text that is the same at two brokers
that answer the same (../../harnesses/admin-clients). Results are gone through by their public attributes."""

import asyncio
import enum
import inspect
import re
import sys
import time
import uuid

DEPTH_MAX = 12
PATIENCE_S = 15
TOLD_WITHIN_S = 5
PAUSE_S = 0.02
EARLIEST_TIME_MS = 1_600_000_000_000
# Names whose values belong to one broker, or to one moment.
KINDS = {
    "port", "cluster_id", "clusterId", "throttle_time_ms", "producer_id", "last_timestamp", "high_watermark", "log_end_offset",
    "last_fetch_timestamp", "last_caught_up_timestamp", "total_bytes", "usable_bytes", "finalized_features_epoch", "size",
    "transaction_start_time_ms", "partition_size", "leader_epoch", "latency", "correlation_id", "coordinator_epoch",
    "replica_directory_id", "start_time",
}  # fmt: skip


def with_kinds(text):
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", text)
    text = re.sub(r"(127\.0\.0\.1|localhost):\d+", "<address>", text)
    text = re.sub(r"/[\w./-]*(tmp|gregor)[\w./-]*", "<path>", text)
    text = re.sub(r"\b1[6-9]\d{11}\b", "<time>", text)
    text = re.sub(r"0x[0-9a-f]{6,}", "<address>", text)
    # A delta in how long something took.
    text = re.sub(r"\b\d+(\.\d+)? ?ms\b|\bafter \d+(\.\d+)? sec\w*", "<while>", text)
    text = re.sub(r"(?<![\w-])[\w-]{22}(?![\w-])", "<id>", text)
    return re.sub(r"\s+", " ", text)


def attributes(value):
    names = set(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        names.update(getattr(kind, "__slots__", ()))
        names.update(name for name, one in vars(kind).items() if inspect.isdatadescriptor(one))
    return sorted(name for name in names if not name.startswith("_"))


def render(value, depth=0):
    if depth > DEPTH_MAX:
        raise ValueError(f"deeper than thought: {type(value)}")
    if isinstance(value, uuid.UUID):
        return "<uuid>"
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, BaseException):
        return failure(value)
    if value is None or isinstance(value, (bool, float)):
        return str(value)
    if isinstance(value, int):
        return "<time>" if value > EARLIEST_TIME_MS and value < 2**62 else str(value)
    if isinstance(value, str):
        return f"'{with_kinds(value)}'"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    if hasattr(value, "result") and hasattr(value, "add_done_callback"):
        try:
            return render(value.result(PATIENCE_S), depth + 1)
        except Exception as error:
            return failure(error)
    if isinstance(value, dict):
        pairs = sorted((render(key, depth + 1), part(key, one, depth)) for key, one in value.items())
        return "{" + ", ".join(f"{key}: {one}" for key, one in pairs) + "}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value).__name__ + render(dict(zip(value._fields, value)), depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        # Brokers build their lists from hash maps.
        return "[" + ", ".join(sorted(render(one, depth + 1) for one in value)) + "]"
    if callable(getattr(value, "code", None)) and callable(getattr(value, "str", None)):
        return f"{type(value).__name__}({value.code()}: {with_kinds(value.str())})"
    if callable(getattr(value, "to_dict", None)):
        return type(value).__name__ + render(value.to_dict(), depth + 1)
    return type(value).__name__ + render({name: getattr(value, name, None) for name in attributes(value)}, depth + 1)


def part(name, value, depth):
    return f"<{name}>" if name in KINDS and value is not None else render(value, depth + 1)


def failure(error):
    inner = error.args[0] if error.args else error
    code = inner.code() if callable(getattr(inner, "code", None)) else getattr(error, "errno", "")
    words = inner.str() if callable(getattr(inner, "str", None)) else str(error)
    return f"{type(error).__name__}({code}: {with_kinds(words)})"


class Rows:
    """Prints a row for each call, and at the end the public methods of the client that were never called."""

    def __init__(self, client, left_out=()):
        self.client = client
        self.called = set(left_out)

    def row(self, method, *args, view=lambda result: result, told="", **options):
        """Called again until it tells of what was done before: brokers tell of some things a moment later."""
        self.called.add(method)
        deadline = time.monotonic() + TOLD_WITHIN_S
        while True:
            try:
                outcome = render(view(getattr(self.client, method)(*args, **options)))
            except Exception as error:
                outcome = failure(error)
            if told in outcome or time.monotonic() > deadline:
                return self.write(method, outcome)
            time.sleep(PAUSE_S)

    async def awaited(self, method, *args, view=lambda result: result, told="", **options):
        self.called.add(method)
        deadline = time.monotonic() + TOLD_WITHIN_S
        while True:
            try:
                outcome = render(view(await getattr(self.client, method)(*args, **options)))
            except Exception as error:
                outcome = failure(error)
            if told in outcome or time.monotonic() > deadline:
                return self.write(method, outcome)
            await asyncio.sleep(PAUSE_S)

    def write(self, method, outcome):
        print("row", method, outcome.replace("\t", " ").replace("\n", " "), sep="\t")
        sys.stdout.flush()

    def missed(self):
        for name in dir(self.client):
            if not name.startswith("_") and callable(getattr(self.client, name)) and name not in self.called:
                print("missed", name, sep="\t")
