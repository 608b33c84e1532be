"""Hand many applications over to another officer, and back to those who had them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from applications.models import Application, OfficerChange
from applications.queries.officers.charge import chargeable
from applications.rules.officers.charge import NOT_OWN, giving
from applications.services.officers import charge
from applications.services.set_acts.batches import Batch, Refusals
from applications.states import Charge
from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, StaleVersion
from portal.models import User
from programs.roles import MANAGER, OFFICER

TIED = Finding("officer_tied", "넘겨받을 담당자와 이해관계가 있는 기업의 신청입니다.")
WITHDRAWN = Finding("withdrawn", "취하된 신청입니다.")
FOLLOWED = Finding("followed", "그 뒤에 담당자가 다시 바뀌어 되돌리지 않았습니다.")
UNFIT = Finding("officer", "전 담당자가 이제 이 신청을 맡을 수 없습니다.")
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


def hand_back(batch: Batch) -> Refusals:
    """Give the files back to those who had them, or to nobody, where they have not changed hands since.

    A manager may, and who handed them over. Who may not have a file any more does not get it back.
    """
    undone = batch.act.undoes
    assert undone is not None  # noqa: S101 - an act that takes nothing back has no undo
    if MANAGER not in roles_of(batch.by) and batch.by.pk != undone.requested_by_id:
        return dict.fromkeys(batch.rows, NOT_OWN)
    made = batch.made_at()
    changes = OfficerChange.objects.filter(application__in=batch.rows).order_by("pk")
    last = {row.application_id: row for row in changes}
    refusals: Refusals = {}
    before: dict[int | None, list[int]] = defaultdict(list)
    for pk in batch.rows:
        change = last.get(pk)
        if change is None or (change.by_id, change.at) != (undone.requested_by_id, made.get(pk)):
            refusals[pk] = FOLLOWED
        else:
            before[change.previous_id].append(pk)
    # All persons before all files, in the order of their keys, as wherever files change hands.
    people = {pk: charge.lock_officer(User(pk=pk)) for pk in sorted(filter(None, before))}
    for previous, ids in before.items():
        to = people[previous] if previous is not None else None
        how = charge.How(
            Charge.LET_GO if to is None else Charge.GIVEN, batch.now, batch.by, batch.note[:500]
        )
        rows = Application.objects.filter(pk__in=ids)
        charge.place(rows, officer=to, how=how)
        kept = rows.exclude(officer=to) if to else rows.exclude(officer=None)
        refusals |= dict.fromkeys(kept.values_list("pk", flat=True), UNFIT)
    return refusals
