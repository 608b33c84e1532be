"""Registering a company and managing its members."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Company, Invitation, Member, OwnerNomination
from applications.services import company
from applications.states import MemberRole
from portal.core.clock import KST
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, StaleVersion
from portal.models import Notice, User
from tests.factories import staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    MemberFactory,
    UserFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
NUMBER = "124-81-00998"


def registered(**more: object) -> Company:
    data = {"business_number": NUMBER, "name": "한빛정밀", "region": "gyeonggi", **more}
    return company.register(data=data, by=UserFactory(email="owner@example.kr"), now=NOW)


def body_of(sent: Notice) -> str:
    """Read the token out of the mail, as its addressee would."""
    return next(line for line in sent.body.splitlines() if "/invitations/" in line).split("/")[-2]


def invite(made: Company, email: str = "colleague@example.kr", role: str = "editor") -> str:
    owner = made.members.get(role=MemberRole.OWNER).user
    company.invite(made, email=email, role=role, by=owner, now=NOW)
    return body_of(Notice.objects.filter(to_email=email).latest("pk"))


def test_whoever_registers_owns_and_gets_a_first_site():
    made = registered()
    assert made.business_number == "1248100998"
    assert made.members.get().role == MemberRole.OWNER
    assert made.sites.get().region == "gyeonggi"


def test_a_number_with_a_wrong_check_digit_is_refused():
    with pytest.raises(BadInput) as refused:
        registered(business_number="124-81-00997")
    assert refused.value.code == "business_number"
    assert not Company.objects.exists()


def test_a_taken_number_does_not_tell_who_registered_it():
    registered()
    with pytest.raises(BadInput) as refused:
        company.register(
            data={"business_number": NUMBER, "name": "다른 회사"}, by=UserFactory(), now=NOW
        )
    assert refused.value.code == "company_taken"
    assert "@" not in refused.value.message
    assert "등록 이의" in refused.value.message
    assert "owner@example.kr" not in refused.value.message


def test_registering_writes_only_the_profile():
    made = registered(pk=77, created_at="1999-01-01", members="x")
    assert made.pk != 77
    assert made.created_at.year != 1999


def test_the_profile_changes_but_never_the_number():
    made = registered()
    owner = made.members.get().user
    sent = {"employees": 12, "business_number": "1000000000"}
    company.update(made, data=sent, opened=made.updated_at, by=owner, now=NOW)
    made.refresh_from_db()
    assert (made.employees, made.business_number) == (12, "1248100998")


def test_the_profile_of_an_older_version_overwrites_nothing():
    made = registered()
    owner, opened = made.members.get().user, made.updated_at
    company.update(made, data={"employees": 12}, opened=opened, by=owner, now=NOW)
    with pytest.raises(StaleVersion):
        company.update(made, data={"employees": 13}, opened=opened, by=owner, now=NOW)
    made.refresh_from_db()
    assert made.employees == 12


def test_two_sites_of_one_name_are_refused():
    made = registered()
    owner = made.members.get().user
    company.add_site(made, data={"name": "제2공장"}, by=owner, now=NOW)
    with pytest.raises(BadInput) as refused:
        company.add_site(made, data={"name": "제2공장"}, by=owner, now=NOW)
    assert refused.value.code == "site_taken"


def test_an_invitation_works_once_and_gives_its_role():
    made = registered()
    token = invite(made)
    colleague = UserFactory(email="colleague@example.kr")
    assert company.accept(token=token, by=colleague, now=NOW).role == MemberRole.EDITOR
    with pytest.raises(MoveNotAllowed) as refused:
        company.accept(token=token, by=colleague, now=NOW)
    assert refused.value.code == "invitation_used"


def test_only_the_hash_of_a_token_is_kept():
    token = invite(registered())
    assert Invitation.objects.get().digest != token


def test_an_invitation_is_for_its_addressee_only():
    token = invite(registered())
    with pytest.raises(MoveNotAllowed) as refused:
        company.accept(token=token, by=UserFactory(email="thief@example.kr"), now=NOW)
    assert refused.value.code == "invitation_other_person"


def test_an_invitation_dies_after_fourteen_days():
    token = invite(registered())
    late = datetime(2021, 2, 25, tzinfo=KST)  # the end of the fourteenth day
    assert Invitation.objects.get().expires_at == late
    with pytest.raises(MoveNotAllowed) as refused:
        company.accept(token=token, by=UserFactory(email="colleague@example.kr"), now=late)
    assert refused.value.code == "invitation_expired"


def test_a_new_invitation_replaces_the_old_one():
    made = registered()
    old, new = invite(made), invite(made, role="viewer")
    colleague = UserFactory(email="colleague@example.kr")
    with pytest.raises(MoveNotAllowed) as refused:
        company.accept(token=old, by=colleague, now=NOW)
    assert refused.value.code == "invitation_cancelled"
    assert company.accept(token=new, by=colleague, now=NOW).role == MemberRole.VIEWER


def test_a_cancelled_invitation_opens_nothing():
    made = registered()
    token = invite(made)
    owner = made.members.get().user
    company.cancel_invitation(Invitation.objects.get(), by=owner, now=NOW)
    with pytest.raises(MoveNotAllowed):
        company.accept(token=token, by=UserFactory(email="colleague@example.kr"), now=NOW)


def test_an_unknown_token_is_not_found():
    with pytest.raises(NotFound):
        company.accept(token="nothing", by=UserFactory(), now=NOW)


@pytest.mark.parametrize("role", [MemberRole.EDITOR, MemberRole.VIEWER, None])
def test_only_an_owner_invites(role: str | None):
    made = CompanyFactory()
    member_of(made)
    other = member_of(made, role) if role else UserFactory()
    with pytest.raises(NotFound):
        company.invite(made, email="x@example.kr", role="editor", by=other, now=NOW)


def test_a_member_is_not_invited_again():
    made = registered()
    owner = made.members.get().user
    with pytest.raises(BadInput) as refused:
        company.invite(made, email=owner.email.upper(), role="viewer", by=owner, now=NOW)
    assert refused.value.code == "already_member"


def test_the_last_owner_stays():
    only = MemberFactory()
    for act in (
        lambda: company.change_role(only, role="viewer", by=only.user, now=NOW),
        lambda: company.remove(only, by=only.user, now=NOW),
    ):
        with pytest.raises(BadInput) as refused:
            act()
        assert refused.value.code == "last_owner"
    assert Member.objects.get(pk=only.pk).role == MemberRole.OWNER


def test_with_a_second_owner_the_first_may_go():
    first = MemberFactory()
    second = member_of(first.company, MemberRole.OWNER)
    company.remove(first, by=first.user, now=NOW)
    assert first.company.members.get().user == second


def test_a_role_for_somebody_who_was_taken_out_meanwhile_is_refused_in_words():
    owner = MemberFactory()
    seen = MemberFactory(company=owner.company, role=MemberRole.VIEWER)
    company.remove(Member.objects.get(pk=seen.pk), by=owner.user, now=NOW)
    with pytest.raises(NotFound):
        company.change_role(seen, role="editor", by=owner.user, now=NOW)
    assert not Member.objects.filter(user=seen.user).exists()


def test_an_owner_changes_roles_and_others_do_not():
    owner = MemberFactory()
    viewer = MemberFactory(company=owner.company, role=MemberRole.VIEWER)
    with pytest.raises(NotFound):
        company.change_role(viewer, role="owner", by=viewer.user, now=NOW)
    company.change_role(viewer, role="editor", by=owner.user, now=NOW)
    viewer.refresh_from_db()
    assert viewer.role == MemberRole.EDITOR


# --- A company is never without an active owner ------------------------------------------------------


def used(**fields: object) -> Company:
    """Return a company with a filed application and one owner."""
    return ApplicationFactory(filed=True, **fields).company


def lock_by_operator(person: User) -> Client:
    browser = staff.enter(Client(), staff.operator())
    path = reverse("admin:portal_user_act", args=[person.pk, "lock"])
    page = browser.get(path)
    return browser.post(path, {"seen": page.context["seen"], "reason": "퇴직"})


def test_the_last_active_owner_neither_leaves_nor_is_removed_nor_demoted():
    made = used()
    owner = made.members.get(role=MemberRole.OWNER)
    locked = MemberFactory(company=made, role=MemberRole.OWNER)
    User.objects.filter(pk=locked.user_id).update(is_active=False)
    for act in (
        lambda: company.remove(owner, by=owner.user, now=NOW),
        lambda: company.change_role(owner, role=MemberRole.VIEWER, by=owner.user, now=NOW),
    ):
        with pytest.raises(BadInput) as refused:
            act()
        assert refused.value.code == "last_owner"
    company.remove(locked, by=owner.user, now=NOW)  # the locked one keeps nothing up
    second = MemberFactory(company=made, role=MemberRole.OWNER)
    company.remove(owner, by=owner.user, now=NOW)
    assert list(made.members.all()) == [second]


def test_the_last_active_owner_is_not_locked_without_a_successor():
    made = used()
    owner = made.members.get().user
    answer = lock_by_operator(owner)
    owner.refresh_from_db()
    assert owner.is_active
    assert "하나뿐인 대표 담당자" in answer.content.decode()
    MemberFactory(company=made, role=MemberRole.OWNER)
    lock_by_operator(owner)
    owner.refresh_from_db()
    assert not owner.is_active


def test_a_company_that_nobody_else_uses_keeps_no_account_open():
    assert company.lock_refusal(registered().members.get().user) is None


def test_a_removed_member_is_told():
    made = used()
    owner, gone = made.members.get().user, MemberFactory(company=made, role=MemberRole.EDITOR)
    company.remove(gone, by=owner, now=NOW)
    told = Notice.objects.get(key__startswith="member-removed")
    assert (told.to_email, "빠졌습니다" in told.subject) == (gone.user.email, True)


def test_staff_name_an_owner_with_two_people_and_a_reason():
    application = ApplicationFactory(filed=True)
    made, officer = application.company, staff.officer(application.sub_program)
    manager, other, named = staff.manager(), staff.manager(), UserFactory(email="new@firm.example")
    words = {"email": "new@firm.example", "now": NOW}
    for by, reason, expected in (
        (UserFactory(), "대표 퇴직", MoveNotAllowed),
        (officer, " ", BadInput),
    ):
        with pytest.raises(expected):
            company.nominate_owner(made, reason=reason, by=by, **words)
    with pytest.raises(BadInput):
        company.nominate_owner(made, email="no@one.example", reason="퇴직", by=officer, now=NOW)
    found = company.nominate_owner(made, reason="재직증명서 확인", by=manager, **words)
    with pytest.raises(MoveNotAllowed) as twice:
        company.nominate_owner(made, reason="다시", by=officer, **words)
    assert twice.value.code == "nomination_open"
    with pytest.raises(MoveNotAllowed) as same:
        company.approve_nomination(found, by=manager, now=NOW)
    assert same.value.code == "same_person"
    with pytest.raises(MoveNotAllowed):
        company.approve_nomination(found, by=officer, now=NOW)
    assert not made.members.filter(user=named).exists()
    member = company.approve_nomination(found, by=other, now=NOW)
    assert (member.user, member.role) == (named, MemberRole.OWNER)
    assert (found.state, found.decided_by) == ("approved", other)
    told = set(
        Notice.objects.filter(key__startswith="owner-named").values_list("to_email", flat=True)
    )
    assert told == {named.email, application.created_by.email}
    with pytest.raises(MoveNotAllowed):
        company.approve_nomination(found, by=other, now=NOW)


def test_the_pages_of_staff_name_an_owner(client: Client):
    application = ApplicationFactory(filed=True)
    officer, manager = staff.officer(application.sub_program), staff.manager()
    named = UserFactory(email="new@firm.example")
    page = f"/admin/applications/company/{application.company_id}/"
    acting = staff.enter(Client(), officer)
    assert "대표 담당자 지정" in acting.get(f"{page}change/").content.decode()
    form = acting.get(f"{page}act/name-owner/")
    sent = {"email": named.email, "reason": "위임장 확인", "seen": form.context.get("seen", "")}
    acting.post(f"{page}act/name-owner/", sent)
    found = OwnerNomination.objects.get()
    deciding = staff.enter(Client(), manager)
    path = f"/admin/applications/ownernomination/{found.pk}/act/approve/"
    deciding.post(path, {"seen": deciding.get(path).context.get("seen", "")})
    found.refresh_from_db()
    assert found.state == "approved"
