"""kafka-python 2.0.2: the record set, with the broker's version probed or stated (which decides on the message format)."""

import sys

import kafka
from kafka_python_record_set import program
from record_set import ALL_CODECS, PROFILE, main

FORMATS = {
    "0.9": ((0, 9), {"codecs": ["none", "gzip", "snappy", "lz4"], "magic": 0}),
    "0.10": ((0, 10), {"codecs": ["none", "gzip", "snappy", "lz4"], "magic": 1}),
    "probed": (None, {"codecs": ALL_CODECS, "magic": 2}),
}

if sys.argv[1] == "version":
    print(kafka.__version__)
else:
    api_version, capabilities = FORMATS[PROFILE]
    capabilities.update(headers=True, timestamps=True, cannotProduce=["null key and value", "null header value"])
    main(capabilities, *program(**({} if api_version is None else {"api_version": api_version})))
