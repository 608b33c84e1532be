"""Rules of a sub-programme as data and in words: what is locked, whom a change concerns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from portal.core.money import won
from programs.models import (
    BonusItem,
    Criterion,
    ProgramRound,
    RequiredDocument,
    RoundChange,
    RuleChange,
    RuleProposal,
    SubProgram,
    Track,
)
from programs.queries import pots, rounds
from programs.rules import rule_changes as rules
from programs.rules.deadlines import POLICY_WORDS

MODELS: Mapping[str, type[models.Model]] = {
    row._meta.model_name or "": row
    for row in (SubProgram, Track, Criterion, BonusItem, RequiredDocument)
}
POLICY_LABELS = {
    "supplement_days": "보완 기한이 끝나는 때",
    "objection_days": "이의신청 기한이 끝나는 때",
    "objection_answer_days": "이의신청 처리 기한이 끝나는 때",
}
ACTS = {rules.ADD: "더함", rules.REMOVE: "뺌"}
NONE = "없음"
Line = tuple[str, str, str, str]  # of what, label, before, after


def locks(program: SubProgram, *, now: datetime) -> dict[str, str]:
    """Return why groups of rules may not change now, as each app of `settings.RULE_LOCKS` says."""
    found: dict[str, str] = {}
    for path in settings.RULE_LOCKS:
        found |= import_string(path)(program, now=now)
    return found


def concerned(program: SubProgram) -> list[tuple[str, int]]:
    """Return whom a change concerns, each as words and number (`settings.RULE_CONCERNS`)."""
    return [row for path in settings.RULE_CONCERNS for row in import_string(path)(program)]


def concerned_text(program: SubProgram) -> str:
    rows = [f"{label} {number:,}건" for label, number in concerned(program)]
    return f"{program.name}의 {', '.join(rows)}" if rows else program.name


def concerned_by_round(round: ProgramRound) -> str:
    """Return whom a change of a whole round concerns: its sub-programmes and their applications."""
    programs = list(round.sub_programs.all())
    sums: dict[str, int] = {}
    for program in programs:
        for label, number in concerned(program):
            sums[label] = sums.get(label, 0) + number
    rows = [
        f"내역사업 {len(programs):,}개",
        *(f"{name} {count:,}건" for name, count in sums.items()),
    ]
    return ", ".join(rows)


def open_proposal(program: SubProgram) -> RuleProposal | None:
    """Return the proposal that nobody has approved or dropped yet."""
    return program.rule_proposals.filter(ended_at=None).select_related("by").first()


def value_of(row: models.Model, name: str) -> Any:
    """Return the value of a rule as JSON holds it."""
    column, _, key = name.partition(".")
    value = getattr(row, column)
    if key:
        return value.get(key, "")
    if isinstance(value, Decimal) or isinstance(row._meta.get_field(column), models.DecimalField):
        return f"{Decimal(value):.{row._meta.get_field(column).decimal_places}f}"  # type: ignore[union-attr]
    return value


def differences(kept: models.Model, edited: models.Model) -> dict[str, list[Any]]:
    """Return before and after of every rule in which two states of a row differ."""
    found = {}
    for name in rules.FIELDS[kept._meta.model_name or ""]:
        before, after = value_of(kept, name), value_of(edited, name)
        if before != after:
            found[name] = [before, after]
    return found


def removal(row: models.Model) -> dict[str, list[Any]]:
    """Return the rules of a row that is to go, each without a value afterwards."""
    names = rules.FIELDS[row._meta.model_name or ""]
    return {name: [value_of(row, name), None] for name in names}


def change(row: models.Model, act: str, fields: dict[str, list[Any]]) -> rules.Change:
    """Return a change of one row in the shape that proposals hold."""
    return {
        "part": row._meta.model_name,
        "pk": None if act == rules.ADD else row.pk,
        "name": str(row),
        "act": act,
        "fields": fields,
    }


def lines(changes: Sequence[rules.Change], program: SubProgram) -> list[Line]:
    """Return changes as people read them; what was and will be in the words of the page."""
    found: list[Line] = []
    for row in changes:
        model = MODELS[row["part"]]
        what = "" if model is SubProgram else f"{model._meta.verbose_name} ‘{row['name']}’"
        if row["act"] in ACTS:
            what = f"{what} {ACTS[row['act']]}"
        found += [
            (
                what,
                label(model, name),
                _text(model, name, before, program),
                _text(model, name, after, program),
            )
            for name, (before, after) in row["fields"].items()
            if name in rules.FIELDS[row["part"]]
        ]
    return found


@dataclass(frozen=True)
class Decision:
    """One change as everybody may read it: of what, [label, before, after], and why."""

    at: datetime
    kind: str
    subject: str
    lines: Sequence[tuple[str, str, str]]
    reason: str
    ground: str = ""


def decisions() -> list[Decision]:
    """Return every change of announced rounds' rules, dates and pots, the latest first.

    Apps add what they decide of announced rules by `settings.DECISIONS`. Nobody is named.
    """
    found = [*_of_rules(), *_of_rounds(), *_of_pots()]
    for path in settings.DECISIONS:
        found += import_string(path)()
    return sorted(found, key=lambda row: row.at, reverse=True)


def _of_rules() -> Iterator[Decision]:
    rows = RuleChange.objects.filter(sub_program__round__announced=True)
    for row in rows.select_related("sub_program__round"):
        shown = [
            (f"{what} · {name}" if what else name, before, after)
            for what, name, before, after in row.lines
        ]
        subject = f"{row.sub_program} ({row.sub_program.round})"
        yield Decision(row.at, "규칙", subject, shown, row.reason)


def _of_rounds() -> Iterator[Decision]:
    rows = RoundChange.objects.filter(round__announced=True).select_related("round")
    for row in rows:
        if row.act == "total":
            sums = [won(each["total_won"]) for each in (row.before, row.after)]
            yield Decision(
                row.at, "총예산", str(row.round), [("총예산", sums[0], sums[1])], row.reason
            )
    for change in rows.filter(act="reschedule").exclude(ground=""):
        (shown,) = rounds.public_changes([change])
        dates = rounds.date_lines(change.before, change.after)
        ground = f"{shown['ground']} {shown['evidence']}".strip()
        yield Decision(change.at, "접수 기간", str(change.round), dates, change.reason, ground)


def _of_pots() -> Iterator[Decision]:
    for row in pots.published():
        before, after = pots.moved(row)
        line = ("배정액", won(before), won(after))
        yield Decision(
            row.ended_at or row.at, row.get_kind_display(), row.pot.name, [line], row.reason
        )


def label(model: type[models.Model], name: str) -> str:
    column, _, key = name.partition(".")
    return POLICY_LABELS[key] if key else str(model._meta.get_field(column).verbose_name)  # type: ignore[union-attr]


def _text(model: type[models.Model], name: str, value: Any, program: SubProgram) -> str:
    if value is None or value in ("", []):
        return NONE
    column, _, key = name.partition(".")
    if key:
        return POLICY_WORDS.get(value, NONE)
    field = model._meta.get_field(column)
    choices = dict(getattr(field, "flatchoices", ()) or ())
    if value in choices if isinstance(value, str) else False:
        return str(choices[value])
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "; ".join(condition(program, fact, values) for fact, values in value.items())
    return _number(column, value)


def _number(column: str, value: Any) -> str:
    if column.endswith("_won"):
        return won(value)
    if column in ("floor", "bonus_cap", "max_points", "points"):
        return f"{Decimal(value).normalize():f}점"
    units = {
        "days": "일", "months": "개월", "share_percent": "%", "assessors": "명",
        "minimum_sheets": "부", "trim_from": "부", "max_files": "개", "decimals": "자리",
        "supplement_days": "일", "objection_days": "일", "objection_answer_days": "일",
    }  # fmt: skip
    return f"{value:,}{units.get(column, '')}" if isinstance(value, int) else str(value)


def condition(program: SubProgram, fact: str, values: Sequence[Any]) -> str:
    """Return a restriction of a document, such as `기업 규모: 소기업, 중기업`."""
    for row in (*program.round.profile, *program.questions):
        if row["code"] == fact:
            names = {one["code"]: one["label"] for one in row.get("choices", ())}
            return f"{row['label']}: {', '.join(names.get(one, str(one)) for one in values)}"
    if fact == "track":
        names = dict(program.tracks.values_list("code", "name"))
        return f"지원유형: {', '.join(names.get(one, str(one)) for one in values)}"
    return ", ".join(map(str, values))
