"""Moves between states: checked, atomic, and each leaves a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from portal.access.roles import SYSTEM, roles_of
from portal.core.errors import MoveNotAllowed
from portal.models import MoveLogBase, User
from portal.records import bulk

CHUNK = 2_000
LOG_COLUMNS = ["thing_id", "move", "source", "target", "by_id", "at", "note"]


@dataclass(frozen=True)
class Move:
    """One edge of a life: from where, to where, by whom.

    `roles` are role names; `owner` stands for "whoever the service has checked owns it" and
    `system` for the portal's jobs.
    """

    name: str
    label: str
    source: tuple[str, ...]
    target: str
    roles: tuple[str, ...]
    needs_note: bool = False


OWNER = "owner"


def table(*moves: Move) -> Mapping[str, Move]:
    """Index moves by name; a name may stand only once."""
    indexed = {move.name: move for move in moves}
    if len(indexed) != len(moves):
        raise ValueError("a move is named twice")
    return indexed


def allowed(move: Move, *, state: str, by: User | None, owner: bool = False) -> bool:
    """Tell whether this person may make this move from this state."""
    if state not in move.source:
        return False
    if owner and OWNER in move.roles:
        return True
    held = {SYSTEM} if by is None else roles_of(by)
    return bool(held & set(move.roles))


def move(
    thing: Any,
    name: str,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    owner: bool = False,
    where: Mapping[str, object] | None = None,
    **changes: object,
) -> MoveLogBase:
    """Make one move: conditional UPDATE of state and `changes`, and its log row, together.

    `by=None` is the portal itself. `where` adds conditions to the UPDATE, such as the version
    the decision was based on. Raises `MoveNotAllowed`; `thing` is changed only on success.
    """
    step = thing.MOVES[name]
    if not allowed(step, state=thing.state, by=by, owner=owner):
        raise MoveNotAllowed(f"지금 상태에서는 ‘{step.label}’ 처리를 할 수 없습니다.")
    _check_note(step, note)
    source = thing.state
    row: MoveLogBase = thing.MOVE_LOG(
        thing=thing, move=name, source=source, target=step.target, by=by, at=now, note=note
    )
    with transaction.atomic(savepoint=False):
        changed = (
            type(thing)
            ._default_manager.filter(pk=thing.pk, state=source, **(where or {}))
            .update(state=step.target, **changes)
        )
        if changed:
            row.save(force_insert=True)
    if not changed:
        raise MoveNotAllowed("다른 사람이 먼저 처리했습니다. 화면을 새로 열어 확인해 주세요.")
    thing.state = step.target
    for field, value in changes.items():
        setattr(thing, field, value)
    return row


def move_many(
    things: models.QuerySet[Any],
    name: str,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    owner: bool = False,
) -> int:
    """Make the same move for every row that stands in one of its source states.

    Runs in one transaction with few statements; returns how many moved.
    """
    model = things.model
    step = model.MOVES[name]
    _check_note(step, note)
    moved = 0
    with transaction.atomic():
        for source in step.source:
            if not allowed(step, state=source, by=by, owner=owner):
                raise MoveNotAllowed(f"‘{step.label}’ 처리를 할 권한이 없습니다.")
            ids = list(
                things.filter(state=source)
                .order_by("pk")
                .select_for_update(of=("self",))
                .values_list("pk", flat=True)
            )
            for start in range(0, len(ids), CHUNK):
                part = ids[start : start + CHUNK]
                model._default_manager.filter(pk__in=part).update(state=step.target)
                who = None if by is None else by.pk
                rows = [(pk, name, source, step.target, who, now, note) for pk in part]
                bulk.insert(model.MOVE_LOG, LOG_COLUMNS, rows)
            moved += len(ids)
    return moved


def _check_note(step: Move, note: str) -> None:
    if step.needs_note and not note.strip():
        raise MoveNotAllowed(f"‘{step.label}’ 처리에는 사유가 필요합니다.", code="note_required")


def mark(things: models.QuerySet[Any], target: str, **changes: object) -> int:
    """Set the plain mark (`state` of a row that has no life of its own, such as a claim or a
    request) and `changes` on the rows of the query in one UPDATE; returns how many changed.

    The query says from which mark: `mark(Supplement.objects.filter(pk=1, state=OPEN), EXPIRED)`.
    """
    return things.update(state=target, **changes)
