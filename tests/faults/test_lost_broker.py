"""A worker whose Redis is lost while it holds messages goes on: nothing of its old connection raises."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import Connection, Consumer, Message, Queue
from kombu.transport.redis import Channel

from bench import servers
from tests.faults.processes import script

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.django_db]

OPTIONS = """
import json
from django.conf import settings
print(json.dumps(settings.CELERY_BROKER_TRANSPORT_OPTIONS))
"""


@pytest.fixture
def url() -> Iterator[str]:
    with servers.private_redis() as started:
        assert started is not None
        yield started


def production(url: str) -> dict[str, Any]:
    return json.loads(script(OPTIONS, CELERY_BROKER_URL=url).stdout)


def polling(channel: Channel, name: str) -> None:
    """Wait for messages of a queue as the loop of a worker does."""
    Consumer(channel, [Queue(name)]).consume()
    channel.client.connection = channel.client.connection_pool.get_connection()
    channel._brpop_start()


def lost(url: str, options: dict[str, Any]) -> tuple[Connection, Message]:
    """Return a connection that had taken a message and waited for others when Redis ended."""
    held = Connection(url, transport_options=options)
    held.Producer().publish("task", routing_key="jobs", declare=[Queue("jobs")])
    message = Queue("jobs")(held.default_channel).get()
    assert message is not None
    polling(held.default_channel, "jobs")
    polling(held.channel(), "others")
    with servers.closing(redis.Redis.from_url(url)) as client:
        client.shutdown(nosave=True)
    held.collect()  # as the worker does first; it closes what it can
    return held, message


def test_a_lost_connection_closes_and_its_job_may_end(url: str) -> None:
    held, message = lost(url, production(url))
    held.close()
    message.ack()


def test_negative_control_with_messages_that_are_kept_neither_works(url: str) -> None:
    held, message = lost(url, {**production(url), "ack_emulation": True})
    with pytest.raises(AttributeError, match="hostname"):
        held.close()
    with pytest.raises(AttributeError, match="hostname"):
        message.ack()
