"""The demo's story of the panel: who tries what, and that everybody's writing is their own."""

import pytest

from demo.vouchers import reports as story
from tests.factories import vouchers as make
from vouchers.states import Category

pytestmark = pytest.mark.django_db


def test_the_fields_take_turns_and_the_demos_member_tries_of_several() -> None:
    services = [make.service(category=field) for field in Category for _ in range(6)]
    turns = story.in_turn(services)
    assert [row.category for row in turns[:12]] == [*Category, *Category]
    assert sorted(row.pk for row in turns) == [row.pk for row in services]
    pinned = story.pinned(services)
    assert len(pinned) == len(story.PINNED)
    assert len({row.category for row in pinned}) >= 5
    assert len(services) >= story.PUBLISHED + story.STAGED


def test_there_are_ways_enough_to_write_unlike_one_another() -> None:
    pens = list(story._pens())
    assert len(pens) >= 4 * (story.PUBLISHED + story.STAGED)
    written = [{(turn, (a + turn * b) % story.WAYS) for turn in range(5)} for a, b in pens]
    assert all(
        len(one & other) <= 1 for place, one in enumerate(written) for other in written[:place]
    )
