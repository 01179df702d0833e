"""kcat: the logins of ../../lib/security-client.ts, by its command line. It has no admin client: it lists a topic's metadata."""

import subprocess
import threading

from security_client import RECORDS_PER_WALK, main


def arguments(login):
    properties = {"security.protocol": login.protocol, "log_level": 0}
    if login.has_tls:
        properties["ssl.ca.location"] = login.ca
        # Before librdkafka 2.0 the default was not to look.
        properties["ssl.endpoint.identification.algorithm"] = "https"
        if login.certificate:
            properties |= {"ssl.certificate.location": login.certificate, "ssl.key.location": login.key}
    if login.mechanism == "OAUTHBEARER":
        properties |= {
            "sasl.mechanism": "OAUTHBEARER",
            "enable.sasl.oauthbearer.unsecure.jwt": "true",
            "sasl.oauthbearer.config": f"principal={login.user}",
        }
    elif login.mechanism:
        properties |= {"sasl.mechanism": login.mechanism, "sasl.username": login.user, "sasl.password": login.password}
    pairs = [part for name, value in properties.items() for part in ("-X", f"{name}={value}")]
    return ["kcat", "-b", login.bootstrap, *pairs]


def kcat(login, *more, text="", timeout=30):
    ran = subprocess.run([*arguments(login), *more], input=text, capture_output=True, text=True, timeout=timeout)
    if ran.returncode != 0:
        raise RuntimeError(ran.stderr)
    return ran.stdout


def walk(login):
    kcat(login, "-P", "-t", login.topic, text="".join(f"record {nth}\n" for nth in range(RECORDS_PER_WALK)))
    group = ["-G", login.group, "-X", "auto.offset.reset=earliest", "-c", str(RECORDS_PER_WALK), "-f", "%o\n", login.topic]
    read = kcat(login, *group)
    if len(read.splitlines()) != RECORDS_PER_WALK:
        raise RuntimeError(f"read {read}")
    if f'topic "{login.topic}" with 1 partitions' not in kcat(login, "-L", "-t", login.topic):
        raise RuntimeError("not listed")


def refusal(login, heard):
    # One record, and a producer that never gives up: what it says of the first error is what counts.
    process = subprocess.Popen(
        [*arguments(login), "-P", "-t", login.topic],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Before the caller's window ends, or it would be left behind.
    ending = threading.Timer(login.window_s - 0.5, process.kill)
    ending.start()
    process.stdin.write("not to be written\n")
    process.stdin.close()
    for line in process.stderr:
        if "ERROR" in line:
            heard(RuntimeError(line.split("ERROR: ", 1)[1]))
    # Whoever is killed had not written.
    if process.wait() == 0:
        return
    ending.cancel()
    raise RuntimeError("nothing said")


main(walk, refusal, lambda error: str(error))
