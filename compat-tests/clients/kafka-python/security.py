"""kafka-python: the logins of ../../lib/security-client.ts."""

import logging
import ssl
import threading

import kafka
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.net.sasl.oauth import AbstractTokenProvider
from security_client import RECORDS_PER_WALK, main, unsecured_token

TIMEOUT_S = 30


class Tokens(AbstractTokenProvider):
    def __init__(self, user, **_):
        self._user = user

    def token(self):
        return unsecured_token(self._user)


def configured(login):
    config = {"bootstrap_servers": login.bootstrap, "security_protocol": login.protocol}
    if login.has_tls:
        config |= {"ssl_cafile": login.ca, "ssl_check_hostname": True}
        if login.certificate:
            config |= {"ssl_certfile": login.certificate, "ssl_keyfile": login.key}
        if login.tls:
            context = ssl.create_default_context(cafile=login.ca)
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            if login.certificate:
                context.load_cert_chain(login.certificate, login.key)
            config["ssl_context"] = context
    if login.mechanism == "OAUTHBEARER":
        config |= {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Tokens(login.user)}
    elif login.mechanism:
        config |= {
            "sasl_mechanism": login.mechanism,
            "sasl_plain_username": login.user,
            "sasl_plain_password": login.password,
        }
    return config


def walk(login):
    admin = KafkaAdminClient(**configured(login))
    admin.create_topics([NewTopic(login.topic, 1, 1)])
    producer = kafka.KafkaProducer(**configured(login), acks="all")
    sends = [producer.send(login.topic, value=b"record %d" % nth) for nth in range(RECORDS_PER_WALK)]
    for send in sends:
        send.get(timeout=TIMEOUT_S)
    producer.close()
    reading = {"group_id": login.group, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
    consumer = kafka.KafkaConsumer(login.topic, **configured(login), **reading)
    offset = -1
    while offset < RECORDS_PER_WALK - 1:
        for records in consumer.poll(timeout_ms=500).values():
            offset = records[-1].offset
    consumer.commit()
    consumer.close()
    (committed,) = admin.list_group_offsets(login.group)[login.group].values()
    admin.close()
    if committed.offset != RECORDS_PER_WALK:
        raise RuntimeError(f"committed {committed.offset}")


class Hearing(logging.Handler):
    """A producer tries for ever before it is made; only the log says why, in the thread that makes it."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self._heard = {}

    def listen(self, heard):
        self._heard[threading.get_ident()] = heard

    def emit(self, record):
        _, is_reason, reason = record.getMessage().partition("Bootstrap connection to bootstrap-0 failed: ")
        heard = self._heard.get(threading.get_ident())
        # The reason of a refusal and the end of the connection are in a race, which the end may win.
        if heard and is_reason and "socket disconnected" not in reason:
            heard(RuntimeError(reason.partition(" (backoff")[0]))


hearing = Hearing()
logging.getLogger("kafka").addHandler(hearing)


def refusal(login, heard):
    hearing.listen(heard)
    producer = None
    try:
        producer = kafka.KafkaProducer(**configured(login), max_block_ms=int(login.windowMs) - 500)
        producer.send(login.topic, value=b"not to be written").get(timeout=login.window_s)
    except Exception as error:
        heard(error)
    finally:
        if producer is not None:
            producer.close(timeout=0)


main(walk, refusal, lambda error: str(error))
