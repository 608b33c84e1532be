"""The 2021 catalogue, loaded once for each file of tests that only reads it."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from programs.models import ProgramRound
from tests.factories.programs import load


@pytest.fixture(scope="module")
def catalogue_2021(django_db_setup: None, django_db_blocker) -> Iterator[ProgramRound]:
    """Load the catalogue inside a transaction that is rolled back after the file."""
    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        yield load()
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


@pytest.fixture
def round_2021(catalogue_2021: ProgramRound, db: None) -> ProgramRound:
    """Return the loaded round as the test's own object: what it changes in it stays there."""
    return ProgramRound.objects.get(pk=catalogue_2021.pk)
