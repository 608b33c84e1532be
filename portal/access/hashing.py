"""Password hashes: a slow hash by design, so few at once in each process, behind all other work."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import hashers

from portal.core.errors import Unavailable

Made = TypeVar("Made")
NICE = 10  # beside pages that want the same core, hashes get about a tenth of it


class Busy(Unavailable):
    """Too many passwords are being hashed; nothing was checked or stored."""

    default_code = "sign_ins_many"
    default_message = (
        "지금은 로그인하거나 가입하려는 분이 많아 처리하지 못했습니다. 잠시 뒤 다시 보내 주세요."
    )


class Turns:
    """Runs at most `at_once` hashes, in threads of their own; others wait at most `seconds`."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self._seconds = seconds
        self._turns = threading.BoundedSemaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, "hash", initializer=_give_way)

    def run(self, work: Callable[..., Made], *given: Any) -> Made:
        """Return what `work` returns. Raises Busy when no turn came."""
        if not self._turns.acquire(timeout=self._seconds):
            raise Busy
        try:
            return self._threads.submit(work, *given).result()
        finally:
            self._turns.release()


def _give_way() -> None:
    # The threads that Argon2 starts inherit it. Not every system has priorities of threads.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


turns = Turns(settings.HASHES_AT_ONCE, settings.HASH_SECONDS)


class Argon2(hashers.Argon2PasswordHasher):
    time_cost = settings.ARGON2["time_cost"]
    memory_cost = settings.ARGON2["memory_kib"]
    parallelism = settings.ARGON2["parallelism"]

    def encode(self, password: str, salt: str) -> str:
        return turns.run(super().encode, password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        return turns.run(super().verify, password, encoded)


class PBKDF2(hashers.PBKDF2PasswordHasher):
    """Reads older hashes; its `verify` calls `encode`."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        return turns.run(super().encode, password, salt, iterations)
