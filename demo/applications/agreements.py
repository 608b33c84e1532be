"""Take the demo's awards to the stages of the scenario by the real services."""

from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile

from applications.models import Agreement, Application, Deliverable, Instalment
from applications.services.agreement import contracts as agreements
from applications.services.agreement import endings, instalments
from applications.services.settlement import reports, spending, statements
from applications.states import EndingKind, MemberRole
from demo.applications.deliveries import DeliverySeeder
from demo.samples import sample_pdf
from demo.timeline import Timeline
from portal.models import User

PROGRESS = {
    "done": "설비 12대에 센서를 붙이고 생산관리시스템의 기준정보를 넣었습니다.",
    "percent": 60,
    "problems": "센서 납품이 한 주 늦었으나 설치 순서를 바꾸어 맞추었습니다.",
    "next": "시운전과 작업자 교육을 합니다.",
}
FINAL = {
    "results": "생산 실적과 품질을 실시간으로 모아 불량의 원인을 한 시간 안에 찾습니다.",
    "targets": [{"name": "공정 불량률", "target": "1.5%", "reached": "1.4%"}],
    "lessons": "모은 데이터를 설비 예방보전에 쓸 계획입니다.",
}
VISITS = 2


class AgreementSeeder:
    """Drafts agreements and carries them out as the firm and the staff would."""

    def __init__(self, officer: User, manager: User, timeline: Timeline) -> None:
        self.officer, self.manager, self.timeline = officer, manager, timeline
        self.now = timeline.now

    def advance(self, application: Application, *, until: str, spent: Mapping[str, int]) -> None:
        """Draft an agreement and stop at the stage `until`; `spent` is won by cost item."""
        agreement = agreements.draft(application, by=self.officer, now=self.now())
        owner = application.company.members.get(role=MemberRole.OWNER).user
        if until == "drafted":
            return
        self._papers(agreement, owner)
        if until == "signing":
            return
        self.timeline.next_day()
        self._conclude(agreement, owner)
        if until == "visits":
            self._deliveries().record(Deliverable.objects.get(agreement=agreement), VISITS)
            return
        if until == "delivered":
            self._deliveries().deliver_all(self._fresh(agreement))
            return
        self._pay(agreement, 1)
        if until == "given_up":
            self._give_up(agreement, owner)
            return
        if until == "active":
            return
        self.timeline.next_day()
        self._report(agreement, "progress", PROGRESS, owner)
        if until == "mid_check":
            return
        reason = "설치한 설비와 진도를 현장에서 확인했습니다."
        reports.check_mid(
            self._fresh(agreement),
            outcome="continue",
            reason=reason,
            by=self.officer,
            now=self.now(),
        )
        self._pay(agreement, 2)
        self.timeline.next_day()
        self._deliveries().deliver_all(self._fresh(agreement))
        self._report(agreement, "final", FINAL, owner)
        self._settle(agreement, owner, until, spent)

    def _deliveries(self) -> DeliverySeeder:
        return DeliverySeeder(
            officer=self.officer,
            second=self.manager,
            make_file=lambda title: self._file(title, title),
            now=self.now,
            today=self.timeline.today,
        )

    def _papers(self, agreement: Agreement, owner: User) -> None:
        for row in agreement.terms["papers"]:
            upload = self._file(f"{row['label']} {agreement.number}", row["label"])
            paper = agreements.submit_paper(
                agreement, requirement=row["code"], upload=upload, by=owner, now=self.now()
            )
            agreements.check_paper(paper, accepted=True, by=self.officer, now=self.now())

    def _conclude(self, agreement: Agreement, owner: User) -> None:
        text = agreement.versions.get(number=agreement.version)
        words: dict[str, Any] = {"sha256": text.sha256, "agreed": True}
        agreements.sign(agreement, name=owner.name, **words, by=owner, now=self.now())
        name = self.manager.name
        agreements.conclude(agreement, name=name, **words, by=self.manager, now=self.now())

    def _pay(self, agreement: Agreement, number: int) -> None:
        rows = Instalment.objects.select_related("agreement")
        part = rows.get(agreement=agreement, number=number)
        instalments.request(part, by=self.officer, now=self.now())
        instalments.pay(part, by=self.manager, now=self.now())

    def _report(
        self, agreement: Agreement, kind: str, answers: Mapping[str, Any], owner: User
    ) -> None:
        report = self._fresh(agreement).reports.select_related("agreement").get(kind=kind)
        reports.save(report, answers=answers, version=report.version, by=owner, now=self.now())
        reports.file(report, by=owner, now=self.now())

    def _settle(
        self, agreement: Agreement, owner: User, until: str, spent: Mapping[str, int]
    ) -> None:
        reports.check_final(
            self._fresh(agreement),
            outcome="done",
            reason="계획한 내용을 모두 마쳤습니다.",
            by=self.officer,
            now=self.now(),
        )
        for item, amount in spent.items():
            spending.add(
                self._fresh(agreement),
                item=item,
                spent_on=self.timeline.today(),
                payee="로봇온(주)",
                purpose="도입 계약 대금",
                amount_won=amount,
                upload=self._file(f"세금계산서 {agreement.number} {item}", "세금계산서"),
                by=owner,
                now=self.now(),
            )
        spending.submit(self._fresh(agreement), by=owner, now=self.now())
        if until == "settling":
            return
        for row in agreement.spendings.select_related("agreement"):
            spending.judge(
                row, allowed_won=row.amount_won, reason="", by=self.officer, now=self.now()
            )
        made = statements.propose(self._fresh(agreement), by=self.officer, now=self.now())
        statements.approve(made, by=self.manager, now=self.now())
        if until == "closed":
            if made.balance_won:
                self._pay(agreement, 3)
            statements.close(self._fresh(agreement), by=self.manager, now=self.now())

    def _give_up(self, agreement: Agreement, owner: User) -> None:
        reason = "공장을 옮기게 되어 사업을 이어 갈 수 없습니다."
        words: dict[str, Any] = {"kind": EndingKind.DECLINE, "reason": reason}
        ending = endings.request(self._fresh(agreement), **words, by=owner, now=self.now())
        note = "사유를 확인했습니다."
        endings.approve(ending, note=note, by=self.manager, now=self.now())

    @staticmethod
    def _fresh(agreement: Agreement) -> Agreement:
        return Agreement.objects.select_related("application__sub_program", "company").get(
            pk=agreement.pk
        )

    @staticmethod
    def _file(title: str, name: str) -> ContentFile:
        return ContentFile(sample_pdf(title), name=f"{name}.pdf")
