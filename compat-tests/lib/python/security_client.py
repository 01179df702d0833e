"""The logins of ../security-client.ts for clients in Python: a thread for each login.

A client passes `walk(login)`, which throws unless all goes well, and `refusal(login, heard)`, which throws what the client
throws, or tells `heard` what it heard and stays until the window ends.
"""

import base64
import json
import os
import sys
import threading
import time

RECORDS_PER_WALK = 20
WALK_S_MAX = 40

output = threading.Lock()


class Login:
    def __init__(self, line):
        for field in line.rstrip("\n").split("\t"):
            name, _, value = field.partition("=")
            setattr(self, name, value)
        self.window_s = int(self.windowMs) / 1000

    @property
    def has_tls(self):
        return self.protocol != "SASL_PLAINTEXT"


class Telling:
    def __init__(self, login):
        self._id = login.id
        self._started = time.monotonic()
        self._is_told = False

    def tell(self, outcome, detail=""):
        with output:
            if self._is_told:
                return
            self._is_told = True
            took_ms = round((time.monotonic() - self._started) * 1000)
            print(self._id, outcome, took_ms, " ".join(detail.split()), sep="\t", flush=True)


def unsecured_token(user):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = int(time.time())
    return f"{part({'alg': 'none'})}.{part({'sub': user, 'iat': now, 'exp': now + 3600})}."


def name_of(error):
    return f"{type(error).__name__}: {error}"


def main(walk, refusal, error_name=name_of):
    def tried(login, telling):
        try:
            if login.kind == "walk":
                walk(login)
            else:
                refusal(login, lambda error: telling.tell("refused", error_name(error)))
            telling.tell("done")
        except Exception as error:
            telling.tell("refused", error_name(error))

    tries = []
    for line in sys.stdin:
        login = Login(line)
        telling = Telling(login)
        thread = threading.Thread(target=tried, args=(login, telling), daemon=True)
        thread.start()
        end = time.monotonic() + (WALK_S_MAX if login.kind == "walk" else login.window_s)
        tries.append((thread, telling, end))
    for thread, telling, end in tries:
        thread.join(max(0, end - time.monotonic()))
        telling.tell("late")
    # A client's threads may not end by themselves.
    sys.stdout.flush()
    os._exit(0)
