"""A programme with an officer, and clients signed in with a second factor."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal.models import User
from programs.models import SubProgram
from tests.factories import staff


@pytest.fixture
def program(db: None) -> SubProgram:
    return staff.program()


@pytest.fixture
def officer(program: SubProgram) -> User:
    return staff.officer(program)


@pytest.fixture
def boss(db: None) -> User:
    return staff.manager()


@pytest.fixture
def judges(db: None) -> list[User]:
    return staff.assessors(3)


@pytest.fixture
def desk() -> Callable[[User], Client]:
    """Return a signed-in client for a person."""
    return lambda user: staff.enter(Client(), user)
