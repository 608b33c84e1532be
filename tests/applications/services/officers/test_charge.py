"""Taking, giving and handing over applications: who may, what is kept, and what the database refuses."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from applications.models import Application, Member, OfficerChange
from applications.services.officers import charge
from applications.states import ApplicationState, Charge, MemberRole
from portal.access import handing_over
from portal.access.impartiality import Tied
from portal.core.errors import BadInput, MoveNotAllowed, PortalError, StaleVersion
from portal.models import DeclaredTie, User
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def application(program) -> Application:
    return ApplicationFactory(filed=True, sub_program=program)


def anew(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def lines(application: Application) -> list[tuple[Any, ...]]:
    rows = OfficerChange.objects.filter(application=application).order_by("pk")
    return list(rows.values_list("kind", "previous_id", "officer_id", "by_id", "reason"))


def tie(user: User, application: Application) -> None:
    Member.objects.create(company=application.company, user=user, role=MemberRole.VIEWER, since=NOW)


def test_a_file_goes_from_hand_to_hand_and_each_change_is_kept(program, application) -> None:
    one, two, boss = staff.officer(program), staff.officer(program), staff.manager()
    charge.take(application, by=one, now=NOW)
    charge.give(application, to=two, by=one, now=NOW)
    charge.take_over(application, reason="출장", by=one, now=LATER)
    charge.give(application, to=two, by=boss, reason="업무 조정", now=LATER)
    charge.let_go(application, by=two, now=LATER)
    assert anew(application).officer is None
    assert lines(application) == [
        (Charge.TAKEN, None, one.pk, one.pk, ""),
        (Charge.GIVEN, one.pk, two.pk, one.pk, ""),
        (Charge.TAKEN_OVER, two.pk, one.pk, one.pk, "출장"),
        (Charge.GIVEN, one.pk, two.pk, boss.pk, "업무 조정"),
        (Charge.LET_GO, two.pk, None, two.pk, ""),
    ]


def test_what_belongs_to_another_is_taken_only_over_and_with_a_reason(program, application) -> None:
    one, two, boss = staff.officer(program), staff.officer(program), staff.manager()
    charge.take(application, by=one, now=NOW)
    words: dict[str, Any] = {"now": LATER}
    refusals: list[tuple[type[PortalError], str, Any]] = [
        (MoveNotAllowed, "has_officer", lambda: charge.take(application, by=two, **words)),
        (BadInput, "reason", lambda: charge.take_over(application, reason=" ", by=two, **words)),
        (
            MoveNotAllowed,
            "no_officer",
            lambda: charge.take_over(application, reason="x", by=one, **words),
        ),
        (MoveNotAllowed, "role", lambda: charge.give(application, to=two, by=two, **words)),
        (BadInput, "reason", lambda: charge.give(application, to=two, by=boss, **words)),
        (MoveNotAllowed, "not_own", lambda: charge.let_go(application, by=two, **words)),
    ]
    for kind, code, act in refusals:
        with pytest.raises(kind) as refused:
            act()
        assert refused.value.code == code
    assert (anew(application).officer_id, len(lines(application))) == (one.pk, 1)


def no_officer_at_all(program, application) -> User:
    return staff.manager()


def officer_of_another(program, application) -> User:
    return staff.officer(staff.program())


def ended(program, application) -> User:
    user = staff.officer(program)
    User.objects.filter(pk=user.pk).update(is_active=False)
    return User.objects.get(pk=user.pk)


def without_the_role(program, application) -> User:
    user = staff.officer(program)
    user.groups.remove(*Group.objects.all())
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    "unfit",
    [no_officer_at_all, officer_of_another, ended, without_the_role],
    ids=lambda f: f.__name__,
)
def test_who_is_no_working_officer_of_the_sub_programme_has_nothing(
    program, application, unfit
) -> None:
    person, boss = unfit(program, application), staff.manager()
    for act in (
        lambda: charge.take(application, by=person, now=NOW),
        lambda: charge.give(application, to=person, by=boss, now=NOW),
    ):
        with pytest.raises(BadInput) as refused:
            act()
        assert refused.value.code == "officer"
    assert lines(application) == []


def test_who_is_tied_to_the_firm_has_it_not_and_gives_it_to_nobody(program, application) -> None:
    tied, free, boss = staff.officer(program), staff.officer(program), staff.manager()
    tie(tied, application)
    tie(boss, application)
    for act in (
        lambda: charge.take(application, by=tied, now=NOW),
        lambda: charge.give(application, to=tied, by=staff.manager(), now=NOW),
        lambda: charge.give(application, to=free, by=boss, now=NOW),
    ):
        with pytest.raises(Tied):
            act()
    assert lines(application) == []


def test_an_officer_who_became_tied_gives_the_file_up(program, application) -> None:
    officer = staff.officer(program)
    charge.take(application, by=officer, now=NOW)
    tie(officer, application)
    charge.let_go(application, by=officer, now=LATER)
    assert anew(application).officer is None


def test_the_database_refuses_a_member_of_the_firm_and_any_change_of_the_history(
    program, application
) -> None:
    officer, member = staff.officer(program), staff.officer(program)
    tie(member, application)
    line = charge.take(application, by=officer, now=NOW)
    for act in (
        lambda: OfficerChange.objects.create(
            application=application, kind=Charge.TAKEN, officer=member, by=member, at=NOW
        ),
        lambda: OfficerChange.objects.filter(pk=line.pk).update(reason="고침"),
        line.delete,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_who_comes_second_is_told_and_changes_nothing(program, application) -> None:
    one, two = staff.officer(program), staff.officer(program)
    stale = anew(application)
    charge.take(application, by=one, now=NOW)
    with pytest.raises(StaleVersion) as refused:
        charge.take(stale, by=two, now=NOW)
    assert str(one) in refused.value.message
    assert anew(application).officer_id == one.pk
    Application.objects.filter(pk=application.pk).update(state=ApplicationState.WITHDRAWN)
    with pytest.raises(StaleVersion):
        charge.let_go(application, by=one, now=NOW)


# --- An account ends -----------------------------------------------------------------------------


def of(officer: User, program, count: int) -> list[Application]:
    rows = ApplicationFactory.create_batch(count, filed=True, sub_program=program)
    charge.place(
        Application.objects.filter(pk__in=[row.pk for row in rows]),
        officer=officer,
        how=charge.How(Charge.DISTRIBUTED, NOW),
    )
    return rows


def test_an_ended_account_hands_its_files_over_and_frees_what_the_other_may_not_have(
    program,
) -> None:
    elsewhere = staff.program()
    left, to, boss = staff.officer(program, elsewhere), staff.officer(program), staff.manager()
    plain, tied = of(left, program, 2)
    tie(to, tied)
    (other,) = of(left, elsewhere, 1)
    assert handing_over.held(left) == [("담당 신청", 3)]
    done = handing_over.hand_over(left, to=to, by=boss, reason="퇴직", now=LATER)
    assert done == handing_over.HandedOver(given=1, freed=2)
    assert [anew(row).officer_id for row in (plain, tied, other)] == [to.pk, None, None]
    assert lines(tied)[-1] == (Charge.ENDED, left.pk, None, boss.pk, "퇴직")
    assert handing_over.held(left) == []
    again = handing_over.hand_over(left, to=to, by=boss, reason="퇴직", now=LATER)
    assert again == handing_over.HandedOver()


def test_a_manager_gives_no_file_of_a_firm_that_they_are_tied_to_by_name(program) -> None:
    left, to, boss = staff.officer(program), staff.officer(program), staff.manager()
    plain, own = of(left, program, 2)
    DeclaredTie.objects.create(
        user=boss, kind="shares", firm_name=f"주식회사 {own.company.name}", declared_at=NOW
    )
    charge.hand_over(left, to=to, by=boss, reason="퇴직", now=LATER)
    assert [anew(row).officer_id for row in (plain, own)] == [to.pk, None]


def test_nobody_hands_over_without_a_reason_or_to_somebody_without_the_role(program) -> None:
    left, boss = staff.officer(program), staff.manager()
    of(left, program, 1)
    for to, reason, code in (
        (boss, "퇴직", "officer"),
        (left, "퇴직", "officer"),
        (None, "", "reason"),
    ):
        with pytest.raises(BadInput) as refused:
            charge.hand_over(left, to=to, by=boss, reason=reason, now=LATER)
        assert refused.value.code == code


def test_many_files_are_handed_over_in_as_many_statements_as_one(program) -> None:
    counts = []
    for files in (1, 12):
        left, to = staff.officer(program), staff.officer(program)
        of(left, program, files)
        with CaptureQueriesContext(connection) as caught:
            charge.hand_over(left, to=to, by=None, reason="퇴직", now=LATER)
        counts.append(len(caught))
    assert counts[0] == counts[1]
