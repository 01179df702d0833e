"""librdkafka 1.x: the record set (see lib/python/librdkafka_record_set.py). The last argument is the library's path."""

import sys

from librdkafka_record_set import run
from record_set import ALL_CODECS, PROFILE

library = sys.argv.pop()

if PROFILE.endswith("-as-0.9"):
    # What its users set for a broker of that age: message sets v0, no feature probing. It then reads LZ4 and cannot write it.
    capabilities = {
        "codecs": ["none", "gzip", "snappy"],
        "consumeCodecs": ["none", "gzip", "snappy", "lz4"],
        "magic": 0,
        "headers": False,
        "timestamps": False,
    }
    run(library, capabilities, {"api.version.request": "false", "broker.version.fallback": "0.9.0.1"})
else:
    run(library, {"codecs": ALL_CODECS, "magic": 2, "headers": True, "timestamps": True}, {})
