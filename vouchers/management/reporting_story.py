"""The demo's reports: every stage, walked there by the real services, days ago."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count, Q
from PIL import Image, ImageDraw

from portal.demo import email_of
from portal.models import User
from portal.roles import AGENCY, MODERATOR, PANEL_OPERATOR
from vouchers.models import (
    Assignment,
    ConsumerReport,
    Correction,
    PanelRound,
    Service,
    SupplierMember,
)
from vouchers.services import (
    corrections,
    fees,
    moderation,
    promotion,
    publishing,
    reporting,
    rewarding,
)
from vouchers.states import AssignmentState, IssueKind, MonitorState, ServiceState

TEXTS = Path(__file__).with_name("reports.yaml")
SECTIONS = ("features", "satisfaction", "price", "inconvenience", "purpose")
SCALES = ("features", "satisfaction", "price", "ease", "purpose")
WAYS = 11  # a prime: two reports (a, b) share at most one section
SERVICES = 9
SELLERS = (2, 6)  # a correction under way, reports that wait for a word
DAY = timedelta(days=1)
COLOURS = ("#083891", "#267337", "#8a5c00", "#464c53", "#0b50d0")


@dataclass(frozen=True)
class Staff:
    """Who does what in the story; two of the agency, because some acts take two people."""

    moderator: User
    operator: User
    agency: User


def staff() -> Staff:
    """Find the demo's people by their roles."""

    def holder(role: str) -> User:
        return User.objects.filter(groups__name=role, is_active=True).order_by("pk")[0]

    return Staff(holder(MODERATOR), holder(PANEL_OPERATOR), holder(AGENCY))


def tell(round: PanelRound, *, now: datetime) -> dict[str, int]:
    """Write, moderate, publish, correct, pay and award; returns how much of each.

    Needs a confirmed assignment; a round that has reports already is left alone.
    """
    services = _services(round)
    if not services or ConsumerReport.objects.filter(assignment__round=round).exists():
        return {}
    people = staff()
    _desks(services, now)
    pens = _pens()
    published = _published(services[:6], people, pens, now - 30 * DAY)
    _stages(services[6:], people, pens, now)
    _corrections(published, people, now)
    _good_case(published, people, now)
    paid, _ = fees.pay_due(round, by=people.operator, now=now - 2 * DAY)
    awards = rewarding.propose(round, by=people.operator, now=now - DAY)
    rewarding.approve(awards, by=people.agency, now=now - DAY / 2)
    rewarding.pay(awards, by=people.operator, now=now - DAY / 4)
    for category in sorted({services[0].category, services[1].category}):
        publishing.request_book(round, category=category, by=people.operator, now=now)
    return {
        "reports": ConsumerReport.objects.filter(assignment__round=round).count(),
        "published": sum(len(rows) for rows in published.values()),
        "corrections": Correction.objects.count(),
        "fees": paid,
        "awards": awards.awards.count(),
    }


def _services(round: PanelRound) -> list[Service]:
    """The services of the story: those with most members, still on sale."""
    active = Q(assignments__round=round, assignments__state=AssignmentState.ACTIVE)
    active &= Q(assignments__monitor__state=MonitorState.ACTIVE)
    rows = Service.objects.filter(state=ServiceState.ON_SALE).annotate(
        people=Count("assignments", filter=active)
    )
    return list(rows.filter(people__gte=2).order_by("-people", "pk")[:SERVICES])


def _assignments(service: Service) -> list[Assignment]:
    rows = service.assignments.filter(
        state=AssignmentState.ACTIVE, monitor__state=MonitorState.ACTIVE
    )
    return list(
        rows.select_related(
            "round__plan", "round__fee_pot", "monitor__user", "service__supplier"
        ).order_by("pk")
    )


def _desks(services: Sequence[Service], now: datetime) -> None:
    """Put somebody at every supplier's desk; the demo's own account where there is work to do."""
    seller = User.objects.filter(email=email_of("seller")).first()
    for turn, service in enumerate(services):
        if service.supplier.members.exists():
            continue
        user = seller if turn in SELLERS else None
        if user is None:
            email = f"desk{service.supplier_id}@voucher-supplier.example"
            user, _ = User.objects.get_or_create(email=email, defaults={"name": "공급기업 담당자"})
        SupplierMember.objects.create(supplier=service.supplier, user=user, since=now)


@cache
def _words() -> dict[str, list[str]]:
    return dict(yaml.safe_load(TEXTS.read_text(encoding="utf-8")))


def _pens() -> Iterator[tuple[int, int]]:
    return iter([(a, b) for b in range(WAYS) for a in range(WAYS)])


def _written(
    assignment: Assignment,
    pen: tuple[int, int],
    at: datetime,
    *,
    pictures: int = 1,
    extra: str = "",
) -> ConsumerReport:
    by = assignment.monitor.user
    report = reporting.start(assignment, by=by, now=at)
    place = pen[0] + WAYS * pen[1]
    for turn in range(pictures):
        caption = _words()["captions"][(place + turn) % 4]
        upload = _picture(assignment.service.name, caption, place + turn)
        reporting.add_picture(report, upload=upload, caption=caption, by=by, now=at)
    texts = {
        code: _words()[code][(pen[0] + turn * pen[1]) % WAYS] for turn, code in enumerate(SECTIONS)
    }
    marks: dict[str, object] = {
        code: 3 + (place + turn) % 3 - (assignment.service_id % 3 == 0)
        for turn, code in enumerate(SCALES)
    }
    if place % 7 == 0:
        marks["price"] = "skip"
    return reporting.save(
        report,
        texts={**texts, "free": extra},
        ratings=marks,
        used_from=(at - 14 * DAY).date(),
        used_to=(at - 2 * DAY).date(),
        version=report.version,
        by=by,
        now=at,
    )


def _submitted(assignment: Assignment, pen: tuple[int, int], at: datetime, **words: Any) -> Any:
    report = _written(assignment, pen, at, **words)
    filed = reporting.submit(report, version=report.version, by=assignment.monitor.user, now=at)
    moderation.screen(filed, now=at)
    report.refresh_from_db()
    return report


def _accepted(
    assignment: Assignment, pen: tuple[int, int], people: Staff, at: datetime, **words: Any
) -> ConsumerReport:
    report: ConsumerReport = _submitted(assignment, pen, at, **words)
    moderation.accept(report, by=people.moderator, now=at + DAY, note="읽고 확인했습니다.")
    return report


def _published(
    services: Sequence[Service], people: Staff, pens: Iterator[tuple[int, int]], at: datetime
) -> dict[Service, list[ConsumerReport]]:
    found: dict[Service, list[ConsumerReport]] = {}
    for turn, service in enumerate(services):
        for place, assignment in enumerate(_assignments(service)):
            report = _accepted(assignment, next(pens), people, at, pictures=1 + (place + turn) % 3)
            desk = SupplierMember.objects.filter(supplier=service.supplier).first()
            if desk and place % 2 == 0:
                said = _words()["comments"][(turn + place) % 3]
                moderation.comment(report, text=said, by=desk.user, now=at + 2 * DAY)
            moderation.publish(report, by=people.moderator, now=at + 7 * DAY)
            found.setdefault(service, []).append(report)
    return found


def _stages(
    services: Sequence[Service], people: Staff, pens: Iterator[tuple[int, int]], now: datetime
) -> None:
    """Reports on their way: drafts, waiting, returned, one like another, accepted."""
    waiting = [row for service in services for row in _assignments(service)]
    for turn, assignment in enumerate(waiting):
        pen, at = next(pens), now - timedelta(days=2, hours=turn)
        match turn % 5:
            case 0:
                _written(assignment, pen, at)
            case 1:
                _submitted(assignment, pen, at)
            case 2:
                report = _submitted(assignment, pen, at)
                note = "가격이 적정한지 견준 서비스의 이름과 값을 더 적어 주세요."
                moderation.send_back(report, note=note, by=people.moderator, now=at + DAY)
            case 3:
                phone = "문의는 02-555-0134로 했습니다."
                _submitted(assignment, (pen[0] - 1, pen[1]) if pen[0] else pen, at, extra=phone)
            case _:
                _accepted(assignment, pen, people, at - DAY)


def _corrections(
    published: dict[Service, list[ConsumerReport]], people: Staff, now: datetime
) -> None:
    """One put right, one under way, one answered, one that nobody answered, one just raised."""
    cases = [
        (reports[0], kind, text)
        for reports, kind, text in zip(
            list(published.values())[1:],
            (IssueKind.IMPROVEMENT, IssueKind.IMPROVEMENT, IssueKind.OFF_PURPOSE) * 2,
            (
                "녹화한 파일이 다른 재생기에서 열리지 않습니다.",
                "글씨를 키우면 단추가 화면 밖으로 밀려납니다.",
                "비대면 업무와 관계없는 기기를 묶어서 판매합니다.",
                "관리자를 바꾸려면 전화를 해야만 합니다.",
                "해지 방법이 안내되어 있지 않습니다.",
            ),
            strict=False,
        )
    ]
    begun = (-22 * DAY, -4 * DAY, -22 * DAY, -5 * DAY, -DAY)
    for turn, ((report, kind, text), start) in enumerate(zip(cases, begun, strict=False)):
        at = now + start
        case = corrections.raise_issue(report, kind=kind, text=text, by=people.moderator, now=at)
        if turn == 4:
            continue
        found = f"전담기관이 직접 써 보고 확인했습니다. {text}"
        corrections.verify(case, finding=found, by=people.agency, now=at + DAY)
        wanted = "고친 뒤 고친 화면과 적용한 날을 알려 주세요."
        corrections.ask(case, wanted=wanted, by=people.agency, now=at + DAY)
        desk = SupplierMember.objects.filter(supplier=case.service.supplier).first()
        by = desk.user if desk else people.operator
        if turn in (0, 3):
            said = "새 판에서 고쳤습니다. 이번 달 1일부터 모든 고객에게 적용되었습니다."
            corrections.answer(case, text=said, by=by, now=at + 2 * DAY)
        if turn == 0:
            corrections.fix(case, note="새 판에서 확인함", by=people.agency, now=at + 4 * DAY)
    corrections.suspend_overdue(now - 4 * DAY)


def _good_case(
    published: dict[Service, list[ConsumerReport]], people: Staff, now: datetime
) -> None:
    report = next(iter(published.values()))[0]
    case = promotion.propose(
        report,
        headline="작은 회사의 회의를 바꾼 서비스",
        reason="세 구분의 단원이 모두 높게 평가했고 출장과 보고 준비 시간이 줄었습니다.",
        by=people.operator,
        now=now - 10 * DAY,
    )
    promotion.promote(case, by=people.agency, now=now - 9 * DAY)


def _picture(title: str, caption: str, place: int) -> SimpleUploadedFile:
    """Draw a screen that no two reports share."""
    image = Image.new("RGB", (640, 400), "#f4f5f6")
    draw = ImageDraw.Draw(image)
    colour = COLOURS[place % len(COLOURS)]
    draw.rectangle((0, 0, 640, 48), fill=colour)
    draw.rectangle((0, 48, 140, 400), fill="#e6e8ea")
    for row in range(5):
        width = 120 + (place * 37 + row * 71) % 330
        draw.rectangle((170, 80 + row * 58, 170 + width, 104 + row * 58), fill=colour)
        draw.rectangle((170, 112 + row * 58, 170 + width // 2, 120 + row * 58), fill="#cdd1d5")
    draw.rectangle((20, 70 + place % 200, 120, 84 + place % 200), fill="#ffffff")
    out = BytesIO()
    image.save(out, "PNG")
    return SimpleUploadedFile(f"{caption}.png", out.getvalue(), content_type="image/png")
