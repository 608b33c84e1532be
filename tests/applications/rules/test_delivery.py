"""How far a deliverable is, and what an early end leaves used."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.delivery import (
    Entry,
    Progress,
    check_day,
    progress,
    unready,
    used_won,
)
from portal.core.errors import BadInput

DAY = date(2021, 3, 2)
VISITS = {"wanted": 3, "unit": "회", "counted": "entries", "confirmed": True}
HELD = {"wanted": 5, "unit": "일", "counted": "days"}


def test_only_confirmed_visits_count() -> None:
    entries = [Entry(DAY, confirmed=True), Entry(DAY, confirmed=None), Entry(DAY, confirmed=False)]
    assert str(progress(VISITS, entries)) == "1 / 3회"
    assert {row.code for row in unready(VISITS, entries, result={})} == {
        "entry_unconfirmed",
        "entries_missing",
    }


def test_two_reports_of_one_day_are_one_held_day() -> None:
    entries = [Entry(DAY), Entry(DAY), Entry(DAY + timedelta(days=1))]
    assert progress(HELD, entries).done == 2


def test_counts_are_added_where_the_catalogue_says_so() -> None:
    assert progress({"counted": "sum", "wanted": 2}, [Entry(DAY, 3), Entry(DAY, None)]).done == 3


def test_no_fixed_number_means_at_least_one__S18() -> None:
    mentoring = {"wanted": None, "unit": "일", "counted": "days"}
    assert not progress(mentoring, []).complete
    assert progress(mentoring, [Entry(DAY)]).complete


def test_everything_that_is_lacking_is_said_at_once() -> None:
    spec = {"wanted": 1, "files": True, "result": "level"}
    codes = [row.code for row in unready(spec, [], result={})]
    assert codes == ["entries_missing", "file_missing", "result_missing"]
    assert unready(spec, [Entry(DAY, files=1)], result={"level": "basic"}) == []


@given(st.integers(0, 10**10), st.integers(0, 40), st.integers(1, 20))
def test_what_was_used_never_exceeds_the_plan_and_grows_with_the_work(won, done, wanted) -> None:
    used = used_won(won, Progress(done, wanted, "회"), accepted=False)
    assert 0 <= used <= won
    assert used <= used_won(won, Progress(done + 1, wanted, "회"), accepted=False)
    assert used_won(won, Progress(done, wanted, "회"), accepted=True) == won


def test_a_day_that_has_not_come_cannot_be_recorded() -> None:
    check_day(DAY, starts_on=DAY, today=DAY)
    for on in (DAY + timedelta(days=1), DAY - timedelta(days=1)):
        with pytest.raises(BadInput):
            check_day(on, starts_on=DAY, today=DAY)
