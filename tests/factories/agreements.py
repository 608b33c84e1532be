"""Agreements for tests: awarded applications of the real catalogue, advanced by the services.

`awarded()` is released with its money reserved; `World` takes an award further with its people.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.core.files.base import ContentFile

from applications.models import (
    Agreement,
    Application,
    ApplicationMove,
    Decision,
    Deliverable,
    Instalment,
    ScoreRun,
    Selection,
    Settlement,
)
from applications.services.agreement import contracts as agreements
from applications.services.agreement import instalments
from applications.services.settlement import reports, spending, statements
from applications.states import DeliverableState, Outcome, SelectionState
from portal.models import User
from portal.records import snapshot
from programs.models import SubProgram
from programs.queries.ledger import held
from programs.roles import MANAGER, OFFICER
from programs.rules.ledger import Balance
from programs.services import ledger
from tests.factories import programs
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    FormVersion,
    SubmissionFactory,
    UserFactory,
    owner_of,
)

COSTS = {"robot": 60_000_000, "integration": 30_000_000, "training": 10_000_000}
GRANT = 50_000_000
_files = count(1)


def pdf(name: str = "증빙.pdf") -> ContentFile:
    """Return a small PDF, different at each call."""
    return ContentFile(sample(f"{name} {next(_files)}"), name=name)


def sample(title: str) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        b"<< /Title <" + title.encode("utf-16-be").hex().encode() + b"> >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R /Info 4 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (table, len(body))
    )


def people(*scope: SubProgram) -> tuple[User, User, User]:
    """Make an officer and two managers of these sub-programmes."""
    made = [
        UserFactory(name=name, roles=roles, is_staff=True)
        for name, roles in (("이담당", [OFFICER]), ("박결정", [MANAGER]), ("최결정", [MANAGER]))
    ]
    for user in made:
        user.sub_programs.add(*scope)
    return made[0], made[1], made[2]


def awarded(
    code: str = "robot",
    *,
    track: str | None = None,
    grant_won: int = GRANT,
    costs: dict[str, int] | None = None,
    now: datetime = NOW,
    outcome: str = Outcome.SELECTED,
    reserve: bool = True,
) -> Application:
    """Make a released application of this sub-programme with its money reserved."""
    if not SubProgram.objects.filter(code=code).exists():
        programs.load()
    program = programs.program(code)
    chosen = program.tracks.get(code=track) if track else program.tracks.first()
    application = ApplicationFactory(sub_program=program, track=chosen, released=True, frozen=None)
    costs = COSTS if costs is None else costs
    content: dict[str, Any] = {"answers": {}, "facts": {}, "cost": costs, "partners": []}
    FormVersion.objects.get_or_create(sha256="0" * 64, defaults={"content": {}})
    SubmissionFactory(
        application=application,
        content=content,
        sha256=snapshot.sha256(content),
        total_cost_won=sum(costs.values()) or None,
        support_won=grant_won,
        own_won=None,
    )
    by = UserFactory(roles=[OFFICER])
    for name in ("submit", "take_up", "qualify", "decide", "release"):
        step = application.MOVES[name]
        ApplicationMove.objects.create(
            thing=application, move=name, source=step.source[0], target=step.target, by=by, at=now
        )
    run = ScoreRun.objects.filter(sub_program=program).first() or ScoreRun.objects.create(
        sub_program=program,
        number=1,
        rubric={},
        rubric_sha256="0" * 64,
        requested_by=by,
        requested_at=now,
        finished_at=now,
    )
    selection = Selection.objects.create(
        state=SelectionState.RELEASED,
        sub_program=program,
        run=run,
        requested_by=by,
        requested_at=now,
        confirmed_by=by,
        confirmed_at=now,
        decided_by=UserFactory(roles=[MANAGER]),
        decided_at=now,
        released_at=now,
    )
    Decision.objects.create(
        selection=selection,
        application=application,
        outcome=outcome,
        rank=1,
        grant_won=grant_won,
        reason_code="selected",
        reason="순위 안",
    )
    if reserve and grant_won and outcome == Outcome.SELECTED:
        ledger.reserve(
            program.pot,
            ledger.Booking(
                amount=grant_won,
                reference=f"reserve:{application.subject}",
                subject=application.subject,
            ),
            by=by,
            now=now,
        )
    return application


@dataclass
class World:
    """One awarded application with its people, advanced by the real services."""

    code: str = "robot"
    track: str | None = None
    grant_won: int = GRANT
    costs: dict[str, int] | None = None
    now: datetime = NOW
    application: Application = field(init=False)
    agreement: Agreement = field(init=False)

    def __post_init__(self) -> None:
        self.application = awarded(
            self.code,
            track=self.track,
            grant_won=self.grant_won,
            costs=self.costs,
            now=self.now,
        )
        program = self.application.sub_program
        self.officer, self.manager, self.other = people(program)
        self.owner = owner_of(self.application.company)
        self.agreement = agreements.draft(self.application, by=self.officer, now=self.now)

    @property
    def money(self) -> Balance:
        """Return the balance of the award in the ledger."""
        return held(self.application.sub_program.pot, self.application.subject)

    def fresh(self) -> Agreement:
        self.agreement = Agreement.objects.select_related(
            "application__sub_program", "company"
        ).get(pk=self.agreement.pk)
        return self.agreement

    def later(self, days: int) -> None:
        self.now += timedelta(days=days)

    def papers(self) -> None:
        for row in self.fresh().terms["papers"]:
            paper = agreements.submit_paper(
                self.agreement, requirement=row["code"], upload=pdf(), by=self.owner, now=self.now
            )
            agreements.check_paper(paper, accepted=True, by=self.officer, now=self.now)

    def words(self, by: User) -> dict[str, Any]:
        """Return the arguments of a signature by this person."""
        text = self.fresh().versions.get(number=self.agreement.version)
        return {"name": by.name, "sha256": text.sha256, "agreed": True, "by": by, "now": self.now}

    def sign(self) -> None:
        agreements.sign(self.fresh(), **self.words(self.owner))

    def conclude(self) -> "World":
        """Submit the documents and sign for both sides."""
        self.papers()
        self.sign()
        agreements.conclude(self.fresh(), **self.words(self.manager))
        self.fresh()
        return self

    def part(self, number: int) -> Instalment:
        return Instalment.objects.select_related("agreement").get(
            agreement=self.agreement, number=number
        )

    def pay(self, number: int) -> None:
        instalments.request(self.part(number), by=self.officer, now=self.now)
        instalments.pay(self.part(number), by=self.manager, now=self.now)
        self.fresh()

    def report(self, kind: str) -> None:
        answers: dict[str, Any] = {"done": "설계를 마쳤습니다.", "percent": 60, "next": "설치"}
        if kind == "final":
            rows = [{"name": "불량률", "target": "1%", "reached": "0.8%"}]
            answers = {"results": "설치하고 시험했습니다.", "targets": rows}
        report = self.fresh().reports.select_related("agreement").get(kind=kind)
        reports.save(report, answers=answers, version=report.version, by=self.owner, now=self.now)
        reports.file(report, by=self.owner, now=self.now)
        self.fresh()

    def half_way(self, outcome: str = "continue") -> None:
        """File the progress report and check it."""
        self.report("progress")
        reports.check_mid(
            self.agreement, outcome=outcome, reason="계획대로입니다.", by=self.officer, now=self.now
        )
        self.fresh()

    def finish(self, verdict: str = "done") -> None:
        """File the final report, accept all deliverables and check the report."""
        self.report("final")
        if verdict == "done":
            Deliverable.objects.filter(agreement=self.agreement).update(
                **{"state": DeliverableState.ACCEPTED}, finished_at=self.now
            )
        reports.check_final(
            self.agreement, outcome=verdict, reason="확인했습니다.", by=self.officer, now=self.now
        )
        self.fresh()

    def spend(self, amounts: dict[str, int], *, allowed: dict[str, int] | None = None) -> None:
        """Claim spending, submit it and have it judged."""
        for item, amount in amounts.items():
            spending.add(
                self.fresh(),
                item=item,
                spent_on=self.day,
                payee="한빛로봇",
                purpose="구입",
                amount_won=amount,
                upload=pdf(),
                by=self.owner,
                now=self.now,
            )
        spending.submit(self.fresh(), by=self.owner, now=self.now)
        for row in self.agreement.spendings.select_related("agreement"):
            won = (allowed or {}).get(row.item, row.amount_won)
            spending.judge(row, allowed_won=won, reason="증빙", by=self.officer, now=self.now)
        self.fresh()

    def spend_one(self) -> None:
        spending.add(
            self.fresh(),
            item="robot",
            spent_on=self.day,
            payee="한빛로봇",
            purpose="구입",
            amount_won=1_000,
            upload=pdf(),
            by=self.owner,
            now=self.now,
        )

    @property
    def day(self) -> date:
        starts = self.agreement.starts_on
        assert starts is not None
        return starts

    def settle(self) -> Settlement:
        made = statements.propose(self.fresh(), by=self.officer, now=self.now)
        statements.approve(made, by=self.manager, now=self.now)
        self.fresh()
        made.refresh_from_db()
        return made

    def close(self) -> None:
        statements.close(self.fresh(), by=self.manager, now=self.now)
        self.fresh()
