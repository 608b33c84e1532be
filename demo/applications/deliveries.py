"""Deliver everything an agreement promises, as its firm, supplier, experts and staff would."""

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
WORDS = {
    "firm": "현장에서 확인한 내용을 사진과 함께 적었습니다.",
    "supplier": "설치하고 시험 가동한 뒤 작업자 교육을 마쳤습니다.",
    "expert": "공정을 함께 살펴보고 원인을 찾아 바로 조치했습니다.",
    "staff": "제출된 자료와 현장 확인 결과를 심의했습니다.",
}


@dataclass(frozen=True)
class Handover:
    """The people of staff, and how a file is made; `now` is asked for each act."""

    officer: User
    second: User
    paper: Callable[[str], ContentFile]
    now: Callable[[], datetime]
    today: Callable[[], date]

    def all(self, agreement: Agreement) -> None:
        """Deliver everything, in order."""
        rows = Deliverable.objects.filter(agreement=agreement).order_by("order")
        for pk in list(rows.values_list("pk", flat=True)):
            self.one(pk)

    def one(self, pk: int) -> None:
        """Deliver one thing, from its first record to its confirmation."""
        row, doer = self._given(pk)
        for turn in range(row.spec.get("wanted") or 1):
            self._record(row, turn, doer)
        level = LEVEL if row.spec.get("result") else ""
        deliverables.submit(row, by=doer, now=self.now(), level=level)
        deliverables.accept(row, by=self._judge(row, doer), now=self.now())

    def begin(self, row: Deliverable, times: int) -> None:
        """Record the first times, confirmed by the firm, and one that waits for its word."""
        row, doer = self._given(row.pk)
        for turn in range(times + 1):
            self._record(row, turn, doer, confirm=turn < times)

    def _given(self, pk: int) -> tuple[Deliverable, User]:
        rows = Deliverable.objects.select_related("agreement__application", "expert__user")
        row = rows.get(pk=pk)
        if row.spec["by"] == queries.EXPERT and row.expert is None:
            self._assign(row)
        return row, self._doer(row)

    def _record(self, row: Deliverable, turn: int, doer: User, *, confirm: bool = True) -> None:
        words = row.spec["entry"]
        entry = deliverables.add_entry(
            row,
            on=self.today(),
            title=f"{words['title']} {turn + 1}",
            body=WORDS[row.spec["by"]],
            outcome="다음 방문까지 변화를 재기로 했습니다." if "outcome" in words else "",
            amount=4 if "amount" in words else None,
            uploads=[self.paper(row.label)] if row.spec.get("files") else [],
            by=doer,
            now=self.now(),
        )
        row.refresh_from_db()
        if row.spec.get("confirmed") and confirm:
            firm = row.agreement.application.created_by
            deliverables.answer_entry(entry, agree=True, by=firm, now=self.now())

    def _assign(self, row: Deliverable) -> None:
        pool = Expert.objects.filter(pool=row.spec["pool"], state=ExpertState.VERIFIED)
        for one in pool.order_by("pk"):
            if experts.load_of(one) < one.capacity and not experts.ties(one, row):
                experts.assign(row, expert=one, by=self.officer, now=self.now())
                row.refresh_from_db()
                return

    def _doer(self, row: Deliverable) -> User:
        application = row.agreement.application
        partner = application.partners.filter(state=PartnerState.ACCEPTED).first()
        if row.spec["by"] == queries.EXPERT and row.expert is not None:
            return row.expert.user
        if row.spec["by"] == queries.STAFF:
            return self.officer
        if row.spec["by"] == queries.SUPPLIER and partner and partner.company:
            return partner.company.members.order_by("pk")[0].user
        return application.created_by

    def _judge(self, row: Deliverable, doer: User) -> User:
        if queries.confirming_side(row) == queries.STAFF:
            return self.second if doer == self.officer else self.officer
        owner = row.agreement.application.created_by
        if doer != owner:
            return owner
        others = Member.objects.filter(company=row.agreement.company).exclude(user=owner)
        return others.order_by("pk")[0].user
