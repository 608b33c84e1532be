"""How accounts of staff begin, get roles, lose them and end: who may do it, twice never, all on record."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from applications.roles import ASSESSOR
from kamp.roles import CURATOR
from portal.access import endings, factor_reset, granting, invitations, locking
from portal.access.handing_over import HandedOver, HandOver
from portal.access.roles import AUDITOR, OPERATOR, declared, roles_of
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.core.errors import BadInput, PortalError
from portal.models import (
    AccountEnding,
    ApiToken,
    FactorReset,
    Notice,
    RoleChange,
    RoleRequest,
    StaffAct,
    StaffInvitation,
    User,
)
from programs.roles import MANAGER, OFFICER
from tests.factories import staff
from tests.factories.applications import ApplicationFactory, UserFactory
from tests.portal.test_signin import account

pytestmark = pytest.mark.django_db
PASSWORD = "유리 구슬 다섯 개와 지도"


def code_of(program: Any) -> str:
    return f"{program.round.code}/{program.code}"


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def keeper(role: str) -> User:
    return account(roles=[role], factor=True)


@pytest.fixture
def operator() -> User:
    return keeper(OPERATOR)


@pytest.fixture
def manager() -> User:
    return keeper(MANAGER)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(PortalError) as error:
        act()
    return error.value.code


def told(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("subject", flat=True))


def invited(by: User, *, email: str = "new@example.kr", **more: Any) -> StaffInvitation:
    words: dict[str, Any] = {
        "name": "신담당",
        "affiliation": "한빛진흥원",
        "roles": {ASSESSOR: []},
        "reason": "새 담당자",
        "now": now(),
        **more,
    }
    return invitations.invite(email=email, by=by, **words)


def link() -> str:
    """Return the address in the last mail of an invitation."""
    body = Notice.objects.filter(secret=True).latest("pk").body
    return re.search(r"/accounts/invitation/\S+", body)[0]


def token() -> str:
    return link().rstrip("/").rpartition("/")[2]


def asked(user: User, role: str, by: User, **more: Any) -> RoleRequest:
    return granting.request(user, role, reason="인사 발령", by=by, now=now(), **more)


# --- Invitations ---------------------------------------------------------------------------------


def test_the_link_makes_an_account_without_any_role_and_works_once(operator, manager) -> None:
    program = staff.program()
    invited(operator, roles={OFFICER: [code_of(program)]})
    address = link()
    page = Client().get(address).content.decode()
    for words in ("신담당", "한빛진흥원", "new@example.kr", f"사업 담당자: {program.name}"):
        assert words in page
    sent = {"password1": PASSWORD, "password2": PASSWORD}
    answer = Client().post(address, sent)
    assert answer.status_code == 302, answer.content.decode()
    user = User.objects.get(email="new@example.kr")
    assert user.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=user).verified
    assert (roles_of(user), user.is_staff, user.is_superuser) == (frozenset(), False, False)
    assert [row.get_state_display() for row in user.role_requests.all()] == ["승인 대기"]
    again = Client().post(address, sent)
    assert "이미 수락한 초대입니다" in again.content.decode()
    assert User.objects.filter(email="new@example.kr").count() == 1
    assert RoleRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"password1": "1234", "password2": "1234"}, "너무 짧"),
        ({"password1": PASSWORD, "password2": "other"}, "두 비밀번호가 다릅니다"),
        ({"password1": "new@example.kr", "password2": "new@example.kr"}, "유사"),
    ],
)
def test_a_weak_or_mistyped_password_makes_no_account(operator, words, says) -> None:
    invited(operator)
    assert says in Client().post(link(), words).content.decode()
    assert not User.objects.filter(email="new@example.kr").exists()
    assert StaffInvitation.objects.get().accepted_at is None


def test_a_link_ends_by_time_by_withdrawal_and_by_the_next_mail(operator) -> None:
    at = now()
    made = invited(operator, now=at)
    first = token()
    assert refused(lambda: invitations.resend(made, by=operator, now=at)) == "sent_just_now"
    later = at + timedelta(days=invitations.DAYS)
    end = refused(lambda: invitations.accept(first, password=PASSWORD, now=later))
    assert end == "invitation_expired"
    invitations.resend(made, by=operator, now=later)
    second = token()
    for text, code in ((first, "invitation_unknown"), ("x", "invitation_unknown")):
        assert refused(lambda t=text: invitations.accept(t, password=PASSWORD, now=later)) == code
    invitations.withdraw(made, by=operator, now=later)
    end = refused(lambda: invitations.accept(second, password=PASSWORD, now=later))
    assert end == "invitation_withdrawn"
    assert refused(lambda: invitations.resend(made, by=operator, now=later)) == end
    assert not User.objects.filter(email="new@example.kr").exists()
    invited(operator, now=later)  # the address is free again


def test_the_mail_of_an_invitation_is_kept_only_until_it_is_sent(operator) -> None:
    invited(operator)
    assert Notice.objects.get(subject="업무 계정을 만들어 주세요").secret
    kept = StaffInvitation.objects.get()
    assert token() not in {str(getattr(kept, row.attname)) for row in kept._meta.fields}


def test_an_invitation_is_for_its_address_alone(operator) -> None:
    other = account()
    invited(operator)
    address = link()
    owner = account(email="new@example.kr")  # signed up meanwhile
    client = Client()
    client.force_login(other)
    assert "계정이 이미 있습니다" in client.get(address).content.decode()
    client.post(address, {"password1": PASSWORD, "password2": PASSWORD})
    assert not RoleRequest.objects.exists()
    end = refused(lambda: invitations.accept_as(token(), by=other, now=now()))
    assert end == "invitation_other_person"
    client.force_login(owner)
    assert client.post(address).status_code == 302
    assert RoleRequest.objects.get().user == owner
    assert not fresh(owner).check_password(PASSWORD)


def test_who_invites_and_what_is_refused(operator, manager) -> None:
    known = account()
    program = staff.program()
    assert refused(lambda: invited(staff.officer(program))) == "role"
    assert refused(lambda: invited(operator, email=known.email)) == "email"
    assert refused(lambda: invited(operator, roles={})) == "role"
    assert refused(lambda: invited(operator, roles={"root": []})) == "role"
    assert refused(lambda: invited(operator, roles={OFFICER: []})) == "parts"
    assert refused(lambda: invited(operator, roles={OFFICER: ["no/such"]})) == "parts"
    for name in ("name", "affiliation", "reason"):
        assert refused(lambda n=name: invited(operator, **{n: " "})) == name
    invited(manager)
    assert refused(lambda: invited(operator)) == "email"


def test_an_operator_invites_by_the_page_and_a_refusal_keeps_what_was_typed(operator) -> None:
    program = staff.program()
    client = staff.enter(Client(), operator)
    start = reverse("admin:portal_staffinvitation_start")
    typed = {
        "email": "new@example.kr", "name": "신담당", "affiliation": "한빛진흥원",
        "roles": [OFFICER, ASSESSOR], "reason": "새 담당자",
    }  # fmt: skip
    page = client.post(start, typed).content.decode()
    assert "내역사업을 골라 주세요" in page
    assert "한빛진흥원" in page
    made = client.post(start, {**typed, "parts": [code_of(program)]})
    assert made.status_code == 302
    row = StaffInvitation.objects.get()
    assert row.roles == {OFFICER: [code_of(program)], ASSESSOR: []}
    page = client.get(made["Location"]).content.decode()
    for words in ("수락 대기", "다시 보내기", f"사업 담당자: {program.name}"):
        assert words in page
    assert "officer" not in page
    for role in (OFFICER, AUDITOR):
        other = staff.enter(Client(), account(roles=[role]))
        assert other.get(start).status_code == 404
        assert other.post(start, typed).status_code == 404


# --- Roles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(declared()))
def test_every_role_waits_for_a_second_person(operator, manager, role: str) -> None:
    program = staff.program()
    codes = [code_of(program)] if declared()[role].parts else []
    user = account(factor=True)
    request = asked(user, role, operator, codes=codes)
    assert roles_of(fresh(user)) == frozenset()
    for by in (operator, user, staff.officer(program), staff.auditor()):
        assert refused(lambda b=by: granting.approve(request, by=b, now=now())) == "role"
    granting.approve(request, by=manager, now=now())
    held = fresh(user)
    assert roles_of(held) == {role}
    assert held.is_staff is declared()[role].staff
    assert list(held.sub_programs.all()) == ([program] if codes else [])
    change = RoleChange.objects.get()
    assert (change.before, change.after, change.by, change.approved_by) == (
        [], [role], operator, manager,
    )  # fmt: skip
    logged = LogEntry.objects.get_for_object(user).filter(changes__has_key="groups").get()
    assert logged.changes["groups"]["objects"] == [role]
    label = declared()[role].label
    assert told(user) == [f"‘{label}’ 역할이 요청되었습니다", f"‘{label}’ 역할이 승인되었습니다"]
    assert refused(lambda: granting.approve(request, by=manager, now=now())) == "request_ended"


@pytest.mark.parametrize("role", [MANAGER, OPERATOR, AUDITOR, ASSESSOR])
def test_who_requests_a_role_that_decides_does_not_approve_it(manager, role: str) -> None:
    user = account(factor=True)
    request = asked(user, role, manager)
    assert refused(lambda: granting.approve(request, by=manager, now=now())) == "same_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleRequest.objects.filter(pk=request.pk).update(
            state="approved", decided_by=manager, decided_at=now()
        )
    granting.approve(request, by=keeper(MANAGER), now=now())
    assert roles_of(fresh(user)) == {role}


def test_a_role_that_decides_nothing_alone_needs_one_manager(operator, manager) -> None:
    user = account(factor=True)
    granting.approve(asked(user, CURATOR, manager), by=manager, now=now())
    assert roles_of(fresh(user)) == {CURATOR}


@pytest.mark.parametrize("role", [OPERATOR, MANAGER])
def test_nobody_gives_or_takes_a_role_of_their_own(manager, role: str) -> None:
    me = account(roles=[role], factor=True)
    assert refused(lambda: asked(me, AUDITOR, me)) == "own_account"
    assert refused(lambda: granting.take(me, role, reason="x", by=me, now=now())) == "own_account"
    request = asked(me, AUDITOR, manager)
    if role == MANAGER:
        for act in (granting.approve, granting.refuse, granting.withdraw):
            words = {} if act is granting.approve else {"note": "x"}
            end = refused(lambda a=act, w=words: a(request, by=me, now=now(), **w))
            assert end == "own_account"
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleRequest.objects.filter(pk=request.pk).update(requested_by=me)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleRequest.objects.filter(pk=request.pk).update(
            state="approved", decided_by=me, decided_at=now()
        )


def test_a_role_needs_the_second_factor_first(operator, manager) -> None:
    user = account()
    request = asked(user, AUDITOR, operator)
    assert refused(lambda: granting.approve(request, by=manager, now=now())) == "no_factor"
    assert roles_of(fresh(user)) == frozenset()


def test_a_request_is_refused_or_withdrawn_once_with_a_reason(operator, manager) -> None:
    user = account(factor=True)
    for end in (granting.refuse, granting.withdraw):
        request = asked(user, AUDITOR, operator)
        assert refused(lambda: asked(user, AUDITOR, manager)) == "role_requested"
        assert refused(lambda e=end, r=request: e(r, note=" ", by=manager, now=now())) == "reason"
        end(request, note="맡지 않음", by=manager, now=now())
        for act in (granting.refuse, granting.withdraw):
            late = refused(lambda a=act, r=request: a(r, note="x", by=manager, now=now()))
            assert late == "request_ended"
    assert roles_of(fresh(user)) == frozenset()
    assert told(user)[1::2] == [
        "‘감사 담당자’ 역할이 승인되지 않았습니다",
        "‘감사 담당자’ 역할의 요청을 취소했습니다",
    ]


def test_a_role_is_taken_at_once_with_a_reason_and_the_person_is_told(operator) -> None:
    program = staff.program()
    user = account(roles=[OFFICER], factor=True)
    user.sub_programs.add(program)
    file = ApplicationFactory(sub_program=program, filed=True, officer=user)
    client = staff.enter(Client(), user)
    assert client.get("/admin/").status_code == 200
    assert refused(lambda: granting.take(user, OFFICER, reason="", by=operator, now=now())) == (
        "reason"
    )
    granting.take(user, OFFICER, reason="인사이동", by=operator, now=now())
    assert client.get("/admin/").status_code == 302
    held = fresh(user)
    assert (roles_of(held), held.is_staff, held.sub_programs.count()) == (frozenset(), False, 0)
    file.refresh_from_db()
    assert file.officer is None
    change = RoleChange.objects.get()
    assert (change.given, change.before, change.after) == (False, [OFFICER], [])
    assert change.parts == [code_of(program)]
    assert told(user) == ["‘사업 담당자’ 역할이 끝났습니다"]
    assert refused(lambda: granting.take(user, OFFICER, reason="x", by=operator, now=now())) == (
        "role"
    )


def test_an_officer_gets_a_further_sub_programme_by_the_same_way(operator, manager) -> None:
    first, further = staff.program(), staff.program()
    user = account(roles=[OFFICER], factor=True)
    user.sub_programs.add(first)
    assert refused(lambda: asked(user, OFFICER, operator, codes=[code_of(first)])) == "role"
    codes = [code_of(first), code_of(further)]
    granting.approve(asked(user, OFFICER, operator, codes=codes), by=manager, now=now())
    assert set(user.sub_programs.all()) == {first, further}


def test_one_sub_programme_is_taken_with_its_files_and_the_rest_stays(operator, manager) -> None:
    kept, taken = staff.program(), staff.program()
    user = account(roles=[OFFICER], factor=True)
    user.sub_programs.add(kept, taken)
    files = {
        row: ApplicationFactory(sub_program=row, filed=True, officer=user) for row in (kept, taken)
    }
    code = code_of(taken)

    def take(codes: list[str], by: User, reason: str = "업무 분담") -> object:
        return granting.take_part(user, OFFICER, codes, reason=reason, by=by, now=now())

    assert refused(lambda: take([code], staff.auditor())) == "role"
    assert refused(lambda: take([code], user)) == "role"
    assert refused(lambda: take([code], operator, " ")) == "reason"
    for codes in ([], ["x/y"], [code, code_of(kept)]):
        assert refused(lambda c=codes: take(c, operator)) == "parts"
    client = staff.enter(Client(), manager)
    press(client, user, "take-part", role=OFFICER, parts=[code], reason="업무 분담")
    assert roles_of(fresh(user)) == {OFFICER}
    assert list(user.sub_programs.all()) == [kept]
    for file in files.values():
        file.refresh_from_db()
    assert (files[kept].officer, files[taken].officer) == (user, None)
    change = RoleChange.objects.get()
    assert (change.given, change.before, change.after) == (False, [OFFICER], [OFFICER])
    assert (change.parts, change.by) == ([code], manager)
    mail = Notice.objects.get(user=user)
    assert taken.name in mail.body
    assert mail.subject == "‘사업 담당자’ 역할의 담당 내역사업 일부가 끝났습니다"
    page = client.get(reverse("admin:portal_user_change", args=[user.pk])).content.decode()
    assert f"담당 내역사업 거둠: {taken.name}" in page
    assert "담당 내역사업 거두기</a>" not in page  # the last one goes with the role


@pytest.mark.parametrize(
    ("role", "by"),  # only another operator locks an operator
    [(OPERATOR, "take"), (OPERATOR, "end"), (MANAGER, "take"), (MANAGER, "end"), (MANAGER, "lock")],
)
def test_the_last_holder_of_an_essential_role_keeps_it(role: str, by: str) -> None:
    last = account(roles=[role], factor=True)
    other = account(roles=[OPERATOR if role == MANAGER else MANAGER], factor=True)
    account(roles=[role], is_active=False)  # a locked account holds nothing
    acts: dict[str, Callable[[], object]] = {
        "take": lambda: granting.take(last, role, reason="x", by=other, now=now()),
        "end": lambda: ended(last, other),
        "lock": lambda: locking.lock(last, reason="x", by=other, now=now()),
    }
    assert refused(acts[by]) == "last_holder"
    assert roles_of(fresh(last)) == {role}
    account(roles=[role])
    acts[by]()
    assert roles_of(fresh(last)) == frozenset()


def test_the_record_of_roles_is_only_ever_added_to(operator) -> None:
    user = account(roles=[AUDITOR])
    change = granting.take(user, AUDITOR, reason="x", by=operator, now=now())
    for act in (
        lambda: RoleChange.objects.filter(pk=change.pk).update(reason="y"),
        lambda: RoleChange.objects.filter(pk=change.pk).delete(),
        lambda: RoleChange.objects.create(
            user=user, role=AUDITOR, given=True, before=[], after=[], reason="x", by=user, at=now()
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


# --- The end of an account -----------------------------------------------------------------------


def ended(user: User, by: User, **more: Any) -> AccountEnding:
    words = {"ends_on": korean_day(now()), "reason": "퇴직", "successor": None, **more}
    return endings.end(user, by=by, now=now(), **words)


def test_an_ended_account_has_nothing_left(operator, manager) -> None:
    program = staff.program()
    user = account(roles=[OFFICER], factor=True)
    user.sub_programs.add(program)
    there = staff.enter(Client(), user)
    ApiToken.objects.create(
        user=user, name="a", digest="b", scope="read", created_at=now(), expires_at=now()
    )
    asked(user, AUDITOR, operator)
    made = ended(user, manager)
    gone = fresh(user)
    assert (gone.is_active, gone.groups.count(), gone.sub_programs.count()) == (False, 0, 0)
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert there.get("/account/notices/").status_code == 302
    assert RoleRequest.objects.get().state == RoleRequest.State.WITHDRAWN
    assert RoleChange.objects.get().reason == "퇴직"
    assert made.done_at is not None
    assert ["거둔 역할", "사업 담당자"] in made.outcome
    assert ["취소한 역할 요청", "감사 담당자"] in made.outcome
    assert told(user)[-1] == "계정이 끝났습니다"


def test_the_officers_learn_of_the_open_sheets_of_an_assessor_who_leaves(operator) -> None:
    program = staff.program()
    officer, (judge,) = staff.officer(program), staff.assessors(1)
    filed = ApplicationFactory(sub_program=program, assessing=True)
    staff.opened(filed, judge, officer)
    made = ended(judge, operator)
    assert ["남은 평가표", f"{program.name} 1부"] in made.outcome
    assert "평가표 1부" in told(officer)[-1]


def test_the_files_of_an_officer_go_to_the_successor(operator) -> None:
    program = staff.program()
    user, successor = (account(roles=[OFFICER], factor=True) for _ in range(2))
    program.officers.add(user, successor)
    files = [ApplicationFactory(sub_program=program, filed=True, officer=user) for _ in range(2)]
    assert refused(lambda: ended(user, operator)) == "successor"
    made = ended(user, operator, successor=successor)
    for file in files:
        file.refresh_from_db()
    assert {file.officer for file in files} == {successor}
    assert [f"{successor} 님에게 넘긴 건", "2건"] in made.outcome


def test_an_account_ends_on_its_day_and_not_before(operator) -> None:
    user = account(roles=[AUDITOR])
    at = now()
    made = ended(user, operator, ends_on=korean_day(at) + timedelta(days=3))
    assert endings.carry_out_due(at) == 0
    assert fresh(user).is_active
    assert "끝납니다" in told(user)[-1]
    assert refused(lambda: ended(user, operator)) == "ending_open"
    assert endings.carry_out_due(at + timedelta(days=3)) == 1
    assert not fresh(user).is_active
    assert endings.carry_out_due(at + timedelta(days=3)) == 0
    assert refused(lambda: endings.cancel(made, by=operator, now=at)) == "ending_done"


def test_an_account_that_was_locked_before_its_end_keeps_no_role(operator, manager) -> None:
    program = staff.program()
    user = account(roles=[OFFICER, AUDITOR], factor=True)
    user.sub_programs.add(program)
    made = ended(user, manager, ends_on=korean_day(now()) + timedelta(days=3))
    locking.lock(user, reason="분실", by=operator, now=now())
    assert endings.carry_out_due(now() + timedelta(days=3)) == 1
    gone = fresh(user)
    assert (gone.groups.count(), gone.sub_programs.count(), gone.is_staff) == (0, 0, False)
    made.refresh_from_db()
    assert [text for label, text in made.outcome if label == "거둔 역할"] == [
        "감사 담당자", "사업 담당자",
    ]  # fmt: skip
    locking.unlock(gone, reason="복직", by=operator, now=now())
    assert (fresh(user).is_active, roles_of(fresh(user))) == (True, frozenset())


def test_an_ended_account_is_unlocked_without_the_roles_of_before(operator, manager) -> None:
    user = account(roles=[AUDITOR], factor=True)
    made = ended(user, manager)
    user.groups.add(*operator.groups.all())  # as an end left them that came to a locked account
    User.objects.filter(pk=user.pk).update(is_staff=True)
    locking.unlock(fresh(user), reason="복직", by=operator, now=now())
    assert (roles_of(fresh(user)), fresh(user).is_staff) == (frozenset(), False)
    granting.approve(asked(user, AUDITOR, operator), by=manager, now=now())
    locking.lock(fresh(user), reason="분실", by=operator, now=now())
    locking.unlock(fresh(user), reason="찾음", by=operator, now=now())
    assert roles_of(fresh(user)) == {AUDITOR}  # given after the end
    assert made.done_at is not None


def test_a_locked_account_loses_a_role_and_ends_on_its_page(operator) -> None:
    user = account(roles=[AUDITOR, CURATOR], factor=True)
    client = staff.enter(Client(), operator)
    press(client, user, "lock", reason="분실 신고")
    press(client, user, "take", role=CURATOR, reason="인사이동")
    assert [group.name for group in fresh(user).groups.all()] == [AUDITOR]
    press(client, user, "end", ends_on=korean_day(now()), reason="퇴직")
    assert not fresh(user).groups.exists()
    assert refused(lambda: ended(fresh(user), operator)) == "account"


def test_an_end_that_is_cancelled_does_not_come(operator) -> None:
    user = account(roles=[AUDITOR])
    made = ended(user, operator, ends_on=korean_day(now()) + timedelta(days=3))
    endings.cancel(made, by=operator, now=now())
    assert endings.carry_out_due(now() + timedelta(days=9)) == 0
    assert fresh(user).is_active
    assert told(user)[-1] == "계정을 계속 쓸 수 있습니다"


def test_the_last_manager_goes_on_after_the_day_and_the_record_says_why(operator, manager) -> None:
    other = keeper(MANAGER)
    made = ended(manager, operator, ends_on=korean_day(now()) + timedelta(days=1))
    granting.take(other, MANAGER, reason="x", by=operator, now=now())
    assert endings.carry_out_due(now() + timedelta(days=1)) == 0
    assert fresh(manager).is_active
    made.refresh_from_db()
    assert "마지막 계정" in made.outcome[0][1]


def test_who_ends_an_account_and_what_is_refused(operator, manager, settings) -> None:
    user = account(roles=[AUDITOR])
    yesterday = korean_day(now()) - timedelta(days=1)
    assert refused(lambda: ended(user, staff.auditor())) == "role"
    assert refused(lambda: ended(operator, operator)) == "own_account"
    assert refused(lambda: ended(user, operator, ends_on=yesterday)) == "ends_on"
    assert refused(lambda: ended(user, operator, reason=" ")) == "reason"
    for successor in (user, account(), account(roles=[AUDITOR], is_active=False)):
        end = refused(lambda s=successor: ended(user, operator, successor=s))
        assert end == "successor"
    settings.HAND_OVERS = [f"{__name__}.CASES"]
    assert refused(lambda: ended(user, operator)) == "successor"
    made = ended(user, operator, successor=manager)
    assert made.outcome[:3] == [
        ["맡고 있던 것", "맡은 건 3건"],
        [f"{manager} 님에게 넘긴 건", "2건"],
        ["담당자가 없게 된 건", "1건"],
    ]


def test_a_successor_who_left_meanwhile_gets_nothing(operator, manager, settings) -> None:
    user, successor = account(roles=[AUDITOR]), account(roles=[AUDITOR])
    settings.HAND_OVERS = [f"{__name__}.CASES"]
    tomorrow = korean_day(now()) + timedelta(days=1)
    made = ended(user, operator, successor=successor, ends_on=tomorrow)
    ended(successor, operator, successor=manager)
    assert endings.carry_out_due(now() + timedelta(days=1)) == 1
    made.refresh_from_db()
    assert ["담당자가 없게 된 건", "3건"] in made.outcome


def give_cases(officer: User, *, to: User | None, **how: Any) -> HandedOver:
    if to is None:
        return HandedOver(freed=3)
    if not to.is_active:
        raise BadInput("계정이 끝난 사람입니다.", code="officer")
    return HandedOver(given=2, freed=1)


def free_nothing(officer: User, **how: Any) -> int:
    return 0


CASES = HandOver("맡은 건", held=lambda user: 3, hand_over=give_cases, free_unfit=free_nothing)


# --- Pages ---------------------------------------------------------------------------------------


def act_page(thing: Any, act: str) -> str:
    return reverse(
        f"admin:{thing._meta.app_label}_{thing._meta.model_name}_act", args=[thing.pk, act]
    )


def press(client: Client, thing: Any, act: str, **data: Any) -> Any:
    address = act_page(thing, act)
    page = client.get(address).content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    return client.post(address, {"seen": seen[1] if seen else "", **data})


def test_the_pages_request_and_approve_a_role(operator, manager) -> None:
    program, user = staff.program(), account(factor=True)
    first, second = staff.enter(Client(), operator), staff.enter(Client(), manager)
    typed = {"role": OFFICER, "reason": "새 담당자"}
    assert "내역사업을 골라 주세요" in press(first, user, "request", **typed).content.decode()
    press(first, user, "request", **typed, parts=[code_of(program)])
    request = RoleRequest.objects.get()
    listed = reverse("admin:portal_user_changelist")
    assert user.email in first.get(f"{listed}?standing=waiting").content.decode()
    assert user.email in second.get(f"{listed}?standing=waiting").content.decode()
    assert not roles_of(fresh(user))
    press(first, request, "approve")
    assert not roles_of(fresh(user))
    shown = second.get(act_page(request, "approve")).content.decode()
    for words in ("없음 → 사업 담당자", program.name, "새 담당자", user.email):
        assert words in shown
    press(second, request, "approve")
    assert roles_of(fresh(user)) == {OFFICER}
    page = second.get(reverse("admin:portal_user_change", args=[user.pk])).content.decode()
    assert "없음 → 사업 담당자" in page
    assert StaffAct.objects.filter(act="approve", by=manager).exists()
    assert user.email not in first.get(f"{listed}?standing=waiting").content.decode()
    assert user.email in first.get(f"{listed}?role={OFFICER}").content.decode()


def test_the_pages_take_a_role_end_lock_and_unlock(operator, manager) -> None:
    user = account(roles=[AUDITOR, CURATOR], factor=True)
    client = staff.enter(Client(), operator)
    press(client, user, "take", role=CURATOR, reason="인사이동")
    assert roles_of(fresh(user)) == {AUDITOR}
    press(client, user, "lock", reason="분실 신고")
    assert not fresh(user).is_active
    press(client, user, "unlock", reason="회수함")
    assert fresh(user).is_active
    day = korean_day(now())
    assert press(client, user, "end", ends_on=day, reason="").status_code == 200
    press(client, user, "end", ends_on=day, reason="퇴직")
    assert not fresh(user).is_active
    assert [row.note for row in StaffAct.objects.order_by("pk")] == [
        "인사이동", "분실 신고", "회수함", "퇴직",
    ]  # fmt: skip
    page = client.get(
        reverse("admin:portal_accountending_change", args=[AccountEnding.objects.get().pk])
    )
    assert "거둔 역할: 감사 담당자" in page.content.decode()


def test_nobody_acts_on_the_own_page_and_auditors_only_read(operator) -> None:
    user = account(roles=[AUDITOR], factor=True)
    reader, own = staff.enter(Client(), user), staff.enter(Client(), operator)
    for act in ("request", "take", "end", "lock"):
        assert (
            act_page(operator, act)
            not in own.get(reverse("admin:portal_user_change", args=[operator.pk])).content.decode()
        )
        press(own, operator, act, role=AUDITOR, reason="x", ends_on=korean_day(now()))
        press(reader, operator, act, role=AUDITOR, reason="x", ends_on=korean_day(now()))
    assert roles_of(fresh(operator)) == {OPERATOR}
    assert fresh(operator).is_active
    assert not StaffAct.objects.exists()


def test_a_manager_finds_staff_and_no_applicants(manager) -> None:
    applicant, auditor = account(), account(roles=[AUDITOR])
    client = staff.enter(Client(), manager)
    listed = client.get(reverse("admin:portal_user_changelist")).content.decode()
    assert auditor.email in listed
    assert applicant.email not in listed
    assert client.get(reverse("admin:portal_user_change", args=[applicant.pk])).status_code == 404


@pytest.mark.parametrize("who", ["superuser", OPERATOR, MANAGER])
def test_no_page_makes_a_superuser_or_writes_flags_and_groups(who: str) -> None:
    by = account(roles=[] if who == "superuser" else [who], factor=True)
    if who == "superuser":
        User.objects.filter(pk=by.pk).update(is_superuser=True, is_staff=True)
    client, user = staff.enter(Client(), fresh(by)), account(factor=True)
    page = reverse("admin:portal_user_change", args=[user.pk])
    forged = {
        "is_superuser": "on", "is_staff": "on", "is_active": "on", "groups": ["1", "2", "3"],
        "user_permissions": ["1"], "email": "x@example.kr", "_save": "1",
    }  # fmt: skip
    client.post(page, forged)
    client.post(reverse("admin:index") + "portal/user/add/", forged)
    kept = fresh(user)
    assert (kept.is_superuser, kept.is_staff, kept.groups.count()) == (False, False, 0)
    assert kept.email == user.email
    assert User.objects.filter(is_superuser=True).count() == int(who == "superuser")
    for path in ("auth/group/", "auth/group/add/", "account/emailaddress/add/"):
        assert client.get(f"/admin/{path}").status_code == 404, path
    if who == "superuser":  # holds no role, so has no act either
        press(client, user, "request", role=MANAGER, reason="x")
        assert not RoleRequest.objects.exists()


def test_a_superuser_is_locked_and_ended_by_nobody(operator) -> None:
    root = account(is_superuser=True)
    assert refused(lambda: locking.lock(root, reason="x", by=operator, now=now())) == "superuser"
    assert refused(lambda: ended(root, operator)) == "superuser"
    User.objects.filter(pk=root.pk).update(is_active=False)
    closed = fresh(root)
    assert refused(lambda: locking.unlock(closed, reason="x", by=operator, now=now())) == (
        "superuser"
    )


def test_the_own_page_says_what_waits(operator) -> None:
    user = account()
    asked(user, AUDITOR, operator)
    client = Client()
    client.force_login(user)
    page = client.get(reverse("own_roles")).content.decode()
    for words in ("감사 담당자", "승인 대기", "인증 앱 등록", "지금 가진 역할이 없습니다"):
        assert words in page


# --- The first people, by command ----------------------------------------------------------------


def test_the_command_gives_the_first_roles_on_record() -> None:
    program = staff.program()
    user = account()
    call_command("give_role", user.email, OPERATOR, reason="첫 운영자", verbosity=0)
    call_command("give_role", user.email, OFFICER, reason="x", part=[code_of(program)])
    assert roles_of(fresh(user)) == {OPERATOR, OFFICER}
    assert fresh(user).is_staff
    assert [row.by for row in RoleChange.objects.all()] == [None, None]
    for wrong in ({"email": "nobody@example.kr"}, {"role": OFFICER}):
        words = {"email": user.email, "role": OPERATOR, **wrong}
        with pytest.raises(CommandError):
            call_command("give_role", words["email"], words["role"], reason="x")


# --- A lost second factor ------------------------------------------------------------------------


def reset_of(user: User, by: User, **more: Any) -> FactorReset:
    words = {
        "reason": "전화기 분실", "checked_how": "in_person", "checked_by": "김확인",
        "checked_on": korean_day(now()), **more,
    }  # fmt: skip
    return factor_reset.request(user.email, by=by, now=now(), **words)


def test_a_manager_and_an_operator_reset_a_factor_after_a_written_check(operator, manager) -> None:
    user = account(roles=[OFFICER], factor=True)
    tomorrow = korean_day(now()) + timedelta(days=1)
    for code, wrong in (
        ("checked_how", {"checked_how": ""}),
        ("checked_by", {"checked_by": " "}),
        ("checked_on", {"checked_on": tomorrow}),
    ):
        assert refused(lambda w=wrong: reset_of(user, manager, **w)) == code
    reset = reset_of(user, manager)
    assert told(user) == ["2단계 인증의 재설정이 요청되었습니다"]
    assert refused(lambda: factor_reset.confirm(reset, by=manager, now=now())) == "same_person"
    page = staff.enter(Client(), operator).get(act_page(reset, "confirm")).content.decode()
    for words in ("대면(신분증)", "김확인", "전화기 분실"):
        assert words in page
    factor_reset.confirm(reset, by=operator, now=now())
    assert not granting.has_factor(user)


def test_a_withdrawn_reset_leaves_the_factor_and_may_be_requested_again(operator, manager) -> None:
    user = account(roles=[OFFICER], factor=True)
    reset = reset_of(user, operator)
    assert refused(lambda: reset_of(user, manager)) == "reset_requested"
    factor_reset.withdraw(reset, by=manager, now=now())
    for act in (factor_reset.withdraw, factor_reset.confirm):
        assert refused(lambda a=act: a(reset, by=manager, now=now())) == "reset_done"
    assert granting.has_factor(user)
    reset_of(user, operator)
    assert told(user)[1] == "2단계 인증의 재설정 요청을 취소했습니다"


# --- Lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    ["user", "staffinvitation", "rolerequest", "rolechange", "accountending", "factorreset"],
)
def test_lists_cost_the_same_however_many_there_are(
    operator, manager, django_assert_max_num_queries, model: str
) -> None:
    for place in range(7):
        user = account(factor=True)
        request = asked(user, AUDITOR, operator)
        if place % 2:
            granting.approve(request, by=manager, now=now())
        ended(user, operator, ends_on=korean_day(now()) + timedelta(days=1))
        reset_of(user, operator)
        invited(operator, email=f"new{place}@example.kr")
    UserFactory()
    client = staff.enter(Client(), operator)
    with django_assert_max_num_queries(14):
        assert client.get(reverse(f"admin:portal_{model}_changelist")).status_code == 200
