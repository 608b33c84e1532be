"""A sub-programme's form is cached until one of its rows changes."""

from collections.abc import Callable

import pytest
from django.db import connection

from applications.queries.intake import questions
from portal.records import snapshot
from programs.models import BonusItem, RequiredDocument, SubProgram
from tests.factories import programs

pytestmark = pytest.mark.django_db


@pytest.fixture
def build() -> SubProgram:
    programs.load()
    return programs.program("build")


def by_sql(words: str) -> Callable[[SubProgram], object]:
    def change(program: SubProgram) -> None:
        with connection.cursor() as cursor:
            cursor.execute(words, [program.pk])

    return change


def by_instance(program: SubProgram) -> None:
    program.consents = []
    program.save()


CHANGES: dict[str, Callable[[SubProgram], object]] = {
    "an instance saved": by_instance,
    "a query's update": lambda row: SubProgram.objects.filter(pk=row.pk).update(cost_items=[]),
    "the round": lambda row: type(row.round).objects.filter(pk=row.round_id).update(profile=[]),
    "a paper changed by plain SQL": by_sql(
        "UPDATE programs_requireddocument SET label = 'x' WHERE sub_program_id = %s"
    ),
    "a paper less": lambda row: row.documents.order_by("pk").last().delete(),
    "a paper more": lambda row: RequiredDocument.objects.create(
        sub_program=row, code="new", label="새 서류", origin="assumption"
    ),
    "a bonus less": lambda row: BonusItem.objects.filter(sub_program=row).delete(),
}


def check_noticed(program: SubProgram, change: Callable[[SubProgram], object]) -> None:
    before = questions.form_of(program.pk)
    change(program)
    after = questions.form_of(program.pk)
    assert after.content != before.content
    assert after.sha256 == snapshot.sha256(after.content) != before.sha256


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen_at_once(build: SubProgram, change: Callable) -> None:
    check_noticed(build, change)


@pytest.mark.postgres
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen_at_once_where_it_is_kept(build: SubProgram, change: Callable) -> None:
    check_noticed(build, change)


@pytest.mark.postgres
def test_two_changes_in_one_transaction_are_both_seen(build: SubProgram) -> None:
    seen = []
    for label in ("하나", "둘", "셋"):
        build.documents.update(label=label)
        seen.append({row["label"] for row in questions.form_of(build.pk).documents})
    assert seen == [{"하나"}, {"둘"}, {"셋"}]


@pytest.mark.postgres
def test_what_stands_is_read_by_one_short_query(
    build: SubProgram, django_assert_num_queries
) -> None:
    first = questions.form_of(build.pk)
    with django_assert_num_queries(1):
        again = questions.form_of(build.pk)
        assert again is first
        assert again.sub_program().round.code == build.round.code


@pytest.mark.postgres
def test_everybody_gets_an_instance_of_their_own_with_the_pot_as_it_is_now(
    build: SubProgram,
) -> None:
    one = questions.form_of(build.pk).sub_program()
    assert one == build
    assert one.pot.available_won > 0
    other = questions.form_of(build.pk).sub_program()
    assert other is not one
    assert "pot" not in other._state.fields_cache
