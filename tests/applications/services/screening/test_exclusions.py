"""An application is rejected as ineligible by two people, who read the same and are told apart."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from applications.models import Application, Exclusion, ExclusionProposal
from applications.queries import objection as objections
from applications.services import objection
from applications.services.screening import checks, exclusions
from applications.services.set_acts import screening
from applications.worklists import open_exclusions
from portal.access.impartiality import Tied
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.models import Notice, User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, MemberFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def program() -> SubProgram:
    return staff.program()


@pytest.fixture
def officer(program) -> User:
    return staff.officer(program)


@pytest.fixture
def application(program, officer) -> Application:
    made = staff.filed(program)
    checks.take_up(made, by=officer, now=NOW)
    return made


def propose(application: Application, by: User, failed: str = "other") -> ExclusionProposal:
    return exclusions.propose(application, failed=[failed], note="휴업 중", by=by, now=NOW)


def test_one_proposes_and_another_approves(application, program, officer) -> None:
    proposal = propose(application, officer)
    application.refresh_from_db()
    assert application.state == "screening"
    assert not Exclusion.objects.exists()
    assert not Notice.objects.filter(key__startswith="ineligible:").exists()
    with pytest.raises(MoveNotAllowed) as refused:
        exclusions.approve(proposal, by=officer, now=LATER)
    assert refused.value.code == "same_person"
    second = staff.officer(program)
    exclusions.approve(proposal, by=second, now=LATER)
    application.refresh_from_db()
    made = Exclusion.objects.get()
    assert application.state == "ineligible"
    assert (made.by, made.proposal, made.reason) == (second, proposal, "휴업 중")
    assert "휴업 중" in Notice.objects.get(key__startswith="ineligible:").body
    with pytest.raises(MoveNotAllowed):
        exclusions.approve(proposal, by=second, now=LATER)


def test_nobody_else_proposes_or_approves(application, officer) -> None:
    for person in (application.created_by, staff.auditor(), staff.operator()):
        with pytest.raises(MoveNotAllowed):
            propose(application, person)
    proposal = propose(application, officer)
    tied = staff.manager()
    MemberFactory(company=application.company, user=tied)
    for act in (
        lambda: exclusions.approve(proposal, by=tied, now=LATER),
        lambda: exclusions.discard(proposal, note="거둠", by=tied, now=LATER),
    ):
        with pytest.raises(Tied):
            act()


def test_one_proposal_waits_at_a_time_and_what_is_discarded_is_proposed_anew(
    application, officer
) -> None:
    first = propose(application, officer)
    with pytest.raises(MoveNotAllowed) as refused:
        propose(application, staff.manager())
    assert refused.value.code == "exclusion_proposed"
    with pytest.raises(BadInput):
        exclusions.discard(first, note=" ", by=officer, now=LATER)
    exclusions.discard(first, note="확인서를 받음", by=officer, now=LATER)
    with pytest.raises(MoveNotAllowed) as closed:
        exclusions.approve(first, by=staff.manager(), now=LATER)
    assert closed.value.code == "proposal_closed"
    assert propose(application, officer).open


def test_what_was_found_met_since_is_not_approved(application, officer) -> None:
    check = application.checks.order_by("pk").first()
    assert check is not None
    checks.overrule(check, reason="확인서와 다름", by=officer, now=NOW)
    proposal = propose(application, officer, f"check:{check.code}")
    checks.overrule(check, reason="확인서를 다시 봄", by=officer, now=NOW)
    check.refresh_from_db()
    if check.final is False:  # the machine's verdict was unmet
        checks.confirm(check, by=officer, now=NOW, reason="충족")
    type(check).objects.filter(pk=check.pk).update(decision="confirmed", met=True)
    with pytest.raises(MoveNotAllowed) as refused:
        exclusions.approve(proposal, by=staff.manager(), now=LATER)
    assert refused.value.code == "proposal_stale"
    assert proposal.open


def test_an_application_with_an_open_proposal_goes_no_further_alone_or_together(
    application, officer
) -> None:
    application.checks.update(decision="confirmed", met=True, decided_by=officer, decided_at=NOW)
    together = screening.screened_of({application.pk: application})[application.pk]
    assert not together.exclusion_proposed
    proposal = propose(application, officer)
    with pytest.raises(RuleBroken) as refused:
        checks.qualify(application, by=officer, now=LATER)
    assert [row.code for row in refused.value.findings] == ["exclusion_proposed"]
    assert screening.screened_of({application.pk: application})[application.pk].exclusion_proposed
    exclusions.discard(proposal, note="확인함", by=officer, now=LATER)
    checks.qualify(application, by=officer, now=LATER)


def test_who_proposed_and_who_approved_do_not_decide_on_the_objection(
    application, program, officer
) -> None:
    second = staff.manager()
    proposal = propose(application, officer)
    exclusions.approve(proposal, by=second, now=LATER)
    application.refresh_from_db()
    contested = objection.file(
        application, text="휴업하지 않았습니다.", by=application.created_by, now=LATER
    )
    assert {officer.pk, second.pk} <= objections.barred(contested)
    for person in (officer, second):
        with pytest.raises(IntegrityError, match="by_other_people"), transaction.atomic():
            type(contested).objects.filter(pk=contested.pk).update(decided_by=person)


def test_the_database_takes_no_exclusion_by_one_and_keeps_what_ended(application, officer) -> None:
    proposal = propose(application, officer)
    fields = {
        "application": application, "failed": proposal.failed, "reason": "x", "at": LATER,
    }  # fmt: skip
    for by, of in ((officer, proposal), (staff.manager(), proposal), (staff.manager(), None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Exclusion.objects.create(**fields, by=by, proposal=of)
    exclusions.discard(proposal, note="거둠", by=officer, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExclusionProposal.objects.filter(pk=proposal.pk).update(note="다른 사유")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM applications_exclusionproposal")


def test_it_waits_for_the_second_person_on_the_staff_site(application, program, officer) -> None:
    second, client = staff.officer(program), staff.enter(Client(), officer)
    page = reverse("admin:applications_application_change", args=[application.pk])
    proposal = propose(application, officer)
    assert set(open_exclusions(second, NOW)) == {proposal}
    own = reverse("admin:applications_exclusionproposal_change", args=[proposal.pk])
    desk = client.get(page).content.decode()
    assert own in desk
    assert "휴업 중" in desk
    approve = "/approve/"
    assert approve not in client.get(own).content.decode()
    other = staff.enter(Client(), second)
    shown = other.get(own).content.decode()
    assert approve in shown
    stranger = staff.enter(Client(), staff.officer(staff.program()))
    assert stranger.get(own).status_code == 404
    exclusions.approve(proposal, by=second, now=LATER)
    assert not open_exclusions(second, LATER).exists()
    assert str(officer) in client.get(page).content.decode()
