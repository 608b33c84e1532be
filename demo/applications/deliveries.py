"""Deliver what an agreement promises, as its firm, supplier, experts and staff would."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.files.base import ContentFile

from applications.models import Agreement, Deliverable, Expert, Member
from applications.queries import delivery as queries
from applications.services.delivery import deliverables, experts
from applications.states import ExpertState, PartnerState
from portal.models import User

LEVEL = "middle1"
TEXTS = {
    "firm": "현장에서 확인한 내용을 사진과 함께 적었습니다.",
    "supplier": "설치하고 시험 가동한 뒤 작업자 교육을 마쳤습니다.",
    "expert": "공정을 함께 살펴보고 원인을 찾아 바로 조치했습니다.",
    "staff": "제출된 자료와 현장 확인 결과를 심의했습니다.",
}


@dataclass(frozen=True)
class DeliverySeeder:
    """Delivers as of `now()`; `second` confirms what `officer` delivered."""

    officer: User
    second: User
    make_file: Callable[[str], ContentFile]
    now: Callable[[], datetime]
    today: Callable[[], date]

    def deliver_all(self, agreement: Agreement) -> None:
        rows = Deliverable.objects.filter(agreement=agreement).order_by("order")
        for pk in list(rows.values_list("pk", flat=True)):
            self.deliver(pk)

    def deliver(self, pk: int) -> None:
        """Deliver one deliverable, from its first record to its confirmation."""
        row, performer = self._load(pk)
        for index in range(row.spec.get("wanted") or 1):
            self._record(row, index, performer)
        level = LEVEL if row.spec.get("result") else ""
        deliverables.submit(row, by=performer, now=self.now(), level=level)
        deliverables.accept(row, by=self._confirmer(row, performer), now=self.now())

    def record(self, row: Deliverable, times: int) -> None:
        """Record `times` confirmed entries and one more that the firm has not confirmed yet."""
        row, performer = self._load(row.pk)
        for index in range(times + 1):
            self._record(row, index, performer, confirm=index < times)

    def _load(self, pk: int) -> tuple[Deliverable, User]:
        rows = Deliverable.objects.select_related("agreement__application", "expert__user")
        row = rows.get(pk=pk)
        if row.spec["by"] == queries.EXPERT and row.expert is None:
            self._assign(row)
        return row, self._performer(row)

    def _record(
        self, row: Deliverable, index: int, performer: User, *, confirm: bool = True
    ) -> None:
        words = row.spec["entry"]
        entry = deliverables.add_entry(
            row,
            on=self.today(),
            title=f"{words['title']} {index + 1}",
            body=TEXTS[row.spec["by"]],
            outcome="다음 방문까지 변화를 재기로 했습니다." if "outcome" in words else "",
            amount=4 if "amount" in words else None,
            uploads=[self.make_file(row.label)] if row.spec.get("files") else [],
            by=performer,
            now=self.now(),
        )
        row.refresh_from_db()
        if row.spec.get("confirmed") and confirm:
            firm = row.agreement.application.created_by
            deliverables.answer_entry(entry, agree=True, by=firm, now=self.now())

    def _assign(self, row: Deliverable) -> None:
        pool = Expert.objects.filter(pool=row.spec["pool"], state=ExpertState.VERIFIED)
        for expert in pool.order_by("pk"):
            if experts.load_of(expert) < expert.capacity and not experts.ties(expert, row):
                experts.assign(row, expert=expert, by=self.officer, now=self.now())
                row.refresh_from_db()
                return

    def _performer(self, row: Deliverable) -> User:
        application = row.agreement.application
        partner = application.partners.filter(state=PartnerState.ACCEPTED).first()
        if row.spec["by"] == queries.EXPERT and row.expert is not None:
            return row.expert.user
        if row.spec["by"] == queries.STAFF:
            return self.officer
        if row.spec["by"] == queries.SUPPLIER and partner and partner.company:
            return partner.company.members.order_by("pk")[0].user
        return application.created_by

    def _confirmer(self, row: Deliverable, performer: User) -> User:
        if queries.confirming_side(row) == queries.STAFF:
            return self.second if performer == self.officer else self.officer
        owner = row.agreement.application.created_by
        if performer != owner:
            return owner
        others = Member.objects.filter(company=row.agreement.company).exclude(user=owner)
        return others.order_by("pk")[0].user
