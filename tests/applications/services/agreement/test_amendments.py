"""Changing an agreement: in time, by other people, signed again, and the money follows."""

from datetime import timedelta

import pytest

from applications.models import Amendment, Instalment
from applications.queries.selection import aid
from applications.services.agreement import amendments, instalments
from applications.services.agreement import contracts as agreement_service
from applications.states import AmendmentState
from applications.visibility import contracts_of, signing_agreements, workable_agreements
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.models import Notice, User
from programs.models import ProgramRound
from programs.rules.ledger import Balance
from tests.factories.agreements import GRANT, World
from tests.factories.applications import CompanyFactory, PartnerFactory, owner_of

pytestmark = pytest.mark.django_db
LESS = {
    "grant_won": 40_000_000,
    "own_won": 40_000_000,
    "items": {"robot": 50_000_000, "integration": 30_000_000},
}


def ask(world: World, kind: str = "sums", **proposal: object) -> Amendment:
    """Ask as the firm's owner."""
    return amendments.request(
        world.fresh(),
        kind=kind,
        proposal=proposal or LESS,
        reason="견적이 바뀌었습니다.",
        by=world.owner,
        now=world.now,
    )


def approve(world: World, change: Amendment) -> None:
    """Examine and approve by two people."""
    amendments.examine(change, opinion="타당합니다.", by=world.officer, now=world.now)
    amendments.approve(change, note="승인합니다.", by=world.manager, now=world.now)


def test_smaller_sums_go_back_to_the_pot_when_both_have_signed_again() -> None:
    world = World().conclude()
    world.pay(1)
    approve(world, ask(world))
    assert world.money.committed == GRANT - 25_000_000  # nothing before the signatures
    world.sign()
    amendments.amend(world.fresh(), **world.words(world.manager))
    assert world.money == Balance(committed=15_000_000, paid=25_000_000)
    assert [part.amount_won for part in world.agreement.instalments.all()] == [
        25_000_000,
        9_000_000,
        6_000_000,
    ]
    assert world.fresh().in_force == 2


def test_sums_grow_again_up_to_the_award_and_never_above() -> None:
    world = World().conclude()
    approve(world, ask(world))
    world.sign()
    amendments.amend(world.fresh(), **world.words(world.manager))
    more = {"grant_won": GRANT, "own_won": GRANT, "items": {"robot": 2 * GRANT}}
    approve(world, ask(world, **more))
    world.sign()
    amendments.amend(world.fresh(), **world.words(world.manager))
    assert world.money == Balance(committed=GRANT)
    above = {"grant_won": GRANT + 1, "own_won": GRANT + 1, "items": {"robot": 2 * GRANT + 2}}
    with pytest.raises(RuleBroken, match="선정된"):
        ask(world, **above)


def test_a_longer_period_is_in_force_with_its_approval() -> None:
    world = World().conclude()
    ends = world.day.replace(year=world.day.year + 1)
    approve(world, ask(world, "period", ends_on=ends.isoformat()))
    assert world.fresh().ends_on == ends
    assert world.agreement.in_force == world.agreement.version == 2


@pytest.mark.parametrize(
    ("days", "refused"),
    [
        (-1, "수행 종료일은 시작일보다 뒤여야"),
        (15, "‘수행 종료일’ 항목은"),  # today is the 20th day
        (20, "‘수행 종료일’ 항목은"),
        (25, "이미 2021년"),  # work is recorded on the 30th day
        (40, ""),
        (365 * 4, ""),
        (365 * 100, "‘수행 종료일’ 항목은"),
    ],
)
def test_an_end_of_work_is_after_today_and_after_what_is_recorded(days: int, refused: str) -> None:
    world = World().conclude()
    world.later(20)
    world.spend_one()
    day = world.day + timedelta(days=30)
    world.agreement.spendings.update(spent_on=day)
    ends = (world.day + timedelta(days=days)).isoformat()
    if not refused:
        assert ask(world, "period", ends_on=ends).proposal == {"ends_on": ends}
        return
    with pytest.raises(RuleBroken, match=refused) as broken:
        ask(world, "period", ends_on=ends)
    assert {finding.code for finding in broken.value.findings} == {"period"}


def test_an_end_entered_wrongly_is_corrected_by_a_later_change() -> None:
    """The wrong end lies within the month in which no change may be requested any more."""
    world = World().conclude()
    right = world.agreement.ends_on
    wrong = world.day + timedelta(days=10)
    approve(world, ask(world, "period", ends_on=wrong.isoformat()))
    assert world.fresh().ends_on == wrong
    world.later(1)
    approve(world, ask(world, "period", ends_on=right.isoformat()))
    assert world.fresh().ends_on == right


def test_a_change_is_asked_for_in_time() -> None:
    world = World().conclude()
    world.later(170)
    with pytest.raises(RuleBroken) as refused:
        ask(world)
    assert refused.value.findings[0].code == "change_late"


def test_whoever_examined_does_not_approve_and_a_replay_changes_nothing() -> None:
    world = World().conclude()
    change = ask(world)
    world.manager.groups.add(*world.officer.groups.all())
    both = type(world.manager).objects.get(pk=world.manager.pk)
    amendments.examine(change, opinion="타당합니다.", by=both, now=world.now)
    with pytest.raises(MoveNotAllowed) as refused:
        amendments.approve(change, note="승인", by=both, now=world.now)
    assert refused.value.code == "same_person"
    amendments.approve(change, note="승인", by=world.other, now=world.now)
    with pytest.raises(MoveNotAllowed):
        amendments.approve(change, note="승인", by=world.other, now=world.now)
    assert Amendment.objects.get().state == AmendmentState.APPROVED
    assert world.fresh().version == 2


def test_one_change_at_a_time_and_a_refused_one_leaves_everything() -> None:
    world = World().conclude()
    change = ask(world)
    with pytest.raises(MoveNotAllowed):
        ask(world)
    amendments.refuse(change, note="근거가 부족합니다.", by=world.officer, now=world.now)
    assert world.money == Balance(committed=GRANT)
    assert world.fresh().version == 1


# --- A change of lead -----------------------------------------------------------------------------


@pytest.fixture
def handed_on() -> tuple[World, User]:
    """An approved change of lead to the supplier, which nobody has signed."""
    world = World().conclude()
    world.pay(1)
    partner = PartnerFactory(application=world.application, accepted=True)
    new = owner_of(partner.company)
    change = ask(world, "lead", company=str(partner.company_id))
    assert change.proposal["business_number"] == partner.company.business_number
    approve(world, change)
    return world, new


def sign(world: World, by: User) -> None:
    agreement_service.sign(world.fresh(), **world.words(by))


def test_the_lead_goes_to_a_partner_who_signs_and_then_acts_alone(handed_on) -> None:
    world, new = handed_on
    before = world.money
    assert world.fresh().company == world.application.company
    assert Notice.objects.filter(key__startswith="agreement_step:", user=new).exists()
    with pytest.raises(MoveNotAllowed) as old:
        sign(world, world.owner)
    assert old.value.code == "not_owner"
    assert signing_agreements(new).filter(pk=world.agreement.pk).exists()
    assert contracts_of(new).filter(pk=world.agreement.pk).exists()
    assert not workable_agreements(new).filter(pk=world.agreement.pk).exists()
    sign(world, new)
    amendments.amend(world.fresh(), **world.words(world.manager))
    agreement = world.fresh()
    assert agreement.company.members.get().user == new
    text = agreement.versions.get(number=agreement.in_force)
    assert text.content["lead"]["business_number"] == agreement.company.business_number
    assert {row.by for row in text.signatures.all()} == {new, world.manager}
    assert world.money == before
    assert not workable_agreements(world.owner).filter(pk=agreement.pk).exists()
    assert contracts_of(world.owner).filter(pk=agreement.pk).exists()
    with pytest.raises(MoveNotAllowed):
        ask(world)
    world.owner = new
    world.half_way()
    world.pay(2)
    world.finish()
    world.spend({"robot": 60_000_000, "integration": 30_000_000, "training": 10_000_000})
    world.settle()
    world.pay(3)
    world.close()
    assert world.money == Balance(paid=GRANT)


def test_the_aid_of_a_changed_lead_counts_for_the_new_firm_within_its_limits(handed_on) -> None:
    world, new = handed_on
    company = new.memberships.get().company_id
    sign(world, new)
    limit = {"code": "total", "label": "합계", "counts": "won", "scope": "all", "exception": False}
    ProgramRound.objects.update(limits=[{**limit, "most": GRANT - 1}])
    with pytest.raises(RuleBroken) as refused:
        amendments.amend(world.fresh(), **world.words(world.manager))
    assert refused.value.code == "aid_limit"
    assert aid.of_firms([company]) == {}
    ProgramRound.objects.update(limits=[{**limit, "most": GRANT}])
    amendments.amend(world.fresh(), **world.words(world.manager))
    assert [row.won for row in aid.of_firms([company])[company]] == [GRANT]
    assert aid.of_firms([world.application.company_id]) == {}


def test_the_lead_goes_to_nobody_who_took_no_part() -> None:
    world = World().conclude()
    invited = PartnerFactory(application=world.application)
    strangers = [CompanyFactory().pk, world.application.company_id, "x", invited.company_id]
    for company in strangers:
        with pytest.raises(BadInput) as refused:
            ask(world, "lead", company=str(company))
        assert refused.value.code == "company"
    assert not Amendment.objects.exists()


def test_nothing_is_paid_while_changed_sums_wait_for_signatures() -> None:
    world = World().conclude()
    approve(world, ask(world))
    assert not world.fresh().pending_steps.filter(step="request_pay", done_at=None).exists()
    with pytest.raises(MoveNotAllowed) as asked:
        instalments.request(world.part(1), by=world.officer, now=world.now)
    assert asked.value.code == "change_open"
    Instalment.objects.filter(pk=world.part(1).pk).update(  # requested before this was refused
        **{"state": "requested"}, requested_by=world.officer, requested_at=world.now
    )
    with pytest.raises(MoveNotAllowed) as paid:
        instalments.pay(world.part(1), by=world.manager, now=world.now)
    assert paid.value.code == "change_open"
    instalments.send_back(world.part(1), reason="협약변경", by=world.manager, now=world.now)
    world.sign()
    amendments.amend(world.fresh(), **world.words(world.manager))
    text = world.fresh().versions.get(number=2)
    agreed = [row["won"] for row in text.content["instalments"]]
    assert [part.amount_won for part in world.agreement.instalments.all()] == agreed
    world.pay(1)
    assert world.money.paid == agreed[0]


def test_sums_do_not_change_while_an_instalment_waits_for_its_payment() -> None:
    world = World().conclude()
    change = ask(world)
    instalments.request(world.part(1), by=world.officer, now=world.now)
    amendments.examine(change, opinion="타당합니다.", by=world.officer, now=world.now)
    with pytest.raises(MoveNotAllowed) as refused:
        amendments.approve(change, note="승인합니다.", by=world.manager, now=world.now)
    assert refused.value.code == "pay_first"
    instalments.pay(world.part(1), by=world.manager, now=world.now)
    change.agreement.refresh_from_db()
    amendments.approve(change, note="승인합니다.", by=world.manager, now=world.now)
