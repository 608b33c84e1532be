"""Keeping what sources say beside the checks that officers have not decided yet."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from applications.models import Application, Check
from applications.queries import evidence as queries
from applications.rules.evidence import Sourced, plain
from applications.states import ApplicationState, CheckDecision
from portal.core.errors import BadInput
from portal.models import RegistryRecord
from programs.rules.evidence import RECORD

CHUNK = 500


def read_anew(applications: Iterable[int], *, now: datetime) -> int:
    """Write what sources say now to the undecided checks of these applications; return how many changed.

    A decided check keeps what was known when it was decided.
    """
    with transaction.atomic():
        screened = Application.objects.filter(
            pk__in=list(applications), state=ApplicationState.SCREENING
        )
        locked = [row.pk for row in screened.order_by("pk").select_for_update(of=("self",))]
        rows = Check.objects.filter(application__in=locked, decision=CheckDecision.PENDING)
        pending = list(rows.order_by("pk"))
        found = _sourced({row.application_id for row in pending}, now)
        changed = [
            row
            for row in pending
            for sourced in [found.get((row.application_id, row.code))]
            if sourced is not None and _changes(row, sourced)
        ]
        Check.objects.bulk_update(changed, ["met", "standing", "evidence"], batch_size=CHUNK)
    return len(changed)


def _sourced(applications: Iterable[int], now: datetime) -> dict[tuple[int, str], Sourced]:
    """Return the facts by application and condition; those whose frozen facts are unreadable are absent."""
    cases = queries.cases_of(applications)
    known = queries.known_of(cases, now=now)
    found: dict[tuple[int, str], Sourced] = {}
    for case in cases:
        try:
            judged = known.judge(case)
        except BadInput:  # it was refused when it was taken up, or its checks were made by hand
            continue
        found |= {(case.application, row.condition.code): row for row in judged}
    return found


def _changes(row: Check, sourced: Sourced) -> bool:
    """Write what is known now to a check; return whether anything differs from before."""
    before = _lasting(row)
    row.met, row.standing = sourced.met, sourced.standing
    row.evidence = [plain(each) for each in sourced.evidence]
    return _lasting(row) != before


def answered_since(begun: datetime, *, now: datetime) -> None:
    """Read anew the undecided checks of firms that a registry was asked about since, in chunks."""
    asked = RegistryRecord.objects.filter(tried_at__gte=begun).values("subject")
    rows = Application.objects.filter(
        company__business_number__in=asked, state=ApplicationState.SCREENING
    )
    waiting = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(waiting), CHUNK):
        read_anew(waiting[start : start + CHUNK], now=now)


def _lasting(row: Check) -> tuple[object, ...]:
    """Return what is known without the instants of the portal's own record, which is read each time."""
    sources = [
        {**each, "at": None} if each["source"] == RECORD else each for each in row.evidence or ()
    ]
    return (row.met, row.standing, sources)
