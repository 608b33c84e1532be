"""The reserve list moves up: next in rank, only as far as places and money reach."""

from datetime import datetime

from django.db import transaction

from applications.models import DecisionChange, Selection
from applications.queries.selection import reserve
from applications.services.selection import decisions
from applications.states import ChangeKind, Outcome, SelectionState
from portal.access.roles import roles_of
from portal.core.errors import MoveNotAllowed
from portal.models import User
from programs.models import SubProgram
from programs.roles import OFFICER


def fill(
    sub_program: SubProgram, *, by: User | None, now: datetime, note: str = ""
) -> list[DecisionChange]:
    """Open a move-up for each place and each money that has come free, in rank order.

    Nobody is skipped: where the next in rank does not fit, it stops (as the proposal's line
    does). Called again it opens nothing twice. `by` None is the portal, whose drafts an officer
    takes up before a manager approves. Raises MoveNotAllowed for anybody but an officer.
    """
    if by is not None and OFFICER not in roles_of(by):
        raise MoveNotAllowed("예비 승계는 사업 담당자가 제안합니다.", code="role")
    opened: list[DecisionChange] = []
    with transaction.atomic():
        hold(sub_program)
        released = Selection.objects.filter(sub_program=sub_program, state=SelectionState.RELEASED)
        for selection in released.order_by("pk"):
            while (change := _move_up(selection, by=by, now=now, note=note)) is not None:
                opened.append(change)
    return opened


def hold(sub_program: SubProgram) -> None:
    """Let one person at a time look for free places of a sub-programme."""
    SubProgram.objects.select_for_update(no_key=True).get(pk=sub_program.pk)


def _move_up(
    selection: Selection, *, by: User | None, now: datetime, note: str
) -> DecisionChange | None:
    found = reserve.standing(selection)
    if found.next is None or found.stopped_by:
        return None
    place = reserve.vacated(selection)
    why = f"빈자리({place.application})가 생겨" if place else "예산 또는 선정 수에 여유가 생겨"
    reason = f"{why} 예비 {found.next.rank:,}위가 순서대로 선정됩니다."
    return decisions.open_change(
        found.next,
        kind=ChangeKind.MOVE_UP,
        outcome=Outcome.SELECTED,
        grant_won=found.amount_won,
        reason=f"{reason} {note.strip()}".strip()[: decisions.REASON_LENGTH],
        by=by,
        now=now,
        fills=place,
    )
