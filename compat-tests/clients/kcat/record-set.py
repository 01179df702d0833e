"""Debian's librdkafka, on which kcat stands: the record set. kcat itself reads lines and can say neither bytes nor timestamps."""

from librdkafka_record_set import run
from record_set import ALL_CODECS

run("librdkafka.so.1", {"codecs": ALL_CODECS, "magic": 2, "headers": True, "timestamps": True}, {})
