"""From the agreement to the close: firm, supplier, expert and ministry, each on the own pages."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import expect

from applications.models import Agreement, Application, Deliverable, Expert, ExpertMatch
from applications.queries.delivery import EXPERT, FIRM, STAFF, SUPPLIER, confirming_side
from applications.services.settlement.spending import planned_items
from applications.states import AgreementState, DeliverableState
from applications.tasks import sweep_due_dates
from programs.models import Budget
from programs.queries.ledger import held
from programs.rules.ledger import Balance
from tests.journeys.applying import Journey
from tests.journeys.conftest import Calendar
from tests.journeys.people import Applicant, letter_to, work

REPORTS: dict[str, dict[str, Any]] = {
    "progress": {
        "done": "설비 열두 대에 센서를 붙이고 기준정보를 넣었습니다.",
        "percent": 60,
        "problems": "센서 납품이 한 주 늦어 설치 순서를 바꾸었습니다.",
        "next": "시운전과 작업자 교육을 합니다.",
    },
    "final": {
        "results": "불량의 원인을 한 시간 안에 찾습니다.",
        "targets": [{"name": "공정 불량률", "target": "1.5%", "reached": "1.4%"}],
        "lessons": "모은 데이터를 설비 예방보전에 쓸 계획입니다.",
    },
}
RECORD = {
    "title": "압출 2호기",
    "body": "함께 살펴보고 원인을 찾아 바로 고쳤습니다.",
    "outcome": "다음 방문까지 불량률의 변화를 재기로 했습니다.",
    "amount": 4,
}
LEVEL = "basic"


class Award:
    """A selected application on its way from the agreement to the close."""

    def __init__(
        self, journey: Journey, calendar: Calendar, firm: Applicant, application: Application
    ) -> None:
        self.journey, self.calendar, self.firm = journey, calendar, firm
        self.application = application
        self.officer, self.manager = journey.officer, journey.manager
        self.experts: dict[str, Applicant] = {}
        calendar.pass_days(1)
        sweep_due_dates()  # the portal prepares the agreement by itself
        self.agreement = Agreement.objects.get(application=application)
        self.pages = f"/applications/{application.pk}/agreement/"

    @property
    def state(self) -> str:
        """Where the agreement stands."""
        self.agreement.refresh_from_db()
        return str(self.agreement.state)

    def act(self, who: Any, act: str, **fields: Any) -> None:
        """Somebody of the ministry acts on the agreement."""
        who.act("agreement", self.agreement.pk, act, **fields)

    def conclude(self) -> None:
        """The firm hands in its papers and signs; the ministry checks them and signs."""
        firm = self.firm
        firm.go(self.pages)
        for paper in self.agreement.terms["papers"]:
            form = f"form:has([name=requirement][value={paper['code']}])"
            firm.attach("files", within=form, title=paper["label"])
            expect(firm.page.locator(f"#paper-{paper['code']} p a")).to_be_visible(timeout=60_000)
        firm.go(f"{self.pages}sign/")
        firm.fill("agreed", True)
        firm.fill("name", firm.name)
        firm.press("서명하기")
        firm.sees("협약서에 서명했습니다")
        self.officer.begin("agreement", self.agreement.pk, "papers")
        for verdict in self.officer.page.locator("[name^=verdict_]").all():
            verdict.select_option("accept")
        self.officer.do()
        self.act(self.manager, "conclude", name=self.manager.user.name, agreed=True)
        assert self.state == AgreementState.ACTIVE
        assert self.money == Balance(committed=self.agreement.grant_won)
        work()
        text = firm.printed(f"/applications/{self.application.pk}/documents/agreement/?download=1")
        assert self.agreement.number in text

    def pay(self) -> None:
        """The officer asks for the next instalment, the manager pays it."""
        before = self.money.paid
        self.act(self.officer, "request-pay")
        self.act(self.manager, "pay")
        assert self.money.paid > before

    def report(self, kind: str) -> None:
        """The firm writes a report and files it."""
        self.firm.go(f"{self.pages}reports/{kind}/")
        self.firm.answer(REPORTS[kind])
        self.firm.press("제출하기")
        self.firm.sees("보고서를 제출했습니다")

    def half_way(self) -> None:
        """The progress report and the mid-check."""
        self.calendar.pass_days(30)
        self.report("progress")
        self.act(
            self.officer,
            "mid-check",
            outcome="continue",
            reason="설치한 설비와 진도를 현장에서 확인했습니다.",
        )

    def enlist(self, pool: str) -> None:
        """An expert registers with evidence, is verified and matched by the solver."""
        expert = self.journey.applicant(pool, 900)
        expert.go("/experts/")
        expert.page.locator(f'main a[href$="/{pool}/"]').click()
        row = next(row for row in self.application.sub_program.round.pools if row["code"] == pool)
        expert.fill("route", row["routes"][0]["code"])
        expert.fill("years", 21)
        expert.fill("fields_of", ["quality", "equipment"])
        expert.fill("regions", ["gyeonggi"])
        if row.get("institution"):
            expert.fill("institution", "여정컨설팅")
            expert.fill("institution_number", "124-81-00998")
        expert.attach("evidence", title="경력증명서")
        expert.press("등록 신청하기")
        expert.sees("확인 대기")
        self.officer.act("expert", Expert.objects.get(pool=pool).pk, "verify")
        letter_to(expert.email, "전문가")
        self.officer.go("/admin/applications/expertmatch/start/")
        self.officer.fill("what", f"{self.application.sub_program_id}:{pool}")
        self.officer.do()
        self.officer.act("expertmatch", ExpertMatch.objects.latest("pk").pk, "confirm")
        letter_to(expert.email, "맡")
        self.experts[pool] = expert

    def deliver(self) -> None:
        """Everything that the agreement promises, recorded by its side and confirmed by the other."""
        for row in self.agreement.deliverables.order_by("order"):
            if row.spec["by"] == EXPERT and row.spec["pool"] not in self.experts:
                self.enlist(row.spec["pool"])
            if row.spec["by"] == STAFF:
                self.decide(row)
            else:
                self.do(row)
            row.refresh_from_db()
            assert row.state == DeliverableState.ACCEPTED, row.label
        self.firm.go(f"/applications/{self.application.pk}/delivery/")
        assert self.firm.page.locator("main tbody .badge--success").count() == (
            self.agreement.deliverables.count()
        )

    def do(self, row: Deliverable) -> None:
        """One thing delivered by firm, supplier or expert, and confirmed."""
        doer, page = self.doer(row), f"/delivery/{row.pk}/"
        for place in self.records(row):
            doer.go(page)
            doer.fill("on", self.calendar.today.isoformat())
            for name in row.spec["entry"]:
                doer.fill(name, f"{RECORD[name]} {place}" if name == "title" else RECORD[name])
            if row.spec.get("files"):
                doer.attach("files", title=row.label)
            doer.press("기록 남기기")
            if row.spec.get("confirmed"):
                self.firm.go(page)
                self.firm.press("이 기록을 확인합니다")
                self.firm.sees("기록을 확인했습니다")
        doer.go(page)
        if row.spec.get("result"):
            doer.fill("level", LEVEL)
        doer.press("제출하기")
        if confirming_side(row) == STAFF:
            self.officer.act("deliverable", row.pk, "accept")
        else:
            self.firm.go(page)
            self.firm.press("완료로 확인하기")

    def decide(self, row: Deliverable) -> None:
        """What staff do themselves: one records and hands in, another confirms."""
        self.calendar.pass_days(7)
        words = {name: RECORD[name] for name in ("title", "body")}
        if row.spec.get("result"):
            words["level"] = LEVEL
        self.officer.act(
            "deliverable", row.pk, "record", on=self.calendar.today.isoformat(), **words
        )
        self.manager.act("deliverable", row.pk, "accept")

    def records(self, row: Deliverable) -> Iterator[int]:
        """How often something is recorded; visits are a fortnight apart, days follow one another."""
        counted = row.spec.get("counted")
        often = row.spec["wanted"] if counted in ("entries", "days") else 1
        for place in range(1, often + 1):
            self.calendar.pass_days({"entries": 14, "days": 1}.get(counted or "", 7))
            yield place

    def doer(self, row: Deliverable) -> Applicant:
        """Whose work it is; a firm without a supplier records for it."""
        if row.spec["by"] == EXPERT:
            return self.experts[row.spec["pool"]]
        suppliers = self.journey.suppliers
        return {FIRM: self.firm, SUPPLIER: suppliers.get(self.application.pk, self.firm)}[
            row.spec["by"]
        ]

    def spend(self, *, refused: str = "") -> None:
        """The firm proves what it spent, as planned; the officer accepts it, one item excepted."""
        planned = self.application.submission.content["cost"]
        items = {
            code: won for code, won in planned.items() if code in planned_items(self.agreement)
        }
        firm = self.firm
        firm.go(f"{self.pages}spending/")
        for code, won in items.items():
            firm.fill("item", code)
            firm.fill("spent_on", self.calendar.today.isoformat())
            firm.fill("payee", "여정공급")
            firm.fill("purpose", "도입 계약 대금")
            firm.fill("amount_won", won)
            firm.attach("upload", title="세금계산서")
            firm.press("넣기")
        firm.press("사용내역 제출하기")
        self.officer.begin("agreement", self.agreement.pk, "judge")
        for line in self.agreement.spendings.filter(item=refused):
            self.officer.fill(f"won_{line.pk}", 0)
            self.officer.fill(f"reason_{line.pk}", "협약한 사업과 관계없는 지출입니다.")
        self.officer.do()

    def finish(self) -> None:
        """The final report and the final check."""
        self.report("final")
        self.act(
            self.officer, "final-check", outcome="done", reason="계획한 내용을 모두 마쳤습니다."
        )

    def settle(self) -> None:
        """The officer reckons, the manager approves; the firm reads why."""
        self.act(self.officer, "propose")
        self.act(self.manager, "settle")
        assert self.state == AgreementState.SETTLED
        work()
        self.firm.go(self.pages)
        self.firm.sees("확정 지원금")
        path = f"/applications/{self.application.pk}/documents/settlement/?download=1"
        assert self.agreement.number in self.firm.printed(path)

    def pay_back(self) -> int:
        """The firm reads what it owes and pays; the officer records it. Returns how much (won)."""
        owed = self.agreement.settlements.get(state="approved").recovery.amount_won
        self.firm.go(self.pages)
        self.firm.sees("돌려줄 지원금이 있습니다", f"{owed:,}원")
        self.calendar.pass_days(10)
        self.act(
            self.officer,
            "recover",
            received_on=self.calendar.today.isoformat(),
            evidence="국고 수납 2021-000817",
        )
        self.firm.go(self.pages)
        self.firm.sees("납부를")
        return owed

    def close(self) -> None:
        """The manager closes; the ledger, the counters and the public page all come out at zero."""
        self.act(self.manager, "close")
        assert self.state == AgreementState.CLOSED
        settled = self.agreement.settlements.get(state="approved").settled_won
        assert settled > 0
        assert self.money == Balance(paid=settled)
        pot = self.pot
        assert (pot.reserved_won, pot.committed_won, pot.paid_won) == (0, 0, settled)
        self.firm.go(f"/applications/{self.application.pk}/")
        self.firm.sees("완료")
        self.firm.go("/budget/")
        self.firm.sees("잔액과 원장이 일치합니다")
        shown = self.firm.page.locator(
            "tr", has=self.firm.page.get_by_role("rowheader", name=pot.name, exact=True)
        )
        for column, won in {"선정": 0, "협약": 0, "지급": settled}.items():
            cell = shown.locator(f'[data-label="{column}"]').inner_text().split()
            assert cell == [f"{won:,}"] * 2, (column, cell)
        assert shown.locator('[data-label="확인"]').inner_text() == "일치"

    @property
    def pot(self) -> Budget:
        """The pot that pays."""
        return Budget.objects.get(pk=self.application.sub_program.pot_id)

    @property
    def money(self) -> Balance:
        """What the ledger says of this award."""
        return held(self.pot, self.agreement.subject)
