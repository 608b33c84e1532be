"""The check of due instants over the demo's data finds one that is not round."""

from datetime import datetime

import pytest

from portal.core.clock import KST
from tests import deadlines
from tests.factories.applications import SupplementFactory


@pytest.mark.django_db
def test_the_check_finds_an_instant_that_is_not_round() -> None:
    SupplementFactory(due_at=datetime(2021, 2, 17, 18, tzinfo=KST))
    assert deadlines.not_round() == []
    SupplementFactory(due_at=datetime(2021, 2, 17, 3, 19, 15, tzinfo=KST))
    (found,) = deadlines.not_round()
    assert found.startswith("applications.Supplement.due_at ")
