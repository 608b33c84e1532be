"""Every kind of tie is found; it bars at the door, later it is flagged and people decide."""

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from portal.core.errors import Finding, MoveNotAllowed
from portal.models import DeclaredTie, FirmLink, Job
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import (
    ExclusionProposal,
    Supplier,
    SupplierContact,
    SupplierMember,
    SupplierPartner,
    SupplierTie,
)
from vouchers.services import conflicts, members, suppliers
from vouchers.states import MonitorState, PanelApplicationState, TieStanding

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


@pytest.fixture
def later(supplier):
    """An applicant, a member, somebody in reserve, tied by a link that is recorded after the filing."""
    panel = make.panel()
    people = {
        "applicant": make.application(panel, business_number=OTHER),
        "member": make.monitor(panel, filed={"business_number": OTHER}).application,
        "reserve": make.application(
            panel, business_number=OTHER, state=PanelApplicationState.RESERVE
        ),
    }
    make.monitor(panel)
    assert conflicts.recheck(now=NOW) == {"checked": 4, "flagged": 0}
    conflicts.link(OWN, OTHER, kind="shares", origin="공시", by=make.operator(), now=NOW)
    assert Job.objects.filter(kind=conflicts.JOB).count() == 1
    assert conflicts.recheck(now=NOW) == {"checked": 4, "flagged": 3}
    return people


def tie_of(filed) -> SupplierTie:
    return SupplierTie.objects.get(user=filed.user)


def test_a_tie_found_later_is_flagged_and_changes_nothing(later, mailoutbox) -> None:
    before = {name: row.state for name, row in later.items()}
    for row in later.values():
        row.refresh_from_db()
        assert tie_of(row).standing == TieStanding.FLAGGED
        assert not row.user.notices.exists()
    assert {name: row.state for name, row in later.items()} == before
    assert later["member"].monitor.state == MonitorState.ACTIVE


def test_before_the_release_one_person_decides(later) -> None:
    filed = later["applicant"]
    assert conflicts.confirm(tie_of(filed), reason="공시 확인", by=make.operator(), now=NOW) is None
    filed.refresh_from_db()
    assert filed.state == PanelApplicationState.BARRED
    assert tie_of(filed).standing == TieStanding.BARS
    assert tie_of(filed).decisions.get().reason == "공시 확인"


@pytest.mark.parametrize("who", ["member", "reserve"])
def test_after_the_release_two_people_decide(later, who: str) -> None:
    filed, one = later[who], make.operator()
    proposal = conflicts.confirm(tie_of(filed), reason="공시 확인", by=one, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        members.confirm_exclusion(proposal, by=one, now=NOW)
    assert refused.value.code == "second_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        ExclusionProposal.objects.update(confirmed=True, decided_by=one, decided_at=NOW)
    with pytest.raises(MoveNotAllowed):
        members.bar(filed, reason="혼자", by=make.agency(), now=NOW)
    filed.refresh_from_db()
    assert filed.state in (PanelApplicationState.SELECTED, PanelApplicationState.RESERVE)
    members.confirm_exclusion(proposal, by=make.agency(), now=NOW)
    assert tie_of(filed).standing == TieStanding.BARS
    filed.refresh_from_db()
    if who == "member":
        assert filed.monitor.state == MonitorState.EXCLUDED
        assert "지분·협력" in filed.monitor.exclusion_reason
    else:
        assert filed.state == PanelApplicationState.BARRED
    assert filed.user.notices.count() == 1
    with pytest.raises(MoveNotAllowed):
        members.confirm_exclusion(proposal, by=make.agency(), now=NOW)


def test_a_dismissed_tie_is_not_raised_again(later) -> None:
    filed = later["member"]
    conflicts.dismiss(tie_of(filed), reason="동명의 회사", by=make.agency(), now=NOW)
    assert conflicts.recheck(now=NOW)["flagged"] == 2
    assert tie_of(filed).standing == TieStanding.DISMISSED
    assert conflicts.check(filed.user, filed, now=NOW) == []


def test_nobody_decides_about_themselves(later) -> None:
    filed = later["applicant"]
    user = filed.user
    user.groups.add(*make.operator().groups.all())
    user = type(user).objects.get(pk=user.pk)
    for act in (conflicts.confirm, conflicts.dismiss):
        with pytest.raises(MoveNotAllowed) as refused:
            act(tie_of(filed), reason="내 일", by=user, now=NOW)
        assert refused.value.code == "tied"


@pytest.mark.parametrize("change", ["address", "phone", "email", "contact", "account", "domain"])
def test_what_a_supplier_changes_later_only_flags_a_member(supplier, change: str) -> None:
    user = make.person(email="kim@small.example")
    filed = make.application(
        make.panel(),
        user=user,
        state=PanelApplicationState.SELECTED,
        address="부산광역시 중구 중앙대로 1",
        phone="010-9999-1111",
    )
    monitor = make.monitor(filed.round, application=filed)
    changes = {
        "address": lambda: Supplier.objects.update(address="부산광역시 중구 중앙대로 1"),
        "phone": lambda: Supplier.objects.update(phone="010-9999-1111"),
        "email": lambda: Supplier.objects.update(email="kim@small.example"),
        "domain": lambda: Supplier.objects.update(email="info@small.example"),
        "contact": lambda: SupplierContact.objects.update(phone="010-9999-1111"),
        "account": lambda: SupplierMember.objects.create(supplier=supplier, user=user, since=NOW),
    }
    conflicts.recheck(now=NOW)
    changes[change]()  # in one statement, which touches neither a count nor `updated_at`
    assert conflicts.recheck(now=NOW) == {"checked": 1, "flagged": 1}
    monitor.refresh_from_db()
    assert monitor.state == MonitorState.ACTIVE


def test_an_index_is_built_again_only_when_something_changed(supplier) -> None:
    first = conflicts.current_index()
    assert conflicts.current_index() is first
    Supplier.objects.update(address="부산광역시 중구 중앙대로 1")
    assert conflicts.current_index() is not first


def test_a_second_verified_address_ties_too(supplier) -> None:
    user = make.person()
    EmailAddress.objects.create(user=user, email="lee@gaon.example", verified=False)
    assert conflicts.check(user, None, now=NOW) == []
    EmailAddress.objects.update(verified=True)
    assert codes(conflicts.check(user, None, now=NOW)) == {"same_email_domain"}


def test_an_exclusion_is_undone_by_somebody_else_and_without_a_tie(supplier) -> None:
    monitor = make.monitor(make.panel(), filed={"business_number": OWN})
    conflicts.recheck(now=NOW)
    one, two = make.operator(), make.agency()
    proposal = conflicts.confirm(tie_of(monitor.application), reason="재직", by=one, now=NOW)
    members.confirm_exclusion(proposal, by=two, now=NOW)
    monitor.refresh_from_db()
    with pytest.raises(MoveNotAllowed) as refused:
        members.restore(monitor, reason="착오", by=make.agency(), now=NOW)
    assert refused.value.code == "tied"
    conflicts.dismiss(tie_of(monitor.application), reason="동명이인", by=make.agency(), now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        members.restore(monitor, reason="착오", by=two, now=NOW)
    assert refused.value.code == "second_person"
    members.restore(monitor, reason="동명이인", by=make.agency(), now=NOW)
    assert (monitor.state, monitor.excluded_at) == (MonitorState.ACTIVE, None)


def test_a_new_supplier_account_requests_a_recheck_that_flags(supplier) -> None:
    monitor = make.monitor(make.panel())
    suppliers.add_member(supplier, user=monitor.user, by=make.operator(), now=NOW)
    assert conflicts.recheck(now=NOW)["flagged"] == 1
    monitor.refresh_from_db()
    assert monitor.state == MonitorState.ACTIVE


def test_only_the_operator_and_the_agency_record_links() -> None:
    with pytest.raises(MoveNotAllowed):
        conflicts.link(OWN, OTHER, kind="shares", origin="x", by=make.person(), now=NOW)
