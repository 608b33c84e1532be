"""A sale is suspended by two people; the supplier objects once and others decide."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.core.errors import BadInput, Closed, MoveNotAllowed
from portal.models import Notice
from tests.factories import reports as make
from tests.factories import vouchers as panel
from vouchers.models import Correction, SaleSuspension, Service
from vouchers.services import corrections
from vouchers.services.catalogue import sale
from vouchers.states import CorrectionState, ServiceState, SuspensionState

pytestmark = pytest.mark.django_db
NOW = make.LATER


def of(row: Service | SaleSuspension | Correction) -> str:
    pk = row.pk if isinstance(row, Service) else row.service_id
    return Service.objects.get(pk=pk).state


def fresh(row: SaleSuspension) -> SaleSuspension:
    rows = SaleSuspension.objects.select_related("service__supplier", "correction")
    return rows.get(pk=row.pk)


def failed() -> SaleSuspension:
    """An answer before the due date that the agency holds to be none."""
    case = make.raised()
    agency = panel.agency()
    corrections.verify(case, finding="열리지 않음", by=agency, now=NOW)
    corrections.request(case, text="고침", by=agency, now=NOW)
    desk = make.desk(case.service.supplier)
    corrections.answer(case, text="고쳤습니다.", by=desk, now=NOW)
    return corrections.fail(case, note="그대로임", by=agency, now=NOW)


def overdue() -> SaleSuspension:
    case = make.raised()
    corrections.verify(case, finding="열리지 않음", by=panel.agency(), now=NOW)
    corrections.request(case, text="고침", by=panel.agency(), now=NOW)
    case.refresh_from_db()
    corrections.suspend_overdue(case.due_at)
    return SaleSuspension.objects.get()


def chosen() -> SaleSuspension:
    make.round()  # whose rules say how long one may object
    return sale.propose_suspension(panel.service(), reason="허위 광고", by=panel.agency(), now=NOW)


@pytest.mark.parametrize("start", [failed, chosen])
def test_a_suspension_takes_two_people(start) -> None:
    made = start()
    assert of(made) == ServiceState.ON_SALE
    with pytest.raises(MoveNotAllowed) as refused:
        sale.confirm_suspension(made, by=made.proposed_by, now=NOW)
    assert refused.value.code == "second_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        SaleSuspension.objects.update(
            state="in_force", confirmed_by=made.proposed_by, started_at=NOW
        )
    desk = make.desk(made.service.supplier)
    sale.confirm_suspension(fresh(made), by=panel.agency(), now=NOW)
    assert of(made) == ServiceState.SUSPENDED
    letter = Notice.objects.get(key=f"service-suspended:{made.pk}:{desk.pk}")
    assert made.reason in letter.body
    assert f"/vouchers/supplier/suspensions/{made.pk}/" in letter.body


def in_force(start) -> SaleSuspension:
    made = fresh(start())
    if made.state == SuspensionState.PROPOSED:
        sale.confirm_suspension(made, by=panel.agency(), now=NOW)
    return fresh(made)


@pytest.mark.parametrize("start", [failed, overdue, chosen])
def test_an_upheld_objection_resumes_the_sale_and_judges_again(start) -> None:
    made = in_force(start)
    seller = make.desk(made.service.supplier)
    with pytest.raises(BadInput):
        sale.object_to(made, text=" ", by=seller, now=NOW)
    sale.object_to(made, text="이미 고쳤습니다.", by=seller, now=NOW)
    with pytest.raises(MoveNotAllowed):
        sale.object_to(fresh(made), text="또", by=seller, now=NOW)
    for first in filter(None, (made.proposed_by, made.confirmed_by)):
        with pytest.raises(MoveNotAllowed) as refused:
            sale.uphold(fresh(made), decision="인용", by=first, now=NOW)
        assert refused.value.code == "first_person"
        with pytest.raises(IntegrityError), transaction.atomic():
            SaleSuspension.objects.update(
                upheld=True, decision="인용", decided_by=first, decided_at=NOW
            )
    sale.uphold(fresh(made), decision="새 판에서 확인함", by=panel.agency(), now=NOW)
    assert (of(made), fresh(made).state) == (ServiceState.ON_SALE, SuspensionState.LIFTED)
    expected = {failed: CorrectionState.ANSWERED, overdue: CorrectionState.ASKED}
    if made.correction:
        case = Correction.objects.get()
        assert (case.state, case.suspended_service) == (expected[start], False)
    assert (
        "새 판에서 확인함"
        in Notice.objects.filter(key__startswith="suspension-decided:").latest("pk").body
    )
    log = list(made.moves.order_by("pk").values_list("move", flat=True))
    assert log[-2:] == ["object", "uphold"]


def test_a_rejected_objection_leaves_everything_and_says_why() -> None:
    made = in_force(failed)
    sale.object_to(made, text="고쳤습니다.", by=make.desk(made.service.supplier), now=NOW)
    sale.reject(fresh(made), decision="그대로입니다.", by=panel.agency(), now=NOW)
    assert (of(made), fresh(made).upheld) == (ServiceState.SUSPENDED, False)
    with pytest.raises(MoveNotAllowed):
        sale.uphold(fresh(made), decision="다시", by=panel.agency(), now=NOW)


def test_an_objection_has_its_time() -> None:
    made = in_force(failed)
    until = made.objection_until
    assert NOW + timedelta(days=9) < until < NOW + timedelta(days=20)
    with pytest.raises(Closed):
        sale.object_to(made, text="늦음", by=make.desk(made.service.supplier), now=until)


def test_a_sale_resumes_only_when_nothing_holds_it() -> None:
    made = in_force(failed)
    other = sale.propose_suspension  # a second reason, while the sale is suspended, is refused
    with pytest.raises(MoveNotAllowed):
        other(made.service, reason="또", by=panel.agency(), now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        sale.resume(made.service, reason="그냥", by=panel.agency(), now=NOW)
    assert refused.value.code == "correction_open"
    corrections.answer(
        made.correction, text="고쳤습니다.", by=make.desk(made.service.supplier), now=NOW
    )
    corrections.fix(made.correction, note="확인", by=panel.agency(), now=NOW)
    assert (of(made), fresh(made).state) == (ServiceState.ON_SALE, SuspensionState.LIFTED)


def test_asking_again_or_fixing_closes_a_waiting_proposal() -> None:
    made = failed()
    corrections.request_again(made.correction, text="더 고침", by=panel.agency(), now=NOW)
    assert fresh(made).state == SuspensionState.DECLINED
    with pytest.raises(MoveNotAllowed):
        sale.confirm_suspension(fresh(made), by=panel.agency(), now=NOW)
    assert of(made) == ServiceState.ON_SALE


def test_the_supplier_reads_the_reason_and_objects_on_its_own_page(client) -> None:
    made = in_force(failed)
    client.force_login(make.desk(made.service.supplier))
    address = f"/vouchers/supplier/suspensions/{made.pk}/"
    desk = client.get("/vouchers/supplier/").content.decode()
    assert made.reason in desk
    assert address in desk
    assert made.reason in client.get(address).content.decode()
    sale.object_to(made, text="고쳤습니다.", by=make.desk(made.service.supplier), now=NOW)
    page = client.get(f"/vouchers/services/{made.service.code}/").content.decode()
    assert "공급기업이 이의를 신청해 살피고 있습니다." in page
    assert "다른 담당자가 살피고 있습니다" in client.get(address).content.decode()
