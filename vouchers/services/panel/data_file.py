"""Load the data file of a panel round into the tables; repeatable, all or nothing."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Sum
from jsonschema import Draft202012Validator

from portal.core.errors import BadInput, Finding, RuleBroken
from portal.core.particles import with_particle
from portal.models import User
from programs.models import Budget, LedgerEntry
from programs.rules.calendar import Window
from programs.services import ledger
from programs.services.catalogue.data_file import (
    Document,
    instant,
    read,
    shape_faults,
    validator_of,
)
from programs.services.catalogue.loading import Report
from programs.states import EntryKind
from vouchers.models import (
    PanelCriterion,
    PanelKind,
    PanelRound,
    PanelRoundChange,
    QuotedFigure,
)

FOLDER = Path(__file__).resolve().parents[2] / "catalogue"
DATES = ("opens_at", "closes_at", "wishes_until", "active_until")
FIGURES = (
    "reserve_count",
    "members_per_service",
    "load",
    "wishes_most",
    "burst_limit",
    "burst_hours",
    "fee_won",
)


def files() -> list[Path]:
    """Return the data files that come with the portal, in the order of their years."""
    return sorted(FOLDER.glob("20*.yaml"))


def load_file(path: Path, *, by: User | None, now: datetime) -> Report:
    """Read a file and load it; raises what `read` and `load` raise."""
    return load(read(path), by=by, now=now)


def check(document: Document) -> None:
    """Check a document. Raises RuleBroken (`catalogue`) with every fault."""
    faults = list(shape_faults(document, _validator())) or list(_consistency_faults(document))
    if faults:
        raise RuleBroken([Finding("catalogue", fault) for fault in faults], code="catalogue")


@transaction.atomic
def load(document: Document, *, by: User | None, now: datetime) -> Report:
    """Check a document, write what differs, and report every changed row.

    Dates that staff have changed are kept. Raises RuleBroken (`catalogue`), BudgetExceeded.
    """
    check(document)
    report = Report()
    for order, row in enumerate(document.get("quoted", ())):
        _put_quoted(report, row, order)
    round = _put_round(report, document, by, now)
    report.drop(round.kinds.all(), "단원 구분", [row["code"] for row in document["kinds"]])
    for order, row in enumerate(document["kinds"]):
        values = {
            "guide": row["guide"],
            "evidence": row["evidence"],
            "least_members": row["least_members"][0],
            "least_each": row["least_each"][0],
            "order": order,
            "origins": {
                "kind": row["origin"],
                **{name: row[name][1] for name in ("least_members", "least_each")},
            },
        }
        keys = {"round": round, "code": row["code"]}
        report.put(PanelKind.objects.all(), f"단원 구분 {row['code']}", keys, values)
    report.drop(round.criteria.all(), "선정 기준", [row["code"] for row in document["criteria"]])
    for order, row in enumerate(document["criteria"]):
        values = {
            "label": row["label"],
            "guide": row["guide"],
            "max_points": row["max_points"][0],
            "weight": row["weight"][0],
            "order": order,
            "origins": {
                "criterion": row["origin"],
                **{name: row[name][1] for name in ("max_points", "weight")},
            },
        }
        keys = {"round": round, "code": row["code"]}
        report.put(PanelCriterion.objects.all(), f"선정 기준 {row['code']}", keys, values)
    return report


@cache
def _validator() -> Draft202012Validator:
    return validator_of(FOLDER / "schema.yaml")


def _consistency_faults(document: Document) -> Iterator[str]:
    for part in ("kinds", "criteria", "quoted"):
        for code, count in Counter(row["code"] for row in document.get(part, ())).items():
            if count > 1:
                yield f"{part}.code: {with_particle(code, '이/가')} 두 번 쓰였습니다."
    weights = sum(row["weight"][0] for row in document["criteria"])
    if weights != 100:
        yield f"criteria.weight: 비중의 합은 100이어야 합니다. 지금은 {weights}입니다."
    round = document["round"]
    least = sum(row["least_members"][0] for row in document["kinds"])
    if least > round["target"]["count"][0]:
        yield f"kinds.least_members: 합 {with_particle(least, '이/가')} 모집 인원보다 많습니다."
    each = sum(row["least_each"][0] for row in document["kinds"])
    if each > round["members_per_service"][0]:
        yield f"kinds.least_each: 합 {with_particle(each, '이/가')} 서비스마다 체험 인원보다 많습니다."
    try:
        opens, closes, wishes, ends = (instant(round[name][0]) for name in DATES)
        Window(opens, closes)
    except ValueError:
        yield "round: 달력에 없는 시각입니다."
        return
    except BadInput as refused:
        yield f"round: {refused.message}"
        return
    if not closes <= wishes <= ends:
        yield "round: 모집 마감, 희망 서비스 마감, 활동 마감의 순서여야 합니다."


def _put_quoted(report: Report, row: Document, order: int) -> None:
    values = {
        "label": row["label"],
        "value": row["value"][0],
        "origin": row["value"][1],
        "unit": row["unit"],
        "as_of": date.fromisoformat(row["as_of"]),
        "note": row["note"],
        "order": order,
    }
    keys = {"code": row["code"]}
    report.put(QuotedFigure.objects.all(), f"인용 수치 {row['code']}", keys, values)


def _put_round(report: Report, document: Document, by: User | None, now: datetime) -> PanelRound:
    row = document["round"]
    values: dict[str, Any] = {
        "year": row["year"],
        "name": row["name"],
        "summary": row["summary"],
        "target_count": row["target"]["count"][0],
        "target_kind": row["target"]["kind"],
        "consents": document["consents"],
        "fee_pot": _put_pot(report, row["fee_pot"], by, now),
        "award_pot": _put_pot(report, row["award_pot"], by, now),
        **{name: row[name][0] for name in FIGURES},
        "origins": {
            "target": row["target"]["count"][1],
            "fee_pot": row["fee_pot"]["won"][1],
            "award_pot": row["award_pot"]["won"][1],
            **{name: row[name][1] for name in (*FIGURES, *DATES)},
        },
    }
    known = PanelRound.objects.filter(code=row["code"]).first()
    if known is None or not known.changes.filter(act="reschedule").exists():
        values |= {name: instant(row[name][0]) for name in DATES}
    keys = {"code": row["code"]}
    round: PanelRound = report.put(
        PanelRound.objects.all(), f"모니터링단 {row['code']}", keys, values
    )
    if row.get("announced") and not round.announced:
        round.announced = True
        round.save(update_fields=["announced", "updated_at"])
        PanelRoundChange.objects.create(
            round=round, act="announce", reason="공고 자료에 따라 공고함", by=by, at=now
        )
    return round


def _put_pot(report: Report, row: Document, by: User | None, now: datetime) -> Budget:
    """Create the budget and bring it to the amount of the file by ledger entries alone."""
    code, amount = row["code"], row["won"][0]
    pot: Budget = report.put(
        Budget.objects.all(), f"예산 {code}", {"code": code}, {"name": row["name"]}
    )
    prefix = f"panel:{code}:"
    mine = LedgerEntry.objects.filter(budget=pot, reference__startswith=prefix)
    sums = dict(mine.values_list("kind").annotate(Sum("amount_won")).order_by())
    loaded = sums.get(EntryKind.APPROPRIATE, 0) - sums.get(EntryKind.REDUCE, 0)
    if amount != loaded:
        write = ledger.appropriate if amount > loaded else ledger.reduce
        booking = ledger.Booking(abs(amount - loaded), f"{prefix}{mine.count() + 1}")
        write(pot, booking, by=by, now=now)
    return pot
