"""Which addresses are a person's."""

import pytest
from allauth.account.models import EmailAddress

from applications.queries.intake.partners import still_open
from applications.services import company
from applications.states import PartnerState
from kamp.services import workspaces
from kamp.visibility import invitations_of
from portal.access.accounts import account_of, verified_addresses, verified_addresses_of
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import Notice, User
from tests.factories.applications import (
    NOW,
    CompanyFactory,
    PartnerFactory,
    UserFactory,
    member_of,
)
from tests.factories.kamp import WorkspaceFactory
from tests.factories.kamp import member_of as works_in

pytestmark = pytest.mark.django_db
SECOND = "second@example.kr"


def person(*, verified: bool = True) -> User:
    """Return a person with a second address."""
    made = UserFactory(email="first@example.kr")
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    EmailAddress.objects.create(user=made, email=SECOND, verified=verified)
    return made


def token_in(path: str) -> str:
    body = Notice.objects.latest("pk").body
    return next(line for line in body.splitlines() if path in line).split("/")[-2]


def test_verified_addresses_are_the_persons_in_one_query(django_assert_num_queries):
    known, other = person(), UserFactory(email="other@example.kr")
    with django_assert_num_queries(1):
        found = verified_addresses_of([known, other])
    assert found == {
        known.pk: {"first@example.kr", SECOND},
        other.pk: {"other@example.kr"},
    }
    assert account_of(" Second@Example.KR ") == known
    assert account_of("nobody@example.kr") is None


def test_an_address_that_was_not_verified_is_nobodys():
    known = person(verified=False)
    assert verified_addresses(known) == {"first@example.kr"}
    assert account_of(SECOND) is None


def test_an_invitation_to_a_second_address_lets_its_owner_join_a_firm():
    invited, firm = person(), CompanyFactory()
    company.invite(firm, email=SECOND, role="editor", by=member_of(firm), now=NOW)
    token = token_in("/invitations/")
    assert Notice.objects.latest("pk").user == invited
    with pytest.raises(MoveNotAllowed) as refused:
        company.accept(token=token, by=UserFactory(), now=NOW)
    assert refused.value.code == "invitation_other_person"
    assert company.accept(token=token, by=invited, now=NOW).user == invited


def test_an_invitation_to_an_unverified_address_is_refused():
    invited, firm = person(verified=False), CompanyFactory()
    company.invite(firm, email=SECOND, role="editor", by=member_of(firm), now=NOW)
    with pytest.raises(MoveNotAllowed):
        company.accept(token=token_in("/invitations/"), by=invited, now=NOW)


def test_a_member_is_known_by_any_address():
    invited, firm = person(), CompanyFactory()
    owner = member_of(firm)
    company.invite(firm, email=SECOND, role="editor", by=owner, now=NOW)
    company.accept(token=token_in("/invitations/"), by=invited, now=NOW)
    for address in ("first@example.kr", SECOND):
        with pytest.raises(BadInput) as refused:
            company.invite(firm, email=address, role="editor", by=owner, now=NOW)
        assert refused.value.code == "already_member"


def test_a_request_to_a_partner_is_listed_for_its_second_address():
    invited = person()
    made = PartnerFactory(email=SECOND, state=PartnerState.INVITED, company=None)
    assert list(still_open(NOW).filter(email__in=verified_addresses(invited))) == [made]
    assert not still_open(NOW).filter(email__in=verified_addresses(UserFactory())).exists()


def test_a_workspace_is_joined_by_a_second_address():
    invited, workspace = person(), WorkspaceFactory()
    owner = works_in(workspace)
    invitation = workspaces.invite(workspace, email=SECOND, role="editor", by=owner, now=NOW)
    assert list(invitations_of(invited)) == [invitation]
    with pytest.raises(NotFound):
        workspaces.answer(invitation, accept=True, by=UserFactory(), now=NOW)
    assert workspaces.answer(invitation, accept=True, by=invited, now=NOW)
