"""What waits for a firm: every kind appears with its state and disappears with it, for its people."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications import todos as tables
from applications.models import (
    Application,
    CompanyClaim,
    Deliverable,
    DeliveryEntry,
    Exclusion,
    Inquiry,
    Objection,
    PartnerTerms,
)
from applications.states import (
    DeliverableState,
    InquiryKind,
    InquiryState,
    MemberRole,
    ObjectionState,
    Outcome,
    PartnerState,
)
from portal.models import User
from portal.todos import declared
from portal.todos.declared import Todo, Turn
from tests.applications.services.agreement.test_amendments import approve, ask
from tests.factories import agreements, delivery, programs, staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    ExclusionFactory,
    PartnerFactory,
    SupplementFactory,
    UserFactory,
    member_of,
    owner_of,
)

pytestmark = pytest.mark.django_db

Made = tuple[User, Callable[[], Any]]
WEEK = NOW + timedelta(days=7)


def changed(row: Any, **fields: Any) -> Callable[[], Any]:
    return lambda: type(row).objects.filter(pk=row.pk).update(**fields)


def draft() -> Made:
    row = ApplicationFactory()
    return row.created_by, changed(row, state="withdrawn")


def late() -> Made:
    row = ApplicationFactory()
    leave = staff.late_leave(
        row.sub_program, company=row.company, until=NOW + timedelta(days=2), now=NOW
    )
    return row.created_by, changed(leave, cancelled_at=NOW)


def invitation() -> Made:
    person = UserFactory()
    return person, changed(PartnerFactory(email=person.email), state=PartnerState.REFUSED)


def asked_terms() -> PartnerTerms:
    roles = [{"role": "supplier", "label": "공급기업", "least": 0, "most": 1}]
    partner = PartnerFactory(application__sub_program__partner_roles=roles, accepted=True)
    made = PartnerTerms.objects.create(
        partner=partner, part="설치", set_by=partner.invited_by, set_at=NOW
    )
    partner.terms = made
    partner.save()
    return made


def terms() -> Made:
    made = asked_terms()
    person = owner_of(made.partner.company)
    return person, changed(made, confirmed=True, answered_by=person, answered_at=NOW)


def partner() -> Made:
    made = asked_terms()
    person = made.set_by
    return person, changed(made, confirmed=True, answered_by=person, answered_at=NOW)


def supplement() -> Made:
    row = SupplementFactory()
    return row.application.created_by, changed(row, state="answered")


def inquiry() -> Made:
    row = ApplicationFactory(filed=True)
    asked = Inquiry.objects.create(
        application=row, kind=InquiryKind.OFFICER, text="언제?", asked_by=UserFactory(),
        asked_at=NOW, due_at=WEEK,
    )  # fmt: skip
    return row.created_by, changed(asked, state=InquiryState.ANSWERED)


def step() -> Made:
    world = agreements.World()
    return world.owner, lambda: world.agreement.pending_steps.update(done_at=NOW)


def lead() -> Made:
    world = agreements.World().conclude()
    world.pay(1)
    taker = PartnerFactory(application=world.application, accepted=True)
    approve(world, ask(world, "lead", company=str(taker.company_id)))
    steps = world.agreement.pending_steps.filter(step="sign_change")
    return owner_of(taker.company), lambda: steps.update(done_at=NOW)


def supplied(code: str = "robot") -> Deliverable:
    programs.load()
    agreement = delivery.under_way(code)
    return agreement.deliverables.order_by("order").first()


def visit() -> Made:
    programs.load()
    agreement = delivery.under_way("meister")
    part = agreement.deliverables.filter(spec__confirmed=True).first()
    Deliverable.objects.filter(pk=part.pk).update(state=DeliverableState.UNDER_WAY)
    entry = DeliveryEntry.objects.create(
        deliverable=part, number=1, on=delivery.TODAY, title="방문", body="지도",
        written_by=UserFactory(), written_at=NOW,
    )  # fmt: skip
    person = owner_of(agreement.company)
    return person, changed(entry, confirmed=True, answered_by=person, answered_at=NOW)


def deliverable() -> Made:
    part = supplied()
    Deliverable.objects.filter(pk=part.pk).update(state=DeliverableState.HANDED_IN)
    person = owner_of(part.agreement.company)
    return person, changed(part, state=DeliverableState.ACCEPTED, finished_at=NOW)


def supply() -> Made:
    part = supplied()
    Deliverable.objects.filter(pk=part.pk).update(state=DeliverableState.UNDER_WAY)
    joined = part.agreement.application.partners.filter(state=PartnerState.ACCEPTED).first()
    return owner_of(joined.company), changed(part, state=DeliverableState.HANDED_IN)


def excluded() -> Exclusion:
    return ExclusionFactory(at=NOW - timedelta(hours=1))


def contested(row: Application, **contests: Any) -> Objection:
    return Objection.objects.create(
        application=row, text="이의", due_at=WEEK, filed_by=row.created_by, filed_at=NOW,
        answer_due_at=WEEK, **contests,
    )  # fmt: skip


def exclusion() -> Made:
    row = excluded()
    return row.application.created_by, lambda: contested(row.application, exclusion=row)


def decision() -> Made:
    row = agreements.awarded(outcome=Outcome.REJECTED, grant_won=0)
    return row.created_by, lambda: contested(row, decision=row.decisions.get())


def objection() -> Made:
    row = excluded()
    filed = contested(row.application, exclusion=row)
    over = {"state": ObjectionState.LAPSED, "decided_at": NOW, "answer": "끝"}
    return row.application.created_by, changed(filed, **over)


def review() -> Made:
    row = ApplicationFactory(filed=True)
    return row.created_by, changed(row, state="withdrawn")


def claim() -> Made:
    firm = ApplicationFactory().company
    row = CompanyClaim.objects.create(
        company=firm, claimant=UserFactory(), firm_name="본사", text="우리 번호입니다.",
        name="a.pdf", file="x", size=1, sha256="0" * 64, content_type="application/pdf",
        filed_at=NOW,
    )  # fmt: skip
    return owner_of(firm), changed(row, answered_at=NOW)


CASES = {
    "draft": draft,
    "late": late,
    "invitation": invitation,
    "terms": terms,
    "partner": partner,
    "supplement": supplement,
    "inquiry": inquiry,
    "step": step,
    "lead": lead,
    "visit": visit,
    "deliverable": deliverable,
    "supply": supply,
    "exclusion": exclusion,
    "decision": decision,
    "objection": objection,
    "review": review,
    "claim": claim,
}


def listed(person: User, code: str) -> list[Todo]:
    return [row for row in declared.todos_of(person, NOW) if row.kind == code]


def test_every_kind_of_this_app_is_tried_here() -> None:
    assert set(CASES) == {kind.code for kind in tables.KINDS}


@pytest.mark.parametrize("code", CASES)
def test_a_kind_appears_and_disappears_with_its_state(client: Client, code: str) -> None:
    person, end = CASES[code]()
    found = listed(person, code)
    assert found, declared.todos_of(person, NOW)
    assert found[0].label
    assert found[0].about
    if found[0].address:
        client.force_login(person)
        assert client.get(found[0].address, follow=True).status_code == 200
    # The mails find the same row from the other side, and the same person.
    kind = next(row for row in tables.KINDS if row.code == code)
    if found[0].due_at is not None:
        span = found[0].due_at - timedelta(seconds=1), found[0].due_at
        sides = list(declared.due_between(kind, tables.TODOS, *span, NOW))
        assert any(person in kind.party.people([key])[key] for row, key in sides if row == found[0])
    assert not listed(UserFactory(), code)
    end()
    assert not listed(person, code)


def test_a_viewer_has_nothing_to_do() -> None:
    row = ApplicationFactory()
    assert not declared.todos_of(member_of(row.company, MemberRole.VIEWER), NOW)
    assert declared.todos_of(member_of(row.company, MemberRole.EDITOR), NOW)


def test_a_decision_is_not_hinted_at_before_its_release() -> None:
    row = ApplicationFactory(decided=True)
    asked = ApplicationFactory(assessing=True, sub_program=row.sub_program)
    told = [listed(one.created_by, "review")[0].label for one in (row, asked)]
    assert told[0] == told[1]


def test_a_draft_of_a_closed_intake_waits_for_nobody() -> None:
    row = ApplicationFactory(sub_program__closes_at=NOW)
    assert not declared.todos_of(row.created_by, NOW)


def test_the_list_is_ordered_by_whose_turn_it_is_and_when_it_is_due() -> None:
    first = SupplementFactory(due_at=NOW + timedelta(days=3))
    person, firm = first.application.created_by, first.application.company
    for days in (9, 1):
        SupplementFactory(
            application=ApplicationFactory(screening=True, company=firm),
            due_at=NOW + timedelta(days=days),
        )
    ApplicationFactory(filed=True, company=firm)
    found = declared.todos_of(person, NOW)
    assert [row.turn for row in found] == [Turn.MINE] * 3 + [Turn.OTHERS]
    assert [(row.due_at - NOW).days for row in found[:3] if row.due_at] == [1, 3, 9]


def test_the_statements_do_not_grow_with_the_rows(django_assert_max_num_queries) -> None:
    first = SupplementFactory().application
    person, firm = first.created_by, first.company

    def more() -> None:
        ApplicationFactory(company=firm)
        ApplicationFactory(company=firm, filed=True)
        PartnerFactory(application=ApplicationFactory(company=firm))
        PartnerFactory(email=person.email)
        SupplementFactory(application=ApplicationFactory(screening=True, company=firm))
        excluded_row = excluded()
        Application.objects.filter(pk=excluded_row.application_id).update(company=firm)

    for _ in range(4):
        more()
    declared.todos_of(person, NOW)  # the catalogue is read and kept by the process
    with django_assert_max_num_queries(15):
        found = declared.todos_of(person, NOW)
    assert len(found) > 20


@pytest.mark.parametrize(
    ("outcome", "chip"),
    [
        (Outcome.SELECTED, "선정"),
        (Outcome.REJECTED, "미선정"),
        (Outcome.DECLINED, "포기"),
        (Outcome.CANCELLED, "선정 취소"),
    ],
)
def test_the_chip_of_a_released_application_says_its_result(
    client: Client, outcome: str, chip: str
) -> None:
    won = agreements.GRANT if outcome == Outcome.SELECTED else 0
    row = agreements.awarded(outcome=outcome, grant_won=won)
    client.force_login(row.created_by)
    for page in (reverse("application_list"), reverse("application_detail", args=[row.pk])):
        text = client.get(page).content.decode()
        assert f">{chip}</span>" in text
        assert ">결과 발표</span>" not in text


def test_the_chip_of_a_withdrawn_application_says_so(client: Client) -> None:
    row = ApplicationFactory(withdrawn=True)
    client.force_login(row.created_by)
    assert ">취하</span>" in client.get(reverse("application_list")).content.decode()
