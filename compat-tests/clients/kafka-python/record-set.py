"""kafka-python, newest: the record set (see lib/python/kafka_python_record_set.py)."""

from kafka_python_record_set import program
from record_set import ALL_CODECS, main

CAPABILITIES = {
    "codecs": ALL_CODECS,
    "magic": 2,
    "headers": True,
    "timestamps": True,
    "cannotProduce": ["null key and value", "null header value"],
}

main(CAPABILITIES, *program())
