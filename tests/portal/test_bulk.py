"""Rows written in bulk are the rows that were given."""

import pytest
from django.db import IntegrityError, transaction

from portal.core.clock import now
from portal.models import Notice
from portal.records import bulk

AWKWARD = "tab\t, line\n, return\r, \\N and \\n, quote \" and ', 한글"
COLUMNS = [
    "key",
    "to_email",
    "body",
    "secret",
    "subject",
    "state",
    "attempts",
    "error",
    "created_at",
]


def written_and_read() -> list[tuple[str, str]]:
    at = now()
    rows = [
        (f"key{place}", "a@b.kr", AWKWARD, False, "", "pending", 0, "", at) for place in range(3)
    ]
    bulk.insert(Notice, COLUMNS, rows)
    read = Notice.objects.filter(sent_at=None, created_at=at).order_by("pk")
    return list(read.values_list("key", "body"))


@pytest.mark.django_db
def test_awkward_text_and_gaps_stay_what_they_are() -> None:
    assert written_and_read() == [(f"key{place}", AWKWARD) for place in range(3)]


@pytest.mark.postgres
@pytest.mark.django_db
def test_awkward_text_and_gaps_stay_what_they_are_through_copy() -> None:
    assert written_and_read() == [(f"key{place}", AWKWARD) for place in range(3)]


def refuse_the_second_of_one_key() -> None:
    row = ("key", "a@b.kr", "", False, "", "pending", 0, "", now())
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Notice, COLUMNS, [row, row])
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_a_row_that_breaks_a_constraint_is_refused_as_everywhere() -> None:
    refuse_the_second_of_one_key()


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_row_that_breaks_a_constraint_is_refused_as_everywhere_through_copy() -> None:
    refuse_the_second_of_one_key()
