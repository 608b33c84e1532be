"""Make the demo's reports at every stage by the real services, each as of its own day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import count, zip_longest
from pathlib import Path
from typing import Any

import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from demo.people import email_of
from demo.vouchers import composing
from portal.models import DeclaredTie, User
from vouchers.models import (
    Assignment,
    ConsumerReport,
    Correction,
    PanelRound,
    Service,
    SupplierMember,
    SupplierTie,
)
from vouchers.roles import AGENCY, MODERATOR, PANEL_OPERATOR
from vouchers.services import books, conflicts, corrections, good_cases, members
from vouchers.services.reports import moderation, writing
from vouchers.services.rewards import awards as awards_services
from vouchers.services.rewards import fees
from vouchers.states import AssignmentState, Category, IssueKind, MonitorState, TieStanding

TEXT_FILE = Path(__file__).with_name("reports.yaml")
PUBLISHED, STAGED = 24, 5  # services, of about four members each
# Places of the services that the demo's own member tries.
SELLERS = (2, PUBLISHED)  # places of services: a correction under way, reports open for comment
TIED = 9  # place of the service one of whose members declares a tie
SEED = 2022  # of those tried, one after which no two reports share a section
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
COLOURS = ("#083891", "#267337", "#8a5c00", "#464c53", "#0b50d0")
CASES = (
    (
        "작은 회사의 하루를 바꾼 서비스",
        "오가는 시간과 준비하는 시간이 줄었고 세 구분의 단원이 두루 썼습니다.",
    ),
    (
        "설치 없이 바로 쓰는 서비스",
        "받은 주소를 누르면 바로 시작되어 처음 쓰는 사람도 헤매지 않았습니다.",
    ),
    (
        "담당자가 쉬어도 이어지는 서비스",
        "담당자가 쉬는 날에도 일이 끊기지 않았다는 경험이 여러 보고서에 있습니다.",
    ),
)


@dataclass(frozen=True)
class Staff:
    """The staff who act on reports."""

    moderator: User
    operator: User
    agency: User


def _staff() -> Staff:
    def holder(role: str) -> User:
        return User.objects.filter(groups__name=role, is_active=True).order_by("pk")[0]

    return Staff(holder(MODERATOR), holder(PANEL_OPERATOR), holder(AGENCY))


def seed(round: PanelRound, *, now: datetime) -> dict[str, int]:
    """Write, moderate, publish, correct, pay and award; return how many of each.

    Needs a confirmed assignment. Does nothing for a round that has reports.
    """
    services = in_turn(list(round.covered.filter(assignments__round=round).distinct()))
    services = services[: PUBLISHED + STAGED]
    if not services or ConsumerReport.objects.filter(assignment__round=round).exists():
        return {}
    people = _staff()
    _add_supplier_members(services, now)
    author = Author()
    published = _publish(services[:PUBLISHED], people, author, now - 50 * DAY)
    _corrections(published, people, now)
    _good_cases(published, people, now)
    if len(services) > TIED:
        _tie(services[TIED], people, now - 6 * DAY)
    paid, _ = fees.pay_due(round, by=people.operator, now=now - 5 * DAY)
    _seed_stages(services[PUBLISHED:], people, author, now - 4 * DAY)
    awards = awards_services.propose(round, by=people.operator, now=now - DAY)
    awards_services.approve(awards, by=people.agency, now=now - DAY / 2)
    awards_services.pay(awards, by=people.operator, now=now - DAY / 4)
    for category in sorted({service.category for service in published}):
        books.request(round, category=category, by=people.operator, now=now)
    return {
        "reports": ConsumerReport.objects.filter(assignment__round=round).count(),
        "published": sum(len(rows) for rows in published.values()),
        "corrections": Correction.objects.count(),
        "fees": paid,
        "awards": awards.awards.count(),
    }


def in_turn(services: Sequence[Service]) -> list[Service]:
    """Order services so that categories alternate: the first of each, then the second of each."""
    fields: dict[str, list[Service]] = {}
    for service in sorted(services, key=lambda row: row.pk):
        fields.setdefault(service.category, []).append(service)
    turns = zip_longest(*(fields.get(field, []) for field in Category))
    return [service for turn in turns for service in turn if service is not None]


def pinned(services: Sequence[Service]) -> list[Service]:
    """Choose the services that the demo's own member is to try."""
    turns = in_turn(services)
    return [turns[place] for place in PINNED if place < len(turns)]


def _assignments(service: Service) -> list[Assignment]:
    """Return the active assignments of a service, those of the demo's own member first."""
    rows = service.assignments.filter(
        state=AssignmentState.ACTIVE, monitor__state=MonitorState.ACTIVE
    )
    found = rows.select_related(
        "round__plan",
        "round__fee_pot",
        "monitor__user",
        "monitor__application",
        "service__supplier",
    )
    return sorted(found.order_by("pk"), key=lambda row: not _own(row))


def _own(assignment: Assignment) -> bool:
    return assignment.monitor.user.email == email_of("monitor")


def _add_supplier_members(services: Sequence[Service], now: datetime) -> None:
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
def _texts() -> dict[str, Any]:
    return dict(yaml.safe_load(TEXT_FILE.read_text(encoding="utf-8")))


def quality_of(service: int) -> int:
    """Return how good a service of the demo is, 2 to 5, by its id."""
    return (3, 4, 2, 4, 5, 3, 4)[service % 7]


class Author:
    """Composes what the members write, one report after the other."""

    def __init__(self) -> None:
        self._composer = composing.Composer(SEED)
        self._places = count()
        self._last: dict[str, composing.Composed] = {}

    def compose(self, assignment: Assignment) -> "Draft":
        """Compose the next report; the demo's own member always adds advice."""
        monitor, service = assignment.monitor, assignment.service
        place = next(self._places)
        found = self._composer.compose(
            Category(service.category),
            service.name,
            quality=quality_of(service.pk),
            voice=composing.voice_of(monitor.application.kind, monitor.number),
            advice=_own(assignment) or place % 4 == 0,
        )
        self._last[service.category] = found
        return Draft(place, found.texts, found.ratings)

    def copy(self, assignment: Assignment) -> "Draft":
        """Return the last report of the service's field again, as one who copies would."""
        last = self._last.get(assignment.service.category)
        if last is None:
            return self.compose(assignment)
        phone = "문의는 02-555-0134로 했습니다."
        return Draft(next(self._places), {**last.texts, "free": phone}, last.ratings)


@dataclass(frozen=True)
class Draft:
    """What one report says, and its place among the reports of the demo."""

    place: int
    texts: dict[str, str]
    ratings: dict[str, object]


def _write(
    assignment: Assignment, draft: Draft, at: datetime, *, pictures: int = 1
) -> ConsumerReport:
    by = assignment.monitor.user
    report = writing.start(assignment, by=by, now=at)
    for turn in range(draft.place, draft.place + pictures):
        caption = _texts()["captions"][turn % 4]
        upload = _picture(assignment.service.name, caption, turn)
        writing.add_picture(report, upload=upload, caption=caption, by=by, now=at)
    return writing.save(
        report,
        texts=draft.texts,
        ratings=draft.ratings,
        used_from=(at - 14 * DAY).date(),
        used_to=(at - 2 * DAY).date(),
        version=report.version,
        by=by,
        now=at,
    )


def _submit(assignment: Assignment, draft: Draft, at: datetime, **options: Any) -> ConsumerReport:
    report = _write(assignment, draft, at, **options)
    filed = writing.submit(report, version=report.version, by=assignment.monitor.user, now=at)
    moderation.screen(filed, now=at)
    report.refresh_from_db()
    return report


def _accept(
    assignment: Assignment, draft: Draft, people: Staff, at: datetime, **options: Any
) -> ConsumerReport:
    report = _submit(assignment, draft, at, **options)
    moderation.accept(report, by=people.moderator, now=at + DAY, note="읽고 확인했습니다.")
    return report


def _publish(
    services: Sequence[Service], people: Staff, author: Author, since: datetime
) -> dict[Service, list[ConsumerReport]]:
    found: dict[Service, list[ConsumerReport]] = {}
    for turn, service in enumerate(services):
        member = SupplierMember.objects.filter(supplier=service.supplier).first()
        for place, assignment in enumerate(_assignments(service)):
            at = since + turn * DAY + 5 * place * HOUR
            own = _own(assignment)
            pictures = 3 if own else 1 + (place + turn) % 5 // 3
            draft = author.compose(assignment)
            report = _accept(assignment, draft, people, at, pictures=pictures)
            if member and place % 2 == 0:
                reply = _texts()["comments"][(turn + place) % 3]
                moderation.comment(report, text=reply, by=member.user, now=at + 2 * DAY)
            report.refresh_from_db()
            published_at = publication_of(report, at)
            moderation.publish(report, by=people.moderator, now=published_at)
            found.setdefault(service, []).append(report)
    return found


def publication_of(report: ConsumerReport, at: datetime) -> datetime:
    """Return when a report written `at` is published, at the earliest after the comment period."""
    # Weekends and holidays extend that period beyond the usual week.
    return max(at + 7 * DAY, report.comment_until or at)


def _seed_stages(
    services: Sequence[Service], people: Staff, author: Author, since: datetime
) -> None:
    """Leave reports as draft, submitted, similar to another, accepted and returned, in turn."""
    assignments = [row for service in services for row in _assignments(service)]
    for turn, assignment in enumerate(assignments):
        at = since - turn * HOUR
        draft = (author.copy if turn % 5 == 2 else author.compose)(assignment)
        match turn % 5:
            case 0:
                _write(assignment, draft, at)
            case 1 | 2:
                _submit(assignment, draft, at)
            case 3:
                _accept(assignment, draft, people, at)
            case _:
                report = _submit(assignment, draft, at)
                note = "가격이 적정한지 견준 서비스의 이름과 값을 더 적어 주세요."
                moderation.send_back(report, note=note, by=people.moderator, now=at + DAY)


def _tie(service: Service, people: Staff, at: datetime) -> None:
    member = next(row.monitor for row in _assignments(service) if not _own(row))
    conflicts.declare(
        member.user,
        firm_name=service.supplier.name,
        business_number=service.supplier.business_number,
        kind=DeclaredTie.Kind.ADVICE,
        note="체험을 마친 뒤 자문을 맡기로 했다고 알려 왔습니다.",
        by=people.operator,
        now=at,
    )
    conflicts.recheck(now=at)
    tie = SupplierTie.objects.get(user=member.user, ended_at=None, standing=TieStanding.FLAGGED)
    proposal = conflicts.confirm(tie, reason="본인이 알려 옴", by=people.operator, now=at)
    if proposal is not None:
        members.confirm_exclusion(proposal, by=people.agency, now=at)


def _corrections(
    published: dict[Service, list[ConsumerReport]], people: Staff, now: datetime
) -> None:
    """Raise five corrections: one fixed, one requested, one answered, one overdue, one new."""
    cases = [
        (reports[0], kind, text)
        for reports, kind, text in zip(
            list(published.values())[1:],
            (IssueKind.IMPROVEMENT, IssueKind.IMPROVEMENT, IssueKind.OFF_PURPOSE) * 2,
            (
                "이용 내역을 내려받으면 글자가 깨져 열립니다.",
                "글씨를 키우면 단추가 화면 밖으로 밀려납니다.",
                "비대면 업무와 관계없는 기기를 묶어서 판매합니다.",
                "관리자를 바꾸려면 전화를 해야만 합니다.",
                "해지 방법이 안내되어 있지 않습니다.",
            ),
            strict=False,
        )
    ]
    since = (-22 * DAY, -4 * DAY, -22 * DAY, -5 * DAY, -DAY)
    for turn, ((report, kind, text), start) in enumerate(zip(cases, since, strict=False)):
        at = now + start
        case = corrections.raise_issue(report, kind=kind, text=text, by=people.moderator, now=at)
        if turn == 4:
            continue
        found = f"전담기관이 직접 써 보고 확인했습니다. {text}"
        corrections.verify(case, finding=found, by=people.agency, now=at + DAY)
        request = "고친 뒤 고친 화면과 적용한 날을 알려 주세요."
        corrections.request(case, text=request, by=people.agency, now=at + DAY)
        member = SupplierMember.objects.filter(supplier=case.service.supplier).first()
        by = member.user if member else people.operator
        if turn in (0, 3):
            reply = "새 판에서 고쳤습니다. 이번 달 1일부터 모든 고객에게 적용되었습니다."
            corrections.answer(case, text=reply, by=by, now=at + 2 * DAY)
        if turn == 0:
            corrections.fix(case, note="새 판에서 확인함", by=people.agency, now=at + 4 * DAY)
    corrections.suspend_overdue(now - 4 * DAY)


def _good_cases(
    published: dict[Service, list[ConsumerReport]], people: Staff, now: datetime
) -> None:
    """Promote three services without a correction; another person than the proposer confirms."""
    reports = [rows[0] for service, rows in published.items() if not service.corrections.exists()]
    for report, (headline, reason) in zip(reports, CASES, strict=False):
        case = good_cases.propose(
            report, headline=headline, reason=reason, by=people.operator, now=now - 10 * DAY
        )
        good_cases.promote(case, by=people.agency, now=now - 9 * DAY)


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


PINNED = (0, 1, 2, 3, 4, PUBLISHED, PUBLISHED + 1)
