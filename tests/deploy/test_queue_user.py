"""The user of the queue in Redis: Celery's commands are allowed, those of an administrator are not."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from celery import Celery
from kombu import Connection

from bench import servers

pytestmark = [pytest.mark.redis, pytest.mark.xdist_group("queue")]

REFUSED = {
    "flushall": ("FLUSHALL",),
    "flushdb": ("FLUSHDB",),
    "config|get": ("CONFIG", "GET", "dir"),
    "config|set": ("CONFIG", "SET", "appendonly", "no"),
    "keys": ("KEYS", "*"),
    "scan": ("SCAN", "0"),
    "save": ("SAVE",),
    "bgsave": ("BGSAVE",),
    "shutdown": ("SHUTDOWN",),
    "eval": ("EVAL", "return 1", "0"),
    "script|flush": ("SCRIPT", "FLUSH"),
    "replicaof": ("REPLICAOF", "127.0.0.1", "1"),
    "module|load": ("MODULE", "LOAD", "/tmp/x.so"),
    "monitor": ("MONITOR",),
    "acl|list": ("ACL", "LIST"),
    "client|list": ("CLIENT", "LIST"),
    "client|kill": ("CLIENT", "KILL", "ID", "1"),
    "debug": ("DEBUG", "SEGFAULT"),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with servers.queue_redis() as started:
        yield started


@pytest.mark.parametrize("command", REFUSED)
def test_what_no_queue_needs_is_refused(url: str, command: str) -> None:
    with closing(redis.Redis.from_url(url)) as client:
        client.set("portal:kept", "1")
        with pytest.raises(redis.ResponseError, match=f"'{command}' command|command not allowed"):
            client.execute_command(*REFUSED[command])
        assert client.get("portal:kept") == b"1"


def test_negative_control_an_administrator_may() -> None:
    with closing(redis.Redis.from_url(os.environ["PORTAL_TEST_REDIS_URL"])) as client:
        assert client.execute_command("CONFIG", "GET", "dir")
        assert client.execute_command("EVAL", "return 1", "0") == 1


def test_nobody_comes_in_without_the_password(url: str) -> None:
    for user in ("", "portal:wrong@", "default:only-for-tests@"):
        address = f"redis://{user}{url.partition('@')[2]}"
        with (
            closing(redis.Redis.from_url(address)) as client,
            pytest.raises((redis.AuthenticationError, redis.ResponseError)),
        ):
            client.ping()


def test_a_message_that_a_worker_lost_is_put_back(url: str) -> None:
    """All that workers of the release before ask beside sending and taking: lock, script, transaction."""
    options = {"visibility_timeout": 0, "client_name": "portal"}
    with Connection(url, transport_options=options) as connection:
        queue = connection.SimpleQueue("test_lost")
        queue.put({"job": 1}, priority=5)
        taken = queue.get(timeout=5)
        taken.channel.qos.restore_visible(interval=1)
        again = queue.get(timeout=5)
        assert again.payload == {"job": 1}
        assert again.delivery_info["redelivered"]
        again.reject(requeue=True)
        queue.get(timeout=5).ack()
        queue.put({"job": 2})
        assert queue.qsize() == 1
        assert queue.clear() == 1
        queue.close()


def test_workers_hear_and_answer(url: str) -> None:
    """`celery inspect ping` is the health check of a worker: a message to all, and their replies."""
    with Connection(url) as connection:
        app = Celery(broker=url)
        assert app.control.ping(timeout=0.2, connection=connection) == []
