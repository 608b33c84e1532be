"""The reserve list moves up: next in rank, as far as places and money reach."""

from datetime import datetime

from django.db import transaction

from applications.models import DecisionChange, Selection
from applications.queries.application import in_program
from applications.queries.selection import reserve as reserve_queries
from applications.services.selection import decisions
from applications.states import ChangeKind, Outcome, SelectionState
from portal.access import impartiality
from portal.core.errors import MoveNotAllowed
from portal.models import User
from programs.models import SubProgram
from programs.roles import OFFICER


def propose(sub_program: SubProgram, *, by: User, now: datetime) -> list[DecisionChange]:
    """Open the move-ups that are possible now, as an officer.

    Raises MoveNotAllowed (`role`, `no_move_up` with the reason when nothing can move up).
    """
    opened = fill(sub_program, by=by, now=now)
    if not opened:
        raise MoveNotAllowed(why_none(sub_program), code="no_move_up")
    return opened


WHY = {
    "nobody": "예비가 남아 있지 않습니다.",
    "places": "빈자리가 없습니다.",
    "budget": "남은 예산으로는 다음 순위를 선정할 수 없습니다.",
    "busy": "다음 순위의 신청에 끝나지 않은 결정 변경안이나 다시 산정하는 이의신청이 있습니다.",
}


def why_none(sub_program: SubProgram) -> str:
    """Return in words why nobody can be proposed to move up now; empty when somebody can."""
    released = Selection.objects.filter(sub_program=sub_program, state=SelectionState.RELEASED)
    reasons = []
    for selection in released.order_by("pk"):
        status = reserve_queries.status(selection)
        if not status.stopped_by:
            return ""
        if status.pending:
            reasons.append(
                f"이미 만든 예비 승계안 {status.pending:,}건이 ‘결정 변경’에서 확인이나 승인을 기다립니다."
            )
        reasons.append(WHY[status.stopped_by])
    return " ".join(dict.fromkeys(reasons)) or "발표한 선정이 없습니다."


def fill(
    sub_program: SubProgram, *, by: User | None, now: datetime, note: str = ""
) -> list[DecisionChange]:
    """Open a move-up for each free place that the available money covers, in rank order.

    Nobody is skipped: it stops where the next in rank does not fit, as the proposal's line does.
    Repeated calls open nothing twice. With `by` None an officer must take the drafts up before a
    manager approves. Raises MoveNotAllowed (`role`) for anybody but an officer.
    """
    if by is not None:
        impartiality.require(
            by,
            [OFFICER],
            about=in_program(sub_program),
            message="예비 승계는 사업 담당자가 제안합니다.",
        )
    opened: list[DecisionChange] = []
    with transaction.atomic():
        lock_program(sub_program)
        released = Selection.objects.filter(sub_program=sub_program, state=SelectionState.RELEASED)
        for selection in released.order_by("pk"):
            while (change := _move_up(selection, by=by, now=now, note=note)) is not None:
                opened.append(change)
    return opened


def lock_program(sub_program: SubProgram) -> None:
    """Serialize the search for free places of a sub-programme."""
    SubProgram.objects.select_for_update(no_key=True).get(pk=sub_program.pk)


def _move_up(
    selection: Selection, *, by: User | None, now: datetime, note: str
) -> DecisionChange | None:
    status = reserve_queries.status(selection)
    if status.next is None or status.stopped_by:
        return None
    place = reserve_queries.oldest_vacancy(selection)
    why = f"빈자리({place.application})가 생겨" if place else "예산 또는 선정 수에 여유가 생겨"
    reason = f"{why} 예비 {status.next.rank:,}위가 순서대로 선정됩니다."
    return decisions.open_change(
        status.next,
        kind=ChangeKind.MOVE_UP,
        outcome=Outcome.SELECTED,
        grant_won=status.amount_won,
        reason=f"{reason} {note.strip()}".strip()[: decisions.REASON_LENGTH],
        by=by,
        now=now,
        fills=place,
    )
