"""Hand many applications over to another officer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from applications.models import Application
from applications.queries.officers.charge import chargeable
from applications.rules.officers.charge import giving
from applications.services.officers import charge
from applications.services.set_acts.batches import Batch, Refusals
from applications.states import Charge
from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, StaleVersion
from portal.models import User
from programs.roles import MANAGER, OFFICER

TIED = Finding("officer_tied", "넘겨받을 담당자와 이해관계가 있는 기업의 신청입니다.")
WITHDRAWN = Finding("withdrawn", "취하된 신청입니다.")
NOT_THEIRS = Finding("officer", charge.NOT_AN_OFFICER)


def check_officer(options: Mapping[str, Any], by: User, now: datetime) -> None:
    """Refuse a person who can have no file at all in charge."""
    person = User.objects.filter(pk=options["officer"], is_active=True, groups__name=OFFICER)
    if not person.exists():
        raise BadInput(charge.NOT_AN_OFFICER, code="officer")


def hand_over(batch: Batch) -> Refusals:
    """Put the files in another officer's charge, each under the rules of giving one."""
    to = charge.lock_officer(User.objects.get(pk=batch.act.options["officer"]))
    rows = Application.objects.filter(pk__in=batch.rows)
    locked = {row.pk: row for row in rows.order_by("pk").select_for_update(of=("self",))}
    manages = MANAGER in roles_of(batch.by)
    works = to.is_active and OFFICER in roles_of(to)
    programs = set(to.sub_programs.values_list("pk", flat=True)) if works else set()
    tied = charge.tied_to([to], rows)
    open_rows = set(chargeable().filter(pk__in=batch.rows).values_list("pk", flat=True))
    refusals: Refusals = {}
    for pk, row in locked.items():
        found = giving(row.officer_id, to=to.pk, by=batch.by.pk, manages=manages)
        if pk not in open_rows:
            refusals[pk] = WITHDRAWN
        elif row.sub_program_id not in programs:
            refusals[pk] = NOT_THEIRS
        elif pk in tied:
            refusals[pk] = TIED
        elif found:
            refusals[pk] = found
    how = charge.How(Charge.GIVEN, batch.now, batch.by, batch.note[:500])
    given = Application.objects.filter(pk__in=batch.without(refusals))
    if charge.place(given, officer=to, how=how) != len(locked) - len(refusals):
        raise StaleVersion  # a tie was declared meanwhile: the chunk is judged anew
    return refusals
