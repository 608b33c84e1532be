"""Whether the sessions of PostgreSQL are limited: by start-up options, behind a pooler by the role."""

from collections.abc import Sequence

from django.core import checks
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connections

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
READY_SECONDS = 60
"""How long a web process relies on what it asked last."""


def lacking(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the limits that this connection's session does not have."""
    if connections[using].vendor != "postgresql":
        return []
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = '0' ORDER BY name",
            [list(LIMITS)],
        )
        return [name for (name,) in cursor.fetchall()]


def in_force() -> bool:
    """Return whether sessions are limited; asked once a minute in each process."""
    cache = caches["limits"]
    answer = cache.get("session_limits")
    if answer is None:
        answer = not lacking()
        cache.set("session_limits", answer, READY_SECONDS)
    return bool(answer)


def check_limits(
    databases: Sequence[str] | None = None, **kwargs: object
) -> list[checks.CheckMessage]:
    """Fail `check --deploy` for a session without limits: one slow statement could hold the others."""
    return [
        checks.Error(
            f"데이터베이스 접속에 {name} 제한이 없습니다.",
            hint="deploy/postgres/roles.sh가 역할에 정합니다.",
            id="portal.E004",
        )
        for using in databases or [DEFAULT_DB_ALIAS]
        for name in lacking(using)
    ]
