"""Make the demo's panel: the catalogue, a hundred members, an assignment, a second open round."""

import random
from copy import deepcopy
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.core.management import CommandError

from demo.commands import DemoCommand
from demo.people import email_of
from demo.vouchers import reports, suppliers
from portal.core.clock import KST, now
from portal.core.particles import with_particle
from portal.jobs import queue
from portal.models import DeclaredTie, JobState, User
from portal.paper import tables
from programs.services.catalogue.data_file import read
from vouchers.models import (
    AssignmentRun,
    PanelApplication,
    PanelRound,
    Service,
    Supplier,
    SupplierTie,
)
from vouchers.services import assignment, conflicts, recruitment, selection
from vouchers.services import suppliers as supplier_services
from vouchers.services.catalogue import importing, rows
from vouchers.services.panel import data_file, rounds
from vouchers.states import Category, ImportKind, MemberKind, MonitorState, RuleKind, TieStanding

SUPPLIERS, SERVICES = 642, 1_757
APPLICANTS, COVERED = 130, 36
WISHED = 6
TIED = 129  # the place of an applicant
DECLINES, LEAVES = 40, 60  # numbers of members
SEED = 2021
REASON = "시연을 위해 모집과 활동 기간을 오늘에 맞추었습니다."
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8"
    "ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
KINDS = (MemberKind.SME, MemberKind.EXPERT, MemberKind.STUDENT)
AT_WORK = {
    MemberKind.SME: "시연상사",
    MemberKind.EXPERT: "시연연구소",
    MemberKind.STUDENT: "시연대학교",
}


class Command(DemoCommand):
    """`seed_vouchers`: does nothing when there are suppliers."""

    help = "시연용으로 서비스 목록, 모니터링단, 배정을 만듭니다(시연에서만)."

    def handle(self, **options: object) -> None:
        if Supplier.objects.exists():
            return
        self.operator = User.objects.get(email=email_of("panel"))
        self.at = now()
        self.import_catalogue()
        round = self.reschedule()
        self.recruit(round)
        self.select(round)
        self.assign(round)
        self.open_second_round()
        self.add_supplier_member()

    def ago(self, days: int, hour: int = 0) -> datetime:
        """Return an hour of the day `days` before today (after it when negative)."""
        day = self.at.astimezone(KST).date() - timedelta(days=days)
        return datetime.combine(day, time(hour), KST)

    def import_catalogue(self) -> None:
        for kind, header, lines in (
            (ImportKind.SUPPLIERS, rows.SUPPLIER_COLUMNS, suppliers.suppliers(SUPPLIERS)),
            (
                ImportKind.SERVICES,
                rows.SERVICE_COLUMNS,
                suppliers.services(SERVICES, suppliers=SUPPLIERS),
            ),
        ):
            text = "".join(tables.csv_lines(list(header), lines, counted=False))
            upload = ContentFile(text.encode(), name=f"{kind.label}.csv")
            file = importing.start(kind, upload=upload, by=self.operator, now=self.ago(100))
            importing.preview(file, now=self.ago(100))
            self.run_job(file.job_id)
            importing.confirm(
                file, basis=file.basis, emptying=False, by=self.operator, now=self.ago(100)
            )
            importing.apply(file, now=self.ago(100))
            self.run_job(file.job_id)

    def run_job(self, job: int | None) -> None:
        """Run a job now. Raises CommandError when it fails."""
        if job is None or queue.run(job) != JobState.DONE:
            raise CommandError(f"작업 {with_particle(job, '을/를')} 끝내지 못했습니다.")

    def reschedule(self) -> PanelRound:
        """Move the round so that recruitment is over and the trial period has just ended."""
        round = PanelRound.objects.get(code="panel-2021")
        rounds.reschedule(
            round,
            opens_at=self.ago(95),
            closes_at=self.ago(74),
            wishes_until=self.ago(64, 18),
            active_until=self.ago(3, 18),
            by=self.operator,
            now=self.ago(96),
            reason=REASON,
        )
        return round

    def recruit(self, round: PanelRound) -> None:
        locked = make_password(None)
        people = [User.objects.get(email=email_of("monitor"))]
        for place in range(1, APPLICANTS):
            people.append(
                User.objects.create(
                    email=_email(place),
                    name=f"시연 국민 {place:03}",
                    password=locked,
                    is_active=False,
                )
            )
        for place, user in enumerate(people):
            at = self.ago(94 - place % 19, 9 + place % 9)
            draft = recruitment.start(round, by=user, now=at)
            upload = ContentFile(PNG, name="증빙.png")
            recruitment.attach(draft, upload=upload, by=user, now=at)
            saved = recruitment.save(
                draft, data=_answers(place, user), version=draft.version, by=user, now=at
            )
            # Four from one address within a day: what staff should see flagged.
            address = "192.0.2.1" if place in (19, 38, 57, 76) else f"198.51.100.{place}"
            recruitment.submit(saved, by=user, now=at, address=address, device=f"시연 {place}")

    def select(self, round: PanelRound) -> None:
        """Mark everybody, release the list; one applicant has a tie to a supplier, one declines."""
        rng = random.Random(SEED)  # noqa: S311 - not a secret
        for application in PanelApplication.objects.filter(round=round).select_related("round"):
            first = application.user.email == email_of("monitor")
            points = {
                row.code: row.max_points if first else rng.randint(25, row.max_points)
                for row in round.criteria.all()
            }
            selection.mark(
                application,
                points=points,
                reason="지원서와 증빙을 확인했습니다.",
                by=self.operator,
                now=self.ago(72, 10),
            )
        self.tie(TIED, self.ago(72, 15))
        conflicts.recheck(now=self.ago(72, 16))
        for found in SupplierTie.objects.filter(standing=TieStanding.FLAGGED, ended_at=None):
            conflicts.confirm(
                found, reason="재직 사실을 확인했습니다.", by=self.operator, now=self.ago(72, 17)
            )
        made = selection.propose(round, by=self.operator, now=self.ago(71, 10))
        selection.release(made, by=self.operator, now=self.ago(70, 10))
        declines = round.monitors.get(number=DECLINES)
        selection.decline(declines.application, by=declines.user, now=self.ago(69, 9))

    def tie(self, place: int, at: datetime) -> None:
        user = User.objects.get(email=_email(place))
        firm = Supplier.objects.order_by("pk")[place]
        conflicts.declare(
            user,
            firm_name=firm.name,
            business_number=firm.business_number,
            kind=DeclaredTie.Kind.EMPLOYMENT,
            by=user,
            now=at,
        )

    def assign(self, round: PanelRound) -> None:
        """Cover services, set wishes and pins, solve, confirm; one member leaves and is replaced."""
        rng = random.Random(SEED)  # noqa: S311 - not a secret
        each = COVERED // len(Category)
        covered = [
            service
            for field in Category
            for service in Service.objects.filter(category=field, state="on_sale").order_by("pk")[
                :each
            ]
        ]
        rounds.cover(round, covered, by=self.operator, now=self.ago(70, 11))
        codes = [service.code for service in covered]
        for monitor in round.monitors.filter(state=MonitorState.ACTIVE).select_related(
            "round", "user"
        ):
            wished = rng.sample(codes, WISHED)
            assignment.set_wishes(monitor, codes=wished, by=monitor.user, now=self.ago(68, 12))
        first = round.monitors.get(user__email=email_of("monitor"))
        for service in reports.pinned(covered):
            assignment.set_rule(
                first,
                service,
                kind=RuleKind.PIN,
                reason="시연 계정이 쓸 서비스",
                by=self.operator,
                now=self.ago(64, 9),
            )
        self.confirm(assignment.start(round, seed=SEED, by=self.operator, now=self.ago(63, 10)), 63)
        leaves = round.monitors.get(number=LEAVES)
        again = assignment.leave(
            leaves,
            reason="회사를 옮겨 활동을 이어 가기 어렵습니다.",
            by=leaves.user,
            now=self.ago(60, 9),
            owner=True,
        )
        if again is not None:
            self.confirm(again, 60)

    def confirm(self, run: AssignmentRun, day: int) -> None:
        assignment.compute(run, now=self.ago(day, 10))
        assignment.confirm(run, by=self.operator, now=self.ago(day, 11))
        self.run_job(run.job_id)

    def open_second_round(self) -> None:
        document: dict[str, Any] = deepcopy(dict(read(data_file.files()[0])))
        days = {"opens_at": 3, "closes_at": -14, "wishes_until": -24, "active_until": -90}
        document["round"] |= {
            "code": "panel-2021-more",
            "name": "2021년 국민 모니터링단 추가 모집(시연용)",
            **{name: [self.ago(day).isoformat(), "assumption"] for name, day in days.items()},
        }
        data_file.load(document, by=self.operator, now=self.at)

    def add_supplier_member(self) -> None:
        supplier = Supplier.objects.order_by("pk").first()
        user = User.objects.get(email=email_of("seller"))
        if supplier is not None:
            supplier_services.add_member(supplier, user=user, by=self.operator, now=self.at)


def _email(place: int) -> str:
    return f"citizen{place}@people{place}.example"


def _answers(place: int, user: User) -> dict[str, Any]:
    kind = KINDS[place % 3]
    field = list(Category)[place % 6]
    return {
        "kind": kind,
        "name": user.name,
        "phone": f"010-{6_000 + place}-{place:04d}",
        "address": f"세종특별자치시 한누리대로 {place + 1}",
        "affiliation": f"{AT_WORK[kind]} {place}",
        "business_number": suppliers.business_number(2_000_000 + place)
        if kind == MemberKind.SME
        else "",
        "categories": [field],
        "expertise": f"{field.label} 분야를 {2 + place % 7}년 동안 쓰고 살펴 왔습니다.",
        "interest": f"{field.label} 서비스를 실제 업무에 써 보고 꼼꼼히 적겠습니다.",
        "independent": True,
        "consented": True,
    }
