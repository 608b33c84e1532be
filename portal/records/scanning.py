"""Have uploads scanned, record the verdict, and tell the uploader of a quarantine."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portal.core.clock import now
from portal.core.errors import BadInput
from portal.jobs import queue
from portal.models import Job, JobState, ScannedFile, Verdict
from portal.notices import outbox
from portal.uploads import clamd, files, verification
from portal.uploads.clamd import Scan
from portal.uploads.scanning import job_key
from portal.uploads.stores.base import digest_of

logger = logging.getLogger(__name__)
AT_ONCE = 500


def judge(name: str) -> str:
    """Scan a file that waits and record its verdict; return it, "" where nothing waits.

    Raises Unavailable while scanner or store does not answer, BadInput for a file that the scanner
    does not take: it goes on waiting.
    """
    row = ScannedFile.objects.filter(name=name, verdict=Verdict.WAITING).first()
    if row is None:
        return ""
    try:
        with files.kept_in().open(name) as kept:
            found = clamd.scan(kept)
    except FileNotFoundError:  # taken out again, or its transaction failed
        row.delete()
        return ""
    except BadInput as refused:
        ScannedFile.objects.filter(pk=row.pk).update(problem=refused.message)
        raise
    return record(row, found, at=now())


@transaction.atomic
def record(row: ScannedFile, found: Scan, *, at: datetime) -> str:
    """Write the verdict; of a quarantine tell the uploader, once."""
    verdict = Verdict.QUARANTINED if found.signature else Verdict.PASSED
    written = ScannedFile.objects.filter(pk=row.pk, verdict=row.verdict).update(
        verdict=verdict,
        signature=found.signature,
        database=found.database[:120],
        checked_at=at,
        problem="",
    )
    if written and verdict == Verdict.QUARANTINED:
        logger.warning("올린 파일을 격리했습니다: %s (%s)", row.name, found.signature)
        if row.uploaded_by is not None:
            outbox.write(
                "portal/file_quarantined",
                to_email=row.uploaded_by.email,
                user=row.uploaded_by,
                key=f"quarantine:{row.pk}",
                now=at,
                row=row,
                signature=found.signature,
            )
    return str(verdict)


def sweep(at: datetime) -> int:
    """Let the jobs of files that wait run now, once the scanner answers; return how many."""
    waiting = ScannedFile.objects.filter(verdict=Verdict.WAITING, problem="").order_by("stored_at")
    names = list(waiting.values_list("name", flat=True)[:AT_ONCE])
    if not names or not clamd.configured() or not clamd.answers():
        return 0
    jobs = Job.objects.filter(key__in=[job_key(name) for name in names])
    jobs.filter(state=JobState.QUEUED, run_after__gt=at).update(run_after=None)
    for job in jobs.filter(state__in=[JobState.PARKED, JobState.CANCELLED]):
        queue.retry(job)
    return len(names)


@dataclass(frozen=True, slots=True)
class Checked:
    """One file that a command scanned, and what was found."""

    name: str
    verdict: str
    signature: str


def scan_named(*, again: bool) -> Iterator[Checked]:
    """Scan every file that a row names and that has no verdict; `again` also those that passed.

    Raises Unavailable. What was scanned is recorded one by one: a repeated call goes on from there.
    """
    started = now()
    for named in verification.named():
        for name in named.names:
            known = ScannedFile.objects.filter(name=name).first()
            due = known is None or (again and _is_due(known, started))
            if due and (checked := _scan(name, known)):
                yield checked


def _is_due(row: ScannedFile, started: datetime) -> bool:
    return row.verdict == Verdict.PASSED and (row.checked_at or started) < started


def _scan(name: str, known: ScannedFile | None) -> Checked | None:
    try:
        with files.kept_in().open(name) as kept:
            digest = digest_of(kept)
            found = clamd.scan(kept)
    except FileNotFoundError:  # taken out
        return None
    except BadInput as refused:
        return Checked(name, refused.message, "")
    at = now()
    row = known or ScannedFile.objects.create(
        name=name, title=name, size=digest.size, sha256=digest.sha256, stored_at=at
    )
    return Checked(name, record(row, found, at=at), found.signature)
