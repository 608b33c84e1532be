"""What is offered at an instant, and whether an application would be taken."""

from datetime import timedelta

import pytest

from portal.core.errors import NotFound
from programs.models import ProgramRound
from programs.queries import catalogue as catalogue_queries
from programs.queries import kept
from programs.queries import rounds as rounds_queries
from programs.services import ledger
from tests.factories.programs import NOW, program

SECOND = timedelta(seconds=1)


def another(code: str, sequence: int, opens_in: int, *, announced: bool = True) -> ProgramRound:
    return ProgramRound.objects.create(
        code=code,
        year=2021,
        sequence=sequence,
        name=code,
        opens_at=NOW + timedelta(days=opens_in),
        closes_at=NOW + timedelta(days=opens_in + 10),
        announced=announced,
        total_won=0,
    )


@pytest.mark.django_db
def test_without_a_round_nothing_is_current() -> None:
    assert kept.current_round(NOW) is None
    with pytest.raises(NotFound):
        catalogue_queries.sub_program("build", now=NOW)


@pytest.mark.django_db
def test_the_current_round_is_the_latest_announced_one_that_has_opened() -> None:
    another("old", 1, -40)
    new = another("new", 2, -3)
    another("draft", 3, -1, announced=False)
    another("next", 4, 5)
    assert kept.current_round(NOW) == new


@pytest.mark.django_db
def test_before_any_has_opened_it_is_the_next_one() -> None:
    soon = another("soon", 1, 5)
    another("later", 2, 50)
    assert kept.current_round(NOW) == soon


@pytest.mark.usefixtures("round_2021")
def test_the_seven_come_in_constant_queries(django_assert_num_queries) -> None:
    round = ProgramRound.objects.get()
    kept.catalogue()
    with django_assert_num_queries(2):
        for row in kept.with_pots(kept.sub_programs(round)):
            assert row.pot.available_won > 0
            assert row.window()
            assert [track.terms() for track in row.tracks.all()]


def test_the_round_is_open_up_to_its_last_second_and_not_at_it(
    round_2021: ProgramRound,
) -> None:
    row = program("robot")
    assert rounds_queries.refusal(row, round_2021.opens_at - SECOND).code == "round_upcoming"
    assert rounds_queries.refusal(row, round_2021.opens_at) is None
    assert rounds_queries.refusal(row, round_2021.closes_at - timedelta(microseconds=1)) is None
    refused = rounds_queries.refusal(row, round_2021.closes_at)
    assert refused.code == "round_closed"
    assert "2021. 2. 25. 18:00:00 KST" in refused.message


def test_the_rolling_programme_outlives_the_round_and_ends_with_its_money(
    round_2021: ProgramRound,
) -> None:
    late = round_2021.closes_at + timedelta(days=90)
    assert rounds_queries.refusal(program("aftercare"), late) is None
    row = program("aftercare")
    left = row.pot.available_won
    ledger.reserve(
        row.pot, ledger.Booking(amount=left - 1, reference="a", subject="s"), by=None, now=NOW
    )
    assert rounds_queries.refusal(program("aftercare"), late) is None
    ledger.reserve(row.pot, ledger.Booking(amount=1, reference="b", subject="s"), by=None, now=NOW)
    assert rounds_queries.refusal(program("aftercare"), late).code == "budget_gone"


def test_a_windowed_programme_takes_applications_even_when_its_money_is_promised(
    round_2021: ProgramRound,
) -> None:
    pot = program("robot").pot
    ledger.reserve(
        pot, ledger.Booking(amount=pot.available_won, reference="a", subject="s"), by=None, now=NOW
    )
    assert rounds_queries.refusal(program("robot"), NOW) is None


def test_own_dates_override_those_of_the_round(round_2021: ProgramRound) -> None:
    row = program("robot")
    row.closes_at = round_2021.closes_at + timedelta(days=5)
    assert rounds_queries.refusal(row, round_2021.closes_at) is None


@pytest.mark.usefixtures("round_2021")
@pytest.mark.parametrize(("round", "code"), [("", "nothing"), ("2099-1", "build")])
def test_an_unknown_programme_is_not_found(round: str, code: str) -> None:
    with pytest.raises(NotFound):
        catalogue_queries.sub_program(code, now=NOW, round=round)


def test_a_round_not_announced_is_not_found(round_2021: ProgramRound) -> None:
    ProgramRound.objects.update(announced=False)
    with pytest.raises(NotFound):
        catalogue_queries.sub_program_of("2021-1", "build")
