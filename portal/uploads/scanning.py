"""Verdicts of the scanner: which uploads wait for one, and who may open a file without it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.models import AnonymousUser

from portal.core.clock import now
from portal.core.errors import MoveNotAllowed
from portal.jobs import queue
from portal.models import ScannedFile, User, Verdict
from portal.uploads import clamd
from portal.uploads.stores.base import Digest

JOB = "portal.scan"
POLICY = Path(__file__).with_name("scanning.yaml")
QUARANTINED = (
    "검사에서 악성 코드가 발견되어 격리한 파일입니다. 아무도 열 수 없습니다. "
    "내용을 확인한 새 파일로 바꿔 주세요."
)
WAITING = (
    "악성 코드 검사를 기다리는 파일입니다. 검사를 마칠 때까지 열 수 없습니다. "
    "잠시 뒤 다시 시도해 주세요."
)


@cache
def policy(name: str) -> Any:
    """Return a value of `scanning.yaml`. Raises KeyError."""
    return yaml.safe_load(POLICY.read_text(encoding="utf-8"))[name]["value"]


def expect(name: str, digest: Digest, *, title: str, by: User | None) -> None:
    """Let a stored upload wait for its verdict, in the caller's transaction, if there is a scanner."""
    if not clamd.configured():
        return
    ScannedFile.objects.create(
        name=name,
        title=title[:160],
        size=digest.size,
        sha256=digest.sha256,
        uploaded_by=by,
        stored_at=now(),
    )
    queue.enqueue(JOB, key=job_key(name), new=True, name=name)


def job_key(name: str) -> str:
    return f"scan:{name}"


def known(names: Collection[str]) -> dict[str, ScannedFile]:
    """Return what is known of these stored files, by name; nothing where no scanner is used."""
    if not clamd.configured():
        return {}
    return {row.name: row for row in ScannedFile.objects.filter(name__in=names)}


def require_opening(name: str, *, reader: User | AnonymousUser | None) -> None:
    """Check that a file may be opened. Raises MoveNotAllowed (`file_quarantined`, `file_waiting`).

    While it waits, its own uploader alone may, as long as the policy says.
    """
    row = known([name]).get(name)
    if row is None or row.verdict == Verdict.PASSED:
        return
    if row.verdict == Verdict.QUARANTINED:
        raise MoveNotAllowed(QUARANTINED, code="file_quarantined")
    if not opens_for(row, reader, now()):
        raise MoveNotAllowed(WAITING, code="file_waiting")


def opens_for(row: ScannedFile, reader: User | AnonymousUser | None, at: datetime) -> bool:
    """Tell whether a file that waits opens for a reader."""
    own = reader is not None and row.uploaded_by_id is not None and reader.pk == row.uploaded_by_id
    return own and at - row.stored_at < timedelta(hours=policy("uploader_opens_hours"))


def require_no_quarantine(name: str) -> None:
    """Check that the portal itself may read a file. Raises MoveNotAllowed (`file_quarantined`)."""
    row = known([name]).get(name)
    if row is not None and row.verdict == Verdict.QUARANTINED:
        raise MoveNotAllowed(QUARANTINED, code="file_quarantined")


def require_filing(names: Collection[str]) -> None:
    """Check that something is filed with these files. Raises MoveNotAllowed (`file_waiting`).

    Asked only where the policy lets a filing wait for the scanner.
    """
    if any(row.verdict == Verdict.WAITING for row in known(names).values()):
        raise MoveNotAllowed(
            "악성 코드 검사를 기다리는 파일이 있습니다. 검사를 마친 뒤 제출해 주세요.",
            code="file_waiting",
        )


def late(at: datetime) -> int:
    """Return how many files wait longer than the policy's minutes."""
    since = at - timedelta(minutes=policy("late_minutes"))
    return ScannedFile.objects.filter(verdict=Verdict.WAITING, stored_at__lt=since).count()
