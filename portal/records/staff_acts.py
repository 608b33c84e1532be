"""The record of what staff did on their screens: each act once, with before, after, who and why."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, models, transaction
from django.db.models import Max

from portal.core.dates import KST
from portal.core.errors import StaleVersion
from portal.models import StaffAct, User

LONGEST = 300
"""Letters of a value that the record keeps; a longer text is cut."""

HIDDEN = frozenset({"password", "last_login"})
"""Columns of accounts that say nothing about them and change by signing in."""

_WHY = re.compile("사유|의견|근거")  # labels of columns that keep the reason, too
Columns = Mapping[str, tuple[str, str]]


def subject_of(thing: models.Model) -> str:
    return f"{thing._meta.label_lower}:{thing.pk}"


def kept(thing: models.Model) -> list["models.Field[object, object]"]:
    """Return the columns that say what the object is; not the time of the last save."""
    return [
        row
        for row in thing._meta.concrete_fields
        if not getattr(row, "auto_now", False) and row.name not in HIDDEN
    ]


def columns(thing: models.Model) -> dict[str, tuple[str, str]]:
    """Return label and value, as people read it, of each column of a row."""
    return {row.name: (str(row.verbose_name), _shown(thing, row)) for row in kept(thing)}


def changes(before: Columns, after: Columns) -> list[list[str]]:
    """Return [label, before, after] of everything that differs."""
    names = [*before, *(name for name in after if name not in before)]
    empty = ("", "")
    return [
        [
            (after.get(name) or before[name])[0],
            before.get(name, empty)[1],
            after.get(name, empty)[1],
        ]
        for name in names
        if before.get(name, empty)[1] != after.get(name, empty)[1]
    ]


def record(
    subject: str,
    *,
    key: str,
    act: str,
    label: str,
    message: str,
    changed: Sequence[Sequence[str]],
    note: str,
    by: User,
    now: datetime,
) -> StaffAct:
    """Write one act in the transaction of its effect; who, when and why stand beside its changes.

    Raises StaleVersion when its form was used before or another act on the object came first; the
    caller's transaction then has to end, with everything that the act did.
    """
    beside = {str(by), _text(now)}
    try:
        with transaction.atomic():
            return StaffAct.objects.create(
                subject=subject,
                number=last_number(subject) + 1,
                key=key,
                act=act,
                label=label,
                message=message,
                changes=[
                    [str(part)[:LONGEST] for part in row]
                    for row in changed
                    if row[2] not in beside and not (row[2] == note and _WHY.search(row[0]))
                ],
                note=note,
                by=by,
                at=now,
            )
    except IntegrityError as earlier:
        raise StaleVersion from earlier


def last_number(subject: str) -> int:
    found: int | None = StaffAct.objects.filter(subject=subject).aggregate(last=Max("number"))[
        "last"
    ]
    return found or 0


def last_numbers(subjects: Sequence[str]) -> dict[str, int]:
    """Return the number of the last act by object, in one query; none for objects without an act."""
    rows = StaffAct.objects.filter(subject__in=subjects).order_by()
    return dict(rows.values_list("subject").annotate(last=Max("number")))


def since(subject: str, number: int) -> list[StaffAct]:
    """Return the acts on an object after this one, oldest first."""
    rows = StaffAct.objects.filter(subject=subject, number__gt=number)
    return list(rows.select_related("by").order_by("number"))


def acts_of(thing: models.Model) -> list[StaffAct]:
    """Return the acts on an object, the newest first."""
    rows = StaffAct.objects.filter(subject=subject_of(thing))
    return list(rows.select_related("by").order_by("-number"))


def _shown(thing: models.Model, field: "models.Field[object, object]") -> str:
    value = getattr(thing, field.attname)
    if value is None:
        return ""
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(field, models.ForeignKey):
        return str(getattr(thing, field.name))
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        local = value.astimezone(KST)
        return f"{_text(local.date())} {local:%H:%M:%S}"
    if isinstance(value, date):
        return f"{value.year}. {value.month}. {value.day}."
    return str(value)
