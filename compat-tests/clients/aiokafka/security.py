"""aiokafka: the logins of ../../lib/security-client.ts, each with a loop of its own."""

import asyncio
import ssl

import aiokafka
from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from security_client import RECORDS_PER_WALK, main, unsecured_token


class Tokens(AbstractTokenProvider):
    def __init__(self, user):
        self._user = user

    async def token(self):
        return unsecured_token(self._user)


def configured(login):
    config = {"bootstrap_servers": login.bootstrap, "security_protocol": login.protocol}
    if login.has_tls:
        context = ssl.create_default_context(cafile=login.ca)
        if login.certificate:
            context.load_cert_chain(login.certificate, login.key)
        if login.tls:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
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


async def walked(login):
    admin = AIOKafkaAdminClient(**configured(login))
    await admin.start()
    await admin.create_topics([NewTopic(login.topic, 1, 1)])
    async with aiokafka.AIOKafkaProducer(**configured(login), acks="all") as producer:
        for nth in range(RECORDS_PER_WALK):
            await producer.send_and_wait(login.topic, value=b"record %d" % nth)
    reading = {"group_id": login.group, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
    async with aiokafka.AIOKafkaConsumer(login.topic, **configured(login), **reading) as consumer:
        while (await consumer.getone()).offset < RECORDS_PER_WALK - 1:
            pass
        await consumer.commit()
    (committed,) = (await admin.list_consumer_group_offsets(login.group)).values()
    await admin.close()
    if committed.offset != RECORDS_PER_WALK:
        raise RuntimeError(f"committed {committed.offset}")


async def refused(login):
    producer = aiokafka.AIOKafkaProducer(**configured(login))
    try:
        await producer.start()
        await producer.send_and_wait(login.topic, value=b"not to be written")
    finally:
        await producer.stop()


def walk(login):
    asyncio.run(walked(login))


def refusal(login, _heard):
    asyncio.run(refused(login))


main(walk, refusal)
