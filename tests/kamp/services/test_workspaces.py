"""A firm has one workspace, invites people by their address, and keeps an owner."""

from datetime import timedelta

import pytest

from kamp.services import workspaces
from kamp.states import MemberRole
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import Notice
from portal.notices import outbox
from tests.factories.kamp import PersonFactory, WorkspaceFactory, business_number, member_of

pytestmark = pytest.mark.django_db


def test_the_creator_of_a_workspace_owns_it() -> None:
    person = PersonFactory()
    made = workspaces.create(name="한빛", number=business_number(1), by=person, now=now())
    assert [(row.user, row.role) for row in made.members.all()] == [(person, "owner")]
    with pytest.raises(BadInput) as refused:
        workspaces.create(name="다른", number=business_number(1), by=person, now=now())
    assert refused.value.code == "workspace_taken"


def test_a_person_owns_three_workspaces_at_most() -> None:
    person = PersonFactory()
    for n in range(workspaces.MOST_OWNED):
        workspaces.create(name="한빛", number=business_number(900 + n), by=person, now=now())
    with pytest.raises(MoveNotAllowed) as refused:
        workspaces.create(name="한빛", number=business_number(909), by=person, now=now())
    assert refused.value.code == "workspaces_many"
    workspaces.create(name="한빛", number=business_number(909), by=PersonFactory(), now=now())


def test_an_invitation_is_accepted_once_by_the_invited_person() -> None:
    firm = WorkspaceFactory()
    owner, guest = member_of(firm), PersonFactory()
    sent = workspaces.invite(
        firm, email=guest.email.upper(), role=MemberRole.EDITOR, by=owner, now=now()
    )
    assert Notice.objects.get().to_email == guest.email
    with pytest.raises(NotFound):
        workspaces.answer(sent, accept=True, by=PersonFactory(), now=now())
    workspaces.answer(sent, accept=True, by=guest, now=now())
    assert firm.members.get(user=guest).role == MemberRole.EDITOR
    with pytest.raises(MoveNotAllowed):
        workspaces.answer(sent, accept=True, by=guest, now=now())


def test_only_owners_invite() -> None:
    firm = WorkspaceFactory()
    editor = member_of(firm, MemberRole.EDITOR)
    for who in (editor, PersonFactory()):
        with pytest.raises(NotFound):
            workspaces.invite(firm, email="a@b.kr", role="editor", by=who, now=now())


def test_nobody_is_invited_twice() -> None:
    firm = WorkspaceFactory()
    owner = member_of(firm)
    workspaces.invite(firm, email="a@b.kr", role="editor", by=owner, now=now())
    for email, code in (("a@b.kr", "already_invited"), (owner.email, "already_member")):
        with pytest.raises(BadInput) as refused:
            workspaces.invite(firm, email=email, role="editor", by=owner, now=now())
        assert refused.value.code == code


def test_invitations_a_day_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "INVITATIONS_A_DAY", 2)
    firm, at = WorkspaceFactory(), now()
    owner = member_of(firm)

    def invite(email: str, later: timedelta) -> None:
        workspaces.invite(firm, email=email, role="editor", by=owner, now=at + later)

    for email in ("a@b.kr", "c@d.kr"):
        invite(email, timedelta(0))
    with pytest.raises(BadInput) as refused:
        invite("e@f.kr", timedelta(hours=23))
    assert refused.value.code == "letters_today"
    assert Notice.objects.count() == 2
    invite("e@f.kr", timedelta(hours=24))


def test_the_last_owner_stays() -> None:
    firm = WorkspaceFactory()
    owner = member_of(firm)
    editor = member_of(firm, MemberRole.EDITOR)
    with pytest.raises(NotFound):
        workspaces.remove(firm.members.get(user=owner), by=editor, now=now())
    with pytest.raises(MoveNotAllowed) as refused:
        workspaces.remove(firm.members.get(user=owner), by=owner, now=now())
    assert refused.value.code == "last_owner"
    workspaces.remove(firm.members.get(user=editor), by=editor, now=now())
    assert firm.members.count() == 1
