"""The record set through librdkafka's C interface, for versions whose Python package no longer fits a current Python: the shared
library alone is loaded, with the standard library's ctypes. Declares only what the program calls, by librdkafka's public header.
"""

import ctypes
import sys

from record_set import main

PRODUCER, CONSUMER = 0, 1

# Tags of rd_kafka_producev().
V_END, V_TOPIC, V_PARTITION, V_VALUE, V_KEY, V_MSGFLAGS, V_TIMESTAMP, V_HEADERS = 0, 1, 3, 4, 5, 7, 8, 10
MSG_COPY = 2
TIMESTAMP_NOT_AVAILABLE = 0

ERR_PARTITION_EOF = -191

# Room for the large value: librdkafka counts its own overhead against the limit, whose default is a million.
MESSAGE_BYTES_MAX = 1048576


class Message(ctypes.Structure):
    _fields_ = [
        ("err", ctypes.c_int),
        ("rkt", ctypes.c_void_p),
        ("partition", ctypes.c_int32),
        ("payload", ctypes.c_void_p),
        ("len", ctypes.c_size_t),
        ("key", ctypes.c_void_p),
        ("key_len", ctypes.c_size_t),
        ("offset", ctypes.c_int64),
        ("private", ctypes.c_void_p),
    ]


DELIVERED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(Message), ctypes.c_void_p)


def load(path):
    lib = ctypes.CDLL(path)
    for name in ("rd_kafka_version_str", "rd_kafka_err2str"):
        getattr(lib, name).restype = ctypes.c_char_p
    for name in (
        "rd_kafka_conf_new",
        "rd_kafka_new",
        "rd_kafka_headers_new",
        "rd_kafka_topic_partition_list_new",
        "rd_kafka_topic_partition_list_add",
    ):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.rd_kafka_consumer_poll.restype = ctypes.POINTER(Message)
    lib.rd_kafka_message_timestamp.restype = ctypes.c_int64
    return lib


def program(lib, options, with_headers, with_timestamps):
    """produce and consume for record_set.main, with options of librdkafka's configuration."""

    def client(kind, settings, delivered=None):
        error = ctypes.create_string_buffer(512)
        conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
        for name, value in {**options, **settings, "log_level": 3}.items():
            if lib.rd_kafka_conf_set(conf, name.encode(), str(value).encode(), error, ctypes.c_size_t(512)) != 0:
                raise ValueError(error.value.decode())
        if delivered is not None:
            lib.rd_kafka_conf_set_dr_msg_cb(conf, delivered)
        handle = lib.rd_kafka_new(kind, conf, error, ctypes.c_size_t(512))
        if not handle:
            raise RuntimeError(error.value.decode())
        return ctypes.c_void_p(handle)

    def produce(bootstrap, topic, codec, records):
        outcomes = []

        @DELIVERED
        def delivered(_handle, message, _opaque):
            outcomes.append(message.contents.err)

        settings = {
            "bootstrap.servers": bootstrap,
            "request.required.acks": -1,
            "compression.codec": codec,
            "message.max.bytes": MESSAGE_BYTES_MAX,
            "message.timeout.ms": 10000,
            "queue.buffering.max.ms": 20,
        }
        handle = client(PRODUCER, settings, delivered)
        for record in records:
            error = lib.rd_kafka_producev(handle, *arguments(topic, record))
            if error != 0:
                raise RuntimeError(lib.rd_kafka_err2str(error).decode())
        lib.rd_kafka_flush(handle, 12000)
        if len(outcomes) < len(records) or any(outcomes):
            failed = next((code for code in outcomes if code != 0), None)
            reason = "no answer" if failed is None else lib.rd_kafka_err2str(failed).decode()
            raise RuntimeError(f"{len(records) - outcomes.count(0)} records not delivered: {reason}")
        lib.rd_kafka_destroy(handle)

    def arguments(topic, record):
        def content(of):
            return (ctypes.c_char_p(of), ctypes.c_size_t(0 if of is None else len(of)))

        tags = [V_TOPIC, ctypes.c_char_p(topic.encode()), V_PARTITION, ctypes.c_int32(0), V_MSGFLAGS, ctypes.c_int(MSG_COPY)]
        tags += [V_VALUE, *content(record.value), V_KEY, *content(record.key)]
        if record.timestamp is not None:
            tags += [V_TIMESTAMP, ctypes.c_int64(record.timestamp)]
        if record.headers:
            headers = ctypes.c_void_p(lib.rd_kafka_headers_new(ctypes.c_size_t(len(record.headers))))
            for name, value in record.headers:
                size = ctypes.c_ssize_t(0 if value is None else len(value))
                lib.rd_kafka_header_add(headers, name.encode(), ctypes.c_ssize_t(-1), ctypes.c_char_p(value), size)
            tags += [V_HEADERS, headers]
        return [*tags, V_END]

    def consume(bootstrap, topic, sink):
        settings = {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}-unused",
            "enable.auto.commit": "false",
            "fetch.wait.max.ms": 50,
        }
        handle = client(CONSUMER, settings)
        lib.rd_kafka_poll_set_consumer(handle)
        partitions = ctypes.c_void_p(lib.rd_kafka_topic_partition_list_new(1))
        # The element's offset follows its topic (a pointer) and its partition (padded to eight bytes).
        element = lib.rd_kafka_topic_partition_list_add(partitions, topic.encode(), ctypes.c_int32(0))
        ctypes.c_int64.from_address(element + 16).value = 0
        lib.rd_kafka_assign(handle, partitions)
        lib.rd_kafka_topic_partition_list_destroy(partitions)
        while sink.wants_more:
            polled = lib.rd_kafka_consumer_poll(handle, 200)
            if not polled:
                continue
            message = polled.contents
            if message.err not in (0, ERR_PARTITION_EOF):
                raise RuntimeError(lib.rd_kafka_err2str(message.err).decode())
            if message.err == 0:
                sink.received(
                    message.offset,
                    taken(message.key, message.key_len),
                    taken(message.payload, message.len),
                    received_headers(polled) if with_headers else None,
                    received_timestamp(polled) if with_timestamps else None,
                )
            lib.rd_kafka_message_destroy(polled)
        lib.rd_kafka_consumer_close(handle)
        lib.rd_kafka_destroy(handle)

    def received_timestamp(polled):
        kind = ctypes.c_int()
        timestamp = lib.rd_kafka_message_timestamp(polled, ctypes.byref(kind))
        return None if kind.value == TIMESTAMP_NOT_AVAILABLE else timestamp

    def received_headers(polled):
        headers = ctypes.c_void_p()
        if lib.rd_kafka_message_headers(polled, ctypes.byref(headers)) != 0:
            return []
        found = []
        name, value, size = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_size_t()
        place = (ctypes.byref(name), ctypes.byref(value), ctypes.byref(size))
        while lib.rd_kafka_header_get_all(headers, ctypes.c_size_t(len(found)), *place) == 0:
            found.append((name.value.decode(), taken(value.value, size.value)))
        return found

    return produce, consume


def taken(address, size):
    """librdkafka gives no address for null, and one for empty."""
    return None if address is None else ctypes.string_at(address, size)


def run(path, capabilities, options):
    lib = load(path)
    if sys.argv[1] == "version":
        print(f"librdkafka {lib.rd_kafka_version_str().decode()}")
    else:
        main(capabilities, *program(lib, options, capabilities["headers"], capabilities["timestamps"]))
