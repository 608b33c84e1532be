"""What a staff page showed: a signed value in its form, compared when the form comes back."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core import signing
from django.db import models

from portal.core.errors import Finding, RuleBroken, StaleVersion
from portal.models import StaffAct, Stateful, User
from portal.records import staff_acts
from portal.templatetags.dates import kst

FIELD = "seen"
SALT = "portal.staff.seen"
NOTHING_DONE = "지금 누르신 처리는 하지 않았습니다."


@dataclass(frozen=True)
class Seen:
    """The facts of an object when its page was made, and the key of the page's form."""

    subject: str
    act: str
    reader: int
    key: str
    number: int = 0  # of the last act on the object
    move: int = 0  # the last row of its move log
    columns: dict[str, str] = field(default_factory=dict)  # digest by name
    page: str = ""  # digest of what the page says beside the columns

    def token(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def look(
    thing: models.Model | str,
    act: str,
    reader: User,
    *,
    page: Iterable[str] = (),
    facts: staff_acts.Columns | None = None,
) -> Seen:
    """Return what an object is now, for the form of one act; a text names a page without object.

    `facts` replaces the object's own columns.
    """
    key, shown = uuid4().hex, _digest("\n".join(page))
    if isinstance(thing, str):
        return Seen(thing, act, reader.pk, key, page=shown)
    subject = staff_acts.subject_of(thing)
    return Seen(
        subject,
        act,
        reader.pk,
        key,
        number=staff_acts.last_number(subject),
        move=_last_move(thing),
        columns=_digests(thing, facts),
        page=shown,
    )


def look_at_each(things: Sequence[models.Model], reader: User) -> list[Seen]:
    """Return what each object is now, in one query: objects without states of their own.

    `for_act` makes of it what the form of one act holds.
    """
    subjects = [staff_acts.subject_of(thing) for thing in things]
    numbers = staff_acts.last_numbers(subjects)
    return [
        Seen(subject, "", reader.pk, "", numbers.get(subject, 0), columns=_digests(thing, None))
        for thing, subject in zip(things, subjects, strict=True)
    ]


def for_act(seen: Seen, act: str, *, page: Iterable[str] = ()) -> Seen:
    """Return the same facts for the form of one act, which gets a key of its own."""
    return replace(seen, act=act, key=uuid4().hex, page=_digest("\n".join(page)))


def read(token: str, *, subject: str, act: str, reader: User) -> Seen | None:
    """Return what the sender's page showed, None without a token.

    Raises StaleVersion (`unreadable`) for a token of another object, act or person.
    """
    if not token:
        return None
    try:
        seen = Seen(**signing.loads(token, salt=SALT))
    except (signing.BadSignature, TypeError):
        seen = None
    if seen is None or (seen.subject, seen.act, seen.reader) != (subject, act, reader.pk):
        raise StaleVersion(
            "이 화면은 더 쓸 수 없습니다. 내용을 확인하고 다시 처리해 주세요.", code="unreadable"
        )
    return seen


def first_answer(shown: Seen | None) -> StaffAct | None:
    """Return the act that this very form did before, such as by the first of two clicks."""
    return StaffAct.objects.filter(key=shown.key).first() if shown else None


def refuse_stale(thing: models.Model | str, shown: Seen, current: Seen, reader: User) -> None:
    """Raise RuleBroken (`stale_version`) with what happened since the page was made, if anything."""
    if lines := news(thing, shown, current, reader):
        raise RuleBroken([Finding("stale_version", line) for line in lines], code="stale_version")


def news(
    thing: models.Model | str,
    seen: Seen,
    current: Seen,
    reader: User,
    *,
    facts: staff_acts.Columns | None = None,
) -> list[str]:
    """Return what happened to the object since the page was made, in sentences; [] for nothing."""
    names = [*current.columns, *(name for name in seen.columns if name not in current.columns)]
    changed = [name for name in names if seen.columns.get(name) != current.columns.get(name)]
    acts = staff_acts.since(seen.subject, seen.number) if current.number > seen.number else []
    moves = _moves(thing, seen.move) if current.move > seen.move else []
    if not (changed or acts or moves or seen.page != current.page):
        return []
    told = {(row.by_id, row.at) for row in acts}
    moves = [row for row in moves if (row.by_id, row.at) not in told]
    lines = [*map(_act_text, acts), *(_move_text(thing, row) for row in moves)]
    people = {row.by_id for row in (*acts, *moves)}
    if not lines and isinstance(thing, models.Model):
        lines, people = _columns_text(thing, changed, facts)
    if people == {reader.pk}:
        first = "이 화면을 연 뒤에 다른 창에서 이미 처리하셨습니다."
    elif people - {None}:
        first = "이 화면을 연 뒤에 다른 사람이 먼저 처리했습니다."
    else:
        first = "이 화면을 연 뒤에 내용이 바뀌었습니다."
    return [f"{first} {NOTHING_DONE} 아래 내용을 확인한 뒤 필요하면 다시 처리해 주세요.", *lines]


def last(thing: models.Model) -> str:
    """Return the last thing that happened to an object as one sentence, "" for none."""
    row = StaffAct.objects.filter(subject=staff_acts.subject_of(thing)).order_by("-number").first()
    moves = _moves(thing, 0, last=True)
    if moves and (row is None or row.at < moves[0].at):
        return _move_text(thing, moves[0])
    return _act_text(row, message=False) if row else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _digests(thing: models.Model, facts: staff_acts.Columns | None) -> dict[str, str]:
    if facts is None:
        raw = {row.name: str(getattr(thing, row.attname)) for row in staff_acts.kept(thing)}
    else:
        raw = {name: value for name, (_, value) in facts.items()}
    return {name: _digest(value) for name, value in raw.items()}


def _last_move(thing: models.Model) -> int:
    found = _moves(thing, 0, last=True)
    return found[0].pk if found else 0


def _moves(thing: models.Model | str, after: int, *, last: bool = False) -> list[Any]:
    if not isinstance(thing, Stateful):
        return []
    rows = thing.moves.filter(pk__gt=after).select_related("by")  # type: ignore[attr-defined]
    return list(rows.order_by("-pk")[:1] if last else rows.order_by("pk"))


def _act_text(row: StaffAct, *, message: bool = True) -> str:
    changed = [
        f"{label} {before or '없음'} → {after or '없음'}" for label, before, after in row.changes
    ]
    what = ", ".join(changed) or (row.message if message else "")
    return _told(str(row.by or ""), row.at, row.label, what, row.note)


def _move_text(thing: Any, row: Any) -> str:
    names = dict(thing._meta.get_field("state").choices or ())
    label = thing.MOVES[row.move].label if row.move in thing.MOVES else row.move
    change = f"{names.get(row.source, row.source)} → {names.get(row.target, row.target)}"
    by = thing.name_of(row.by) if row.by else ""
    return _told(by, row.at, label, change if row.source != row.target else "", row.note)


def _told(by: str, at: datetime, label: str, what: str, note: str) -> str:
    """Write who did what, when and why, such as `… 김담당 · 가점 인정 (확인 전 → 인정). 사유: …`."""
    text = f"{kst(at)} {by or '시스템'} · {label}" + (f" ({what.rstrip('.')})" if what else "")
    return f"{text}. 사유: {note}" if note else f"{text}."


def _columns_text(
    thing: models.Model, names: Iterable[str], facts: staff_acts.Columns | None
) -> tuple[list[str], set[int | None]]:
    shown = staff_acts.columns(thing) if facts is None else facts
    own = {row.name: row for row in thing._meta.concrete_fields}
    people = {
        getattr(thing, own[name].attname)
        for name in names
        if name in own and own[name].related_model is User
    }
    parts = [f"{shown[name][0]}: {shown[name][1] or '없음'}" for name in names if name in shown]
    return ([f"지금 내용은 다음과 같습니다. {', '.join(parts)}"] if parts else []), people
