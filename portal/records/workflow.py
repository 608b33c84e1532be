"""Moves between states: checked, atomic, and each leaves a row."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction

from portal.access import impartiality
from portal.access.roles import SYSTEM, roles_of
from portal.core.errors import MoveNotAllowed
from portal.core.moves import OWNER, Move
from portal.models import MoveLogBase, Stateful, User
from portal.records import bulk
from portal.records.guards import INSIDER

CHUNK = 2_000
LOG_COLUMNS = ["thing_id", "move", "source", "target", "by_id", "at", "note"]


def allowed(move: Move, *, state: str, by: User | None, owner: bool = False) -> bool:
    """Tell whether this person may make this move from this state; `by=None` is the portal itself."""
    if state not in move.source:
        return False
    if owner and OWNER in move.roles:
        return True
    held = {SYSTEM} if by is None else roles_of(by)
    return bool(held & set(move.roles))


def move(
    thing: Stateful,
    step: Move,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    owner: bool = False,
    where: Mapping[str, object] | None = None,
    changes: Mapping[str, object] | None = None,
    with_rows: Sequence[models.Model] = (),
) -> MoveLogBase:
    """Make one move: conditional UPDATE of state and `changes`, and its log row, together.

    `by=None` is the portal itself. `where` adds conditions to the UPDATE, such as the version the
    decision was based on. `with_rows` are new rows of any tables that are inserted after the log row,
    in the same round trip; the last one gets its key. `thing` is changed only on success. Raises MoveNotAllowed, and Tied for
    staff who are tied to what the thing is about.
    """
    _check_table(type(thing), step)
    if not allowed(step, state=thing.state, by=by, owner=owner):
        raise MoveNotAllowed(f"지금 상태에서는 ‘{step.label}’ 처리를 할 수 없습니다.")
    _check_impartial(step, thing, by, owner)
    _check_note(step, note)
    source = thing.state
    row = thing.MOVE_LOG(  # type: ignore[misc] # each log has its own foreign key `thing`
        thing=thing, move=step.name, source=source, target=step.target, by=by, at=now, note=note
    )
    try:
        with transaction.atomic(savepoint=False):
            changed = (
                type(thing)
                ._default_manager.filter(pk=thing.pk, state=source, **(where or {}))
                .update(state=step.target, **(changes or {}))
            )
            if changed and with_rows:
                bulk.insert_together([row, *with_rows])
            elif changed:
                row.save(force_insert=True)
    except IntegrityError as error:
        if INSIDER in str(error):  # became one after the check
            raise impartiality.Tied from error
        raise
    if not changed:
        rows = thing.MOVE_LOG._default_manager.filter(thing=thing)  # type: ignore[misc] # as above
        last = rows.order_by("-pk").first()
        own = last is not None and by is not None and last.by_id == by.pk
        who = "다른 창에서 직접" if own else "다른 사람이"
        raise MoveNotAllowed(f"{who} 먼저 처리했습니다. 화면을 새로 열어 확인해 주세요.")
    thing.state = step.target
    for field, value in (changes or {}).items():
        setattr(thing, field, value)
    return row


def move_many(
    things: models.QuerySet[Any],
    step: Move,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    notes: Mapping[int, str] | None = None,
    owner: bool = False,
    changes: Mapping[str, object] | None = None,
) -> int:
    """Make the same move for every row in one of its source states; return how many moved.

    `notes` replaces the note of some rows, by their keys; `changes` are made to all that move. Runs in
    one transaction with few statements.
    """
    model = things.model
    _check_table(model, step)
    _check_note(step, note)
    moved = 0
    with transaction.atomic():
        for source in step.source:
            if not allowed(step, state=source, by=by, owner=owner):
                raise MoveNotAllowed(f"‘{step.label}’ 처리를 할 권한이 없습니다.")
        _check_impartial(step, things, by, owner)
        for source in step.source:
            ids = list(
                things.filter(state=source)
                .order_by("pk")
                .select_for_update(of=("self",))
                .values_list("pk", flat=True)
            )
            for start in range(0, len(ids), CHUNK):
                part = ids[start : start + CHUNK]
                model._default_manager.filter(pk__in=part).update(
                    state=step.target, **(changes or {})
                )
                who = None if by is None else by.pk
                said = notes or {}
                rows = [
                    (pk, step.name, source, step.target, who, now, said.get(pk, note))
                    for pk in part
                ]
                bulk.insert(model.MOVE_LOG, LOG_COLUMNS, rows)
            moved += len(ids)
    return moved


def _check_table(model: type[Stateful], step: Move) -> None:
    if model.MOVES.get(step.name) != step:
        raise LookupError(f"{model.__name__} has no move {step.name!r} from this table")


def _check_impartial(step: Move, things: impartiality.Things, by: User | None, owner: bool) -> None:
    as_owner = owner and OWNER in step.roles
    if by is not None and not as_owner and not step.by_tied:
        impartiality.check(by, things)


def _check_note(step: Move, note: str) -> None:
    if step.needs_note and not note.strip():
        raise MoveNotAllowed(f"‘{step.label}’ 처리에는 사유가 필요합니다.", code="note_required")


def set_state(things: models.QuerySet[Any], target: str, **changes: object) -> int:
    """Update `state` on rows without a transition table; return how many changed.

    The query says from which state: `set_state(Supplement.objects.filter(state=OPEN), EXPIRED)`.
    """
    return things.update(state=target, **changes)
