"""The people who call the API in these tests."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from applications.states import MemberRole
from programs.roles import OFFICER
from tests.api.calling import Caller, Story, caller, open_catalogue, tell_story
from tests.factories.applications import UserFactory, member_of


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Open the round once for each file, in a transaction that is rolled back after it."""
    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        open_catalogue()
        yield
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


@pytest.fixture
def story(opened: None, db: None) -> Story:
    return tell_story()


@pytest.fixture
def visitor() -> Caller:
    return Caller()


@pytest.fixture
def owner(story: Story) -> Caller:
    return caller(story.draft.created_by)


@pytest.fixture
def viewer(story: Story) -> Caller:
    return caller(member_of(story.company, MemberRole.VIEWER))


@pytest.fixture
def stranger(story: Story) -> Caller:
    return caller(story.foreign.created_by)


@pytest.fixture
def officer(story: Story) -> Caller:
    staff = UserFactory(roles=[OFFICER], is_staff=True)
    staff.sub_programs.add(story.draft.sub_program)
    return caller(staff)
