"""Load a catalogue file: repeatable, all or nothing, with a report of what changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model, ProtectedError, QuerySet, Sum

from portal.core.errors import BadInput
from portal.core.particles import with_particle
from portal.models import User
from portal.records import snapshot
from programs.models import (
    BonusItem,
    Budget,
    Criterion,
    LedgerEntry,
    NationalGoal,
    ProgramRound,
    RequiredDocument,
    RoundChange,
    SubProgram,
    Track,
)
from programs.services import ledger
from programs.services.catalogue.data_file import (
    ASSESSMENT,
    PERIOD_PARTS,
    TRACK_FIGURES,
    Document,
    agreement,
    assessment,
    check,
    instant,
    program_parts,
)
from programs.states import PROFILE_FACTS, EntryKind

CREATED, CHANGED, REMOVED, UNCHANGED, KEPT = "생김", "바뀜", "빠짐", "그대로", "유지"
FORM_PARTS = ("questions", "conditions", "cost_items", "partner_roles", "consents")
FIGURES = (
    "months", "wanted", "certificate", "capacity", "fit_field", "fit_region", "fit_load", "most",
)  # fmt: skip
DOCUMENT_FIELDS = ("code", "label", "guide", "required", "when", "formats", "max_files")


@dataclass(frozen=True)
class Change:
    """What a load did to one row; `fields` are (name, old, new)."""

    what: str
    act: str
    fields: tuple[tuple[str, object, object], ...] = ()

    def __str__(self) -> str:
        fields = [f"{name}: {_short(old)} → {_short(new)}" for name, old, new in self.fields]
        return f"{self.act}  {self.what}" + (f" ({'; '.join(fields)})" if fields else "")


@dataclass
class Report:
    """All that a load did, row by row."""

    changes: list[Change] = field(default_factory=list)

    def count(self, act: str) -> int:
        return sum(change.act == act for change in self.changes)

    @property
    def touched(self) -> list[Change]:
        return [change for change in self.changes if change.act != UNCHANGED]

    def put(
        self, rows: QuerySet[Any], what: str, keys: dict[str, Any], values: dict[str, Any]
    ) -> Any:
        """Create the row, or update the fields that differ; return it."""
        instance = rows.filter(**keys).first()
        if instance is None:
            instance = rows.model(**keys, **values)
            instance.save(force_insert=True)
            self.changes.append(Change(what, CREATED))
            return instance
        differing = {
            name: (getattr(instance, name), value)
            for name, value in values.items()
            if getattr(instance, name) != value
        }
        fields = [row for name, pair in differing.items() for row in _differences(name, *pair)]
        for name, (_, value) in differing.items():
            setattr(instance, name, value)
        if differing:
            instance.save()
        self.changes.append(Change(what, CHANGED if differing else UNCHANGED, tuple(fields)))
        return instance

    def drop(self, rows: QuerySet[Any], what: str, kept: Iterable[str]) -> None:
        """Delete the rows whose code the file no longer has.

        Raises BadInput (`catalogue_used`) when one is in use.
        """
        for instance in rows.exclude(code__in=list(kept)):
            code = instance.code
            try:
                instance.delete()
            except ProtectedError as error:
                raise BadInput(
                    f"{what} {with_particle(code, '은/는')} 이미 쓰이고 있어 뺄 수 없습니다.",
                    code="catalogue_used",
                ) from error
            self.changes.append(Change(f"{what} {code}", REMOVED))


def load(document: Document, *, by: User | None, now: datetime) -> Report:
    """Check a document and write what differs, in one transaction.

    Budgets grow and shrink by ledger entries; dates that a manager has rescheduled, and
    sub-programmes that the file does not name, are kept. Raises RuleBroken (`catalogue`) with
    every fault, BadInput (`catalogue_used`), BudgetExceeded.
    """
    check(document)
    report = Report()
    with transaction.atomic():
        for order, row in enumerate(document.get("goals", ())):
            _put_goal(report, row, order)
        round = _put_round(report, document, by, now)
        for order, row in enumerate(document["sub_programs"], start=1):
            pot = _put_pot(report, round, row, by, now)
            _put_program(report, document, round, pot, row, order)
        codes = [row["code"] for row in document["sub_programs"]]
        for program in round.sub_programs.exclude(code__in=codes):
            report.changes.append(Change(f"내역사업 {program.code} (파일에 없음)", KEPT))
    return report


def update_form_version(program: SubProgram) -> None:
    """Store the version of the form again after staff edited its documents."""
    program.form_version = form_version(program)
    program.save(update_fields=["form_version", "updated_at"])


def form_version(program: SubProgram) -> str:
    """Return the SHA-256 of the canonical JSON of everything the applicant is asked."""
    questions: dict[str, Any] = {part: getattr(program, part) for part in FORM_PARTS}
    questions["documents"] = list(program.documents.values(*DOCUMENT_FIELDS))
    questions["tracks"] = list(program.tracks.values("code", "name"))
    return snapshot.sha256_of_plain(questions)


def _put_goal(report: Report, row: Document, order: int) -> None:
    values = {
        "label": row["label"],
        "kind": row["kind"],
        "value": row["value"][0],
        "origin": row["value"][1],
        "unit": row["unit"],
        "as_of": date.fromisoformat(row["as_of"]) if "as_of" in row else None,
        "order": order,
    }
    report.put(NationalGoal.objects.all(), f"목표 {row['code']}", {"code": row["code"]}, values)


def _put_round(report: Report, document: Document, by: User | None, now: datetime) -> ProgramRound:
    row = document["round"]
    figures = ("total_won", "opens_at", "closes_at")
    values = {
        "year": row["year"],
        "sequence": row["sequence"],
        "name": row["name"],
        "total_won": row["total_won"][0],
        "profile": [_profile_question(question) for question in document["profile"]],
        "pools": [plain_figures(pool) for pool in document.get("pools", ())],
        "limits": [plain_figures(limit) for limit in document.get("limits", ())],
        "origins": {name: row[name][1] for name in figures},
    }
    for name in ("outage_hours", "extension_days", "ticket_hours"):
        if name in row:
            values[name] = row[name][0]
            values["origins"][name] = row[name][1]
    known = ProgramRound.objects.filter(code=row["code"]).first()
    if known and known.changes.filter(act="reschedule").exists():
        report.changes.append(Change(f"회차 {row['code']}의 접수 기간 (담당자가 바꿈)", KEPT))
    else:
        values |= {name: instant(row[name][0]) for name in figures[1:]}
    if known and known.changes.filter(act="total").exists():
        del values["total_won"]
        report.changes.append(Change(f"회차 {row['code']}의 총예산 (담당자가 바꿈)", KEPT))
    round: ProgramRound = report.put(
        ProgramRound.objects.all(), f"회차 {row['code']}", {"code": row["code"]}, values
    )
    if row.get("announced") and not round.announced:
        round.announced = True
        round.save(update_fields=["announced", "updated_at"])
        RoundChange.objects.create(
            round=round, act="announce", reason="공고 자료에 따라 공고함", by=by, at=now
        )
    return round


def _profile_question(row: Document) -> dict[str, Any]:
    return {"kind": str(PROFILE_FACTS[row["code"]][0]), **row}


def _put_pot(
    report: Report, round: ProgramRound, row: Document, by: User | None, now: datetime
) -> Budget:
    code, amount = row["budget"]["code"], row["budget"]["won"][0]
    pot: Budget = report.put(
        Budget.objects.all(),
        f"예산 {code}",
        {"code": code},
        {"name": f"{round.year}년 {row['name']}"},
    )
    prefix = f"catalogue:{code}:"
    entries = LedgerEntry.objects.filter(budget=pot, reference__startswith=prefix)
    sums = dict(entries.values_list("kind").annotate(Sum("amount_won")).order_by())
    loaded = sums.get(EntryKind.APPROPRIATE, 0) - sums.get(EntryKind.REDUCE, 0)
    if amount != loaded:
        write = ledger.appropriate if amount > loaded else ledger.reduce
        booking = ledger.Booking(abs(amount - loaded), f"{prefix}{entries.count() + 1}")
        write(pot, booking, by=by, now=now)
        fields = (("appropriated_won", loaded, amount),)
        report.changes.append(Change(f"예산 {code}의 배정", CHANGED, fields))
    return pot


def _put_program(
    report: Report,
    document: Document,
    round: ProgramRound,
    pot: Budget,
    row: Document,
    order: int,
) -> None:
    code, parts, figures = row["code"], program_parts(document, row), assessment(document, row)
    terms = agreement(document, row)
    dates = {name: row[name] for name in ("opens_at", "closes_at") if name in row}
    values = {
        "short": row["short"],
        "name": row["name"],
        "summary": row["summary"],
        "order": order,
        "pot": pot,
        "intake": row["intake"],
        "opens_at": instant(dates["opens_at"][0]) if "opens_at" in dates else None,
        "closes_at": instant(dates["closes_at"][0]) if "closes_at" in dates else None,
        "quota_count": row["quota"]["count"],
        "quota_kind": row["quota"]["kind"],
        **{name: figures[name][0] for name in ASSESSMENT},
        "floor": Decimal(str(figures["floor"][0])),
        "conditions": parts["conditions"],
        "questions": parts["questions"],
        "cost_items": list(row.get("cost_items", ())),
        "partner_roles": list(row.get("partner_roles", ())),
        "consents": parts["consents"],
        "steps": [_step(step) for step in parts["steps"]],
        "delivery": [plain_figures(step) for step in row.get("delivery", ())],
        "agreement": {
            **terms,
            "figures": {name: row[0] for name, row in terms["figures"].items()},
            "due_policies": due_policies(terms["figures"]),
        },
        "due_policies": due_policies(figures),
        "origins": {
            **{f"agreement.{name}": pair[1] for name, pair in terms["figures"].items()},
            "budget": row["budget"]["won"][1],
            "quota": row["quota"]["origin"],
            **{name: pair[1] for name, pair in {**figures, **dates}.items()},
        },
    }
    program: SubProgram = report.put(
        SubProgram.objects.all(), f"내역사업 {code}", {"round": round, "code": code}, values
    )
    _put_rows(report, program, Track, "지원유형", map(_track, row["tracks"]))
    _put_rows(report, program, Criterion, "평가항목", map(_criterion, row["criteria"]))
    _put_rows(report, program, BonusItem, "가점항목", map(_bonus, row.get("bonus_items", ())))
    _put_rows(report, program, RequiredDocument, "제출서류", map(_document, parts["documents"]))
    if program.form_version != form_version(program):
        update_form_version(program)


def _put_rows(
    report: Report,
    program: SubProgram,
    model: type[Model],
    what: str,
    rows: Iterable[dict[str, Any]],
) -> None:
    mine = model._default_manager.filter(sub_program=program)
    rows = list(rows)
    report.drop(mine, f"{what} {program.code}", [row["code"] for row in rows])
    if model is Criterion:
        # Another criterion may become the core: only one may be, so clear the old one first.
        core = {row["code"] for row in rows if row["core"]}
        mine.exclude(code__in=core).filter(core=True).update(core=False)
    for order, row in enumerate(rows):
        keys = {"sub_program": program, "code": row.pop("code")}
        report.put(mine, f"{what} {program.code}/{keys['code']}", keys, {**row, "order": order})


def due_policies(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return the policy of each figure that states a period: [value, origin, policy]."""
    return {name: row[2] for name, row in figures.items() if len(row) == PERIOD_PARTS}


def _step(row: Document) -> dict[str, Any]:
    step = {**row, "days": row["days"][0], "origin": row["days"][1]}
    return step | ({"due_policy": row["days"][2]} if len(row["days"]) == PERIOD_PARTS else {})


def plain_figures(row: Document) -> dict[str, Any]:
    """Write `wanted: [6, assumption]` as `wanted: 6`, its origin beside it."""
    figures = {name: row[name] for name in FIGURES if name in row}
    origins = {name: pair[1] for name, pair in figures.items()}
    return {**row, **{name: pair[0] for name, pair in figures.items()}, "origins": origins}


def _track(row: Document) -> dict[str, Any]:
    pairs: Mapping[str, list[Any]] = {
        name: row[name] for name in ("grant_kind", *TRACK_FIGURES) if name in row
    }
    return {
        "code": row["code"],
        "name": row["name"],
        "summary": row.get("summary", ""),
        **dict.fromkeys(TRACK_FIGURES),
        **{name: pair[0] for name, pair in pairs.items()},
        "origins": {name: pair[1] for name, pair in pairs.items()},
    }


def _criterion(row: Document) -> dict[str, Any]:
    return {
        "code": row["code"],
        "label": row["label"],
        "guide": row.get("guide", ""),
        "max_points": row["points"],
        "core": bool(row.get("core", False)),
        "skippable": bool(row.get("skippable", False)),
        "origin": row["origin"],
    }


def _bonus(row: Document) -> dict[str, Any]:
    return {
        "code": row["code"],
        "label": row["label"],
        "points": row["points"][0],
        "guide": row["guide"],
        "industry_hints": list(row.get("industry_hints", ())),
        "question": row.get("question", ""),
        "origin": row["points"][1],
    }


def _document(row: Document) -> dict[str, Any]:
    return {
        "code": row["code"],
        "label": row["label"],
        "guide": row.get("guide", ""),
        "required": bool(row.get("required", True)),
        "when": row.get("when"),
        "formats": list(row["formats"]),
        "max_files": row.get("max_files", 1),
        "origin": row["origin"],
    }


def _differences(name: str, old: Any, new: Any) -> list[tuple[str, object, object]]:
    before, after = _keyed(old), _keyed(new)
    if before is None or after is None:
        return [(name, old, new)]
    parts = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    rows = [(f"{name}.{key}", before.get(key), after.get(key)) for key in parts]
    return rows or [(f"{name}의 순서", ", ".join(before), ", ".join(after))]


def _keyed(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return {str(row.get("code") or row.get("role")): row for row in value}
    return None


def _short(value: object) -> str:
    text = "없음" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
