"""Every kind of tie is found, bars an applicant and excludes a member."""

import pytest

from portal.core.errors import Finding, MoveNotAllowed
from portal.models import DeclaredTie, FirmLink, Job
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import SupplierContact, SupplierMember, SupplierPartner, SupplierTie
from vouchers.services import conflicts, members, suppliers
from vouchers.states import MonitorState, PanelApplicationState

pytestmark = pytest.mark.django_db

OWN, PARTNER, OTHER = make.number(9_001), make.number(8_002), make.number(8_003)


@pytest.fixture
def supplier():
    made = make.supplier(
        name="㈜가온",
        business_number=OWN,
        email="info@gaon.example",
        phone="02-555-1234",
        address="서울특별시 구로구 디지털로 26길 5 (구로동)",
    )
    SupplierPartner.objects.create(supplier=made, name="누리협력", business_number=PARTNER)
    SupplierContact.objects.create(
        supplier=made, name="김담당", email="kim@gaon-mail.example", phone="010-2222-3333"
    )
    return made


def codes(found: list[Finding]) -> set[str]:
    return {row.code for row in found}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"business_number": OWN}, "same_business_number"),
        ({"business_number": PARTNER}, "same_business_number"),
        ({"firms": [{"name": "가온", "business_number": ""}]}, "declared_tie"),
        ({"firms": [{"name": "x", "business_number": OWN}]}, "same_business_number"),
        ({"affiliation": "주식회사 가온"}, "declared_tie"),
        ({"affiliation": "누리협력"}, "declared_tie"),
        ({"phone": "02-555-1234"}, "same_phone"),
        ({"phone": "010-2222-3333"}, "same_phone"),
        ({"address": "서울 구로구 디지털로 26길 5"}, "same_address"),
    ],
)
def test_each_tie_is_found(supplier, fields: dict, code: str) -> None:
    draft = make.application(make.panel(), state=PanelApplicationState.DRAFT, **fields)
    found = conflicts.check(draft.user, draft, now=NOW)
    assert code in codes(found)
    assert SupplierTie.objects.filter(user=draft.user, supplier=supplier, ended_at=None).exists()


def test_mail_domain_and_supplier_account_tie_a_person_without_an_application(supplier) -> None:
    worker = make.person(email="lee@mail.gaon.example")
    assert "same_email_domain" in codes(conflicts.check(worker, None, now=NOW))
    helper = make.person()
    SupplierMember.objects.create(supplier=supplier, user=helper, since=NOW)
    assert "member" in codes(conflicts.check(helper, None, now=NOW))


def test_a_chain_of_shares_is_followed_to_its_end(supplier) -> None:
    FirmLink.objects.create(one=OWN, other=OTHER, kind="shares", origin="공시", recorded_at=NOW)
    FirmLink.objects.create(
        one=OTHER, other=make.number(8_004), kind="shares", origin="공시", recorded_at=NOW
    )
    draft = make.application(
        make.panel(), state=PanelApplicationState.DRAFT, business_number=make.number(8_004)
    )
    assert codes(conflicts.check(draft.user, draft, now=NOW)) == {"linked_firm"}


def test_a_declared_tie_holds_until_it_ends(supplier) -> None:
    user = make.person()
    declared = DeclaredTie.objects.create(
        user=user, kind="family", firm_name="가온", declared_at=NOW
    )
    assert codes(conflicts.check(user, None, now=NOW)) == {"declared_tie"}
    declared.ended_on = NOW.date().replace(day=1)
    declared.save()
    assert conflicts.check(user, None, now=NOW) == []
    assert not SupplierTie.objects.filter(user=user, ended_at=None).exists()


def test_a_stranger_has_no_tie(supplier) -> None:
    draft = make.application(make.panel(), address="부산광역시 중구 중앙대로 1")
    assert conflicts.check(draft.user, draft, now=NOW) == []


def test_a_tie_found_late_bars_applicants_and_excludes_members(supplier, mailoutbox) -> None:
    panel = make.panel()
    applicant = make.application(panel, business_number=OTHER)
    monitor = make.monitor(panel, filed={"business_number": OTHER})
    innocent = make.monitor(panel)
    assert conflicts.recheck(now=NOW) == {"checked": 3, "barred": 0, "excluded": 0}
    conflicts.link(OWN, OTHER, kind="shares", origin="공시", by=make.operator(), now=NOW)
    assert Job.objects.filter(kind=conflicts.JOB).count() == 1
    assert conflicts.recheck(now=NOW) == {"checked": 3, "barred": 1, "excluded": 1}
    for row in (applicant, monitor, innocent):
        row.refresh_from_db()
    assert applicant.state == PanelApplicationState.BARRED
    assert monitor.state == MonitorState.EXCLUDED
    assert monitor.excluded_at == NOW
    assert "지분·협력" in monitor.exclusion_reason
    assert innocent.state == MonitorState.ACTIVE
    assert conflicts.recheck(now=NOW)["excluded"] == 0
    assert monitor.user.notices.get().key.startswith("panel-excluded:")


def test_an_exclusion_is_undone_only_without_a_tie(supplier) -> None:
    monitor = make.monitor(make.panel(), filed={"business_number": OWN})
    conflicts.recheck(now=NOW)
    monitor.refresh_from_db()
    with pytest.raises(MoveNotAllowed):
        members.restore(monitor, reason="착오", by=make.agency(), now=NOW)
    SupplierTie.objects.update(ended_at=NOW)
    members.restore(monitor, reason="동명이인", by=make.agency(), now=NOW)
    assert (monitor.state, monitor.excluded_at) == (MonitorState.ACTIVE, None)


def test_a_new_supplier_account_requests_a_recheck(supplier) -> None:
    monitor = make.monitor(make.panel())
    suppliers.add_member(supplier, user=monitor.user, by=make.operator(), now=NOW)
    conflicts.recheck(now=NOW)
    monitor.refresh_from_db()
    assert monitor.state == MonitorState.EXCLUDED


def test_only_the_operator_and_the_agency_record_links() -> None:
    with pytest.raises(MoveNotAllowed):
        conflicts.link(OWN, OTHER, kind="shares", origin="x", by=make.person(), now=NOW)
