from datetime import date, datetime
from pathlib import Path

import pytest

from portal.core.errors import BadInput
from programs.queries.calendar import holidays
from programs.rules import deadlines
from programs.rules.calendar import KST

OF_2021 = (  # as the ministry announced them, the substitute days of the law of 4 August among them
    "01-01 02-11 02-12 02-13 03-01 05-05 05-19 06-06 08-15 08-16 09-20 09-21 09-22 10-03 10-04"
    " 10-09 10-11 12-25"
)
OF_2022 = (
    "01-01 01-31 02-01 02-02 03-01 03-09 05-05 05-08 06-01 06-06 08-15 09-09 09-10 09-11 09-12"
    " 10-03 10-09 10-10 12-25"
)


def days_of(year: int) -> set[date]:
    return {day for day in holidays().days if day.year == year}


@pytest.mark.parametrize(("year", "announced"), [(2021, OF_2021), (2022, OF_2022)])
def test_the_years_of_the_programme_are_as_announced(year: int, announced: str) -> None:
    assert days_of(year) == {date.fromisoformat(f"{year}-{row}") for row in announced.split()}


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2024-10-01", "temporary"),
        ("2025-01-27", "temporary"),
        ("2025-06-03", "an election"),
        ("2025-10-08", "substitute"),
        ("2026-05-25", "substitute"),
        ("2027-02-09", "substitute of a lunar holiday"),
    ],
)
def test_substitute_temporary_and_election_days_are_known(day: str, why: str) -> None:
    assert date.fromisoformat(day) in holidays(), why


def test_a_period_moves_over_a_whole_holiday() -> None:
    filed = datetime(2025, 9, 25, 10, tzinfo=KST)  # ten days on begins the week of Chuseok
    due = deadlines.due_after(filed, 10, deadlines.Policy.END_OF_WORKING_DAY, holidays())
    assert due == datetime(2025, 10, 11, tzinfo=KST)


def test_days_are_added_and_removed_by_the_data_file(tmp_path: Path) -> None:
    file = tmp_path / "holidays.yaml"
    file.write_text(
        "source: {package: holidays, country: KR}\n"
        "covers: {from: 2027, until: 2027}\n"
        "added: [{date: 2027-10-12, name: 임시공휴일, origin: 관보}]\n"
        "removed: [{date: 2027-03-01, name: 삼일절, origin: 관보}]\n",
        encoding="utf-8",
    )
    known = holidays(file)
    assert date(2027, 10, 12) in known
    assert date(2027, 3, 1) not in known


def test_a_year_that_is_not_covered_is_refused_and_never_guessed() -> None:
    known = holidays()
    with pytest.raises(BadInput) as refused:
        deadlines.next_working_day(date(known.last + 1, 1, 9), known)
    assert refused.value.code == "calendar_unknown"
    with pytest.raises(BadInput):
        assert date(known.first - 1, 5, 5) in known
