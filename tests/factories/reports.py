"""Reports at every stage for tests, made by the real services."""

from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import count
from typing import Any

import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from portal.models import User
from programs.services import ledger
from tests.factories import programs as pots
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from vouchers.models import (
    Assignment,
    AssignmentRun,
    ConsumerReport,
    Correction,
    Monitor,
    PanelRound,
    Service,
    Supplier,
    SupplierMember,
)
from vouchers.services import corrections, plans
from vouchers.services.reports import moderation, writing
from vouchers.states import AssignmentRunState, IssueKind, MemberKind

LATER = NOW + timedelta(days=40)  # after everybody's time to comment
WORDS = (
    "회의를 예약하고 참석자를 부르는 일이 두 번의 누름으로 끝나서 매일 아침 회의에 잘 썼습니다. "
    "화면을 나누어 보는 기능과 회의록을 남기는 기능이 특히 눈에 띄었고 소리도 끊기지 않았습니다. "
)
_places = count(1)


@cache
def _document() -> dict[str, Any]:
    return yaml.safe_load((plans.FOLDER / "2021.yaml").read_text())


def round(*, fees: int = 10_000_000, pool: int = 20_100_000, **fields: Any) -> PanelRound:
    """Make a panel with its report rules and both budgets filled."""
    made = panel.panel(
        fee_won=50_000,
        fee_pot=pots.pot(fees, now=NOW),
        award_pot=pots.pot(0),
        **fields,
    )
    ledger.appropriate(
        made.award_pot, ledger.Booking(amount=pool, reference=f"pool:{made.pk}"), by=None, now=NOW
    )
    plans.load({**_document(), "round": made.code}, by=None, now=NOW)
    return PanelRound.objects.select_related("plan", "fee_pot", "award_pot").get(pk=made.pk)


def assigned(
    round: PanelRound,
    *,
    monitor: Monitor | None = None,
    service: Service | None = None,
    kind: str = MemberKind.SME,
) -> Assignment:
    """Make an assignment of a (new) member and a (new) service."""
    monitor = monitor or panel.monitor(round, kind=kind)
    run, _ = AssignmentRun.objects.get_or_create(
        round=round,
        number=1,
        defaults={
            "state": AssignmentRunState.CONFIRMED,
            "seed": 1,
            "requested_by": panel.operator(),
            "requested_at": NOW,
            "confirmed_at": NOW,
        },
    )
    made = Assignment.objects.create(
        round=round,
        service=service or panel.service(),
        monitor=monitor,
        run=run,
        assigned_at=NOW,
    )
    return fresh_assignment(made)


def fresh_assignment(assignment: Assignment) -> Assignment:
    rows = Assignment.objects.select_related(
        "round__plan", "round__fee_pot", "monitor__user", "service__supplier"
    )
    return rows.get(pk=assignment.pk)


def fresh(report: ConsumerReport) -> ConsumerReport:
    """Reload a report with what views select."""
    rows = ConsumerReport.objects.select_related(
        "assignment__round__plan",
        "assignment__round__fee_pot",
        "assignment__monitor__user",
        "assignment__service__supplier",
        "filed",
    )
    return rows.get(pk=report.pk)


def picture(
    name: str = "화면.png", *, size: tuple[int, int] = (60, 40), colour: str = "navy", **save: Any
) -> SimpleUploadedFile:
    kind = "PNG" if name.endswith("png") else "JPEG"
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **save)
    return SimpleUploadedFile(name, out.getvalue(), content_type=f"image/{kind.lower()}")


def texts(extra: str = "") -> dict[str, str]:
    """Return enough text for every section, different at each call."""
    place = next(_places)
    return {
        code: f"{place}번 {code} {chr(0xAC00 + place * 37 % 11_000) * 9} {WORDS}{extra}"
        for code in ("features", "satisfaction", "price", "inconvenience", "purpose", "free")
    }


def ratings(value: int = 4, **changes: object) -> dict[str, object]:
    codes = ("features", "satisfaction", "price", "ease", "purpose")
    return {**dict.fromkeys(codes, value), **changes}


def written(
    assignment: Assignment | None = None,
    *,
    now: datetime = NOW,
    value: int = 4,
    words: dict[str, str] | None = None,
    **marks: object,
) -> ConsumerReport:
    """Write a complete report."""
    assignment = assignment or assigned(round())
    by = assignment.monitor.user
    report = writing.start(assignment, by=by, now=now)
    colour = f"#{next(_places) % 0xFFFFFF:06x}"
    writing.add_picture(report, upload=picture(colour=colour), caption="첫 화면", by=by, now=now)
    writing.save(
        report,
        texts=words or texts(),
        ratings=ratings(value, **marks),
        used_from=(now - timedelta(days=9)).date(),
        used_to=(now - timedelta(days=2)).date(),
        version=report.version,
        by=by,
        now=now,
    )
    return fresh(report)


def submitted(
    assignment: Assignment | None = None,
    *,
    now: datetime = NOW,
    screened: bool = True,
    **words: Any,
) -> ConsumerReport:
    """Submit a report; `screened` runs the automatic checks."""
    report = written(assignment, now=now, **words)
    filed = writing.submit(
        report, version=report.version, by=report.assignment.monitor.user, now=now
    )
    if screened:
        moderation.screen(filed, now=now)
    return fresh(report)


def accepted(
    assignment: Assignment | None = None,
    *,
    by: User | None = None,
    now: datetime = NOW,
    **words: Any,
) -> ConsumerReport:
    report = submitted(assignment, now=now, **words)
    moderation.accept(report, by=by or panel.moderator(), now=now, note="읽고 확인했습니다.")
    return fresh(report)


def published(
    assignment: Assignment | None = None,
    *,
    by: User | None = None,
    now: datetime = LATER,
    **words: Any,
) -> ConsumerReport:
    by = by or panel.moderator()
    report = accepted(assignment, by=by, **words)
    moderation.publish(report, by=by, now=now)
    return fresh(report)


def desk(supplier: Supplier) -> User:
    user = panel.person()
    SupplierMember.objects.create(supplier=supplier, user=user, since=NOW)
    return user


def raised(report: ConsumerReport | None = None, **fields: Any) -> Correction:
    from_report = report or published()
    words = {"kind": IssueKind.IMPROVEMENT, "text": "녹화한 파일이 열리지 않습니다."}
    return corrections.raise_issue(
        from_report, **{**words, **fields}, by=panel.moderator(), now=LATER
    )
