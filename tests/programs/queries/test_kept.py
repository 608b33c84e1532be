"""The kept catalogue is the one in the database: every change raises its revision, none is missed."""

import copy
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, models, transaction
from django.test.utils import CaptureQueriesContext

from portal.core.frozen import frozen
from portal.records import guard_sync
from programs import guards
from programs.models import (
    BonusItem,
    Criterion,
    NationalGoal,
    ProgramRound,
    RequiredDocument,
    RoundChange,
    SubProgram,
    Track,
)
from programs.queries import kept
from programs.services import ledger
from tests.factories import programs
from tests.factories.programs import NOW
from tests.patience import PATIENCE

# A column of text of each table, and what a second row needs to differ in.
TABLES: dict[type[models.Model], tuple[str, dict[str, Any]]] = {
    ProgramRound: ("name", {"code": "another", "sequence": 99}),
    RoundChange: ("reason", {}),
    SubProgram: ("name", {"code": "another", "short": "다른 약칭"}),
    Track: ("name", {"code": "another"}),
    Criterion: ("label", {"code": "another", "core": False}),
    BonusItem: ("label", {"code": "another"}),
    RequiredDocument: ("label", {"code": "another"}),
    NationalGoal: ("label", {"code": "another"}),
}
APPEND_ONLY = {RoundChange}


def another(model: type[models.Model]) -> models.Model:
    """Return an unsaved row like one there is."""
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    row.pk, row._state.adding = None, True
    for name, value in TABLES[model][1].items():
        setattr(row, name, value)
    return row


def saved(model: type[models.Model]) -> models.Model:
    row = another(model)
    row.save()
    return row


def create(model: type[models.Model]) -> Callable[[], object]:
    return another(model).save


def bulk_create(model: type[models.Model]) -> Callable[[], object]:
    row = another(model)
    return lambda: model._default_manager.bulk_create([row])


def save(model: type[models.Model]) -> Callable[[], object]:
    row = saved(model)
    setattr(row, TABLES[model][0], "바꾼 이름")
    return row.save


def update(model: type[models.Model]) -> Callable[[], object]:
    row = saved(model)
    found = model._default_manager.filter(pk=row.pk)
    return lambda: found.update(**{TABLES[model][0]: "바꾼 이름"})


def bulk_update(model: type[models.Model]) -> Callable[[], object]:
    row, column = saved(model), TABLES[model][0]
    setattr(row, column, "바꾼 이름")
    return lambda: model._default_manager.bulk_update([row], [column])


def delete(model: type[models.Model]) -> Callable[[], object]:
    return saved(model).delete


def raw_sql(model: type[models.Model]) -> Callable[[], object]:
    row, column = saved(model), TABLES[model][0]
    return lambda: execute(
        f"UPDATE {model._meta.db_table} SET {column} = 'x' WHERE id = %s", row.pk
    )


def raw_delete(model: type[models.Model]) -> Callable[[], object]:
    row = saved(model)
    return lambda: execute(f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)


ADDS = (create, bulk_create)
CHANGES = (save, update, bulk_update, delete, raw_sql, raw_delete)


def ways(model: type[models.Model]) -> tuple[Callable[..., Callable[[], object]], ...]:
    return ADDS if model in APPEND_ONLY else (*ADDS, *CHANGES)


def execute(words: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(words, values)


def content(catalogue: kept.Catalogue) -> dict[str, Any]:
    """Return all that a catalogue holds, as plain values."""
    parts = [
        part
        for one in catalogue._programs.values()
        for rows in one._parts.values()
        for part in rows
    ]
    changes = [change for rows in catalogue._changes.values() for change in rows]
    rows = [
        *catalogue._rounds.values(),
        *changes,
        *(one._row for one in catalogue._programs.values()),
        *parts,
        *catalogue._goals,
    ]
    return {
        f"{type(row).__name__} {row.pk}": {
            column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields
        }
        for row in rows
    }


def in_the_database() -> dict[str, Any]:
    return content(kept._read(()))


@pytest.fixture
def loaded(db: None) -> ProgramRound:
    round = programs.load()
    RoundChange.objects.create(round=round, act="announce", at=NOW)
    return round


def check_every_way(model: type[models.Model]) -> None:
    for way in ways(model):
        point = transaction.savepoint()
        act = way(model)
        before = kept.catalogue()
        held = content(before)
        act()
        after = kept.catalogue()
        assert after.revision != before.revision, way.__name__
        assert content(after) == in_the_database() != held, way.__name__
        assert kept.catalogue() is after
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize("model", TABLES)
def test_every_change_of_every_table_is_seen(
    loaded: ProgramRound, model: type[models.Model]
) -> None:
    check_every_way(model)


@pytest.mark.postgres
@pytest.mark.parametrize("model", TABLES)
def test_every_change_of_every_table_is_seen_on_postgresql(
    loaded: ProgramRound, model: type[models.Model]
) -> None:
    check_every_way(model)


def test_the_tables_are_those_that_are_kept(loaded: ProgramRound) -> None:
    with CaptureQueriesContext(connection) as queries:
        kept._read(())
    read = {query["sql"].partition(' FROM "')[2].partition('"')[0] for query in queries}
    assert read == set(guards.CATALOGUE) == {model._meta.db_table for model in TABLES}


def check_negative_control(*drops: str) -> None:
    for words in drops:
        execute(words)
    before = kept.catalogue()
    NationalGoal.objects.update(label="바꾼 이름")
    assert kept.catalogue() is before
    assert content(before) != in_the_database()


def test_negative_control_without_its_trigger_a_change_is_missed(loaded: ProgramRound) -> None:
    check_negative_control("DROP TRIGGER programs_nationalgoal_raises_revision_update")


@pytest.mark.postgres
def test_negative_control_without_its_trigger_a_change_is_missed_on_postgresql(
    loaded: ProgramRound,
) -> None:
    check_negative_control(
        "DROP TRIGGER programs_nationalgoal_raises_revision ON programs_nationalgoal"
    )


# --- Transactions --------------------------------------------------------------------------------


def check_rolled_back() -> None:
    """Read a change inside its transaction, roll it back, make another one."""
    before = kept.catalogue()
    held, seen = content(before), set()
    for label in ("하나", "둘"):
        with transaction.atomic():
            NationalGoal.objects.update(label=label)
            inside = kept.catalogue()
            seen.add(inside.revision)
            assert {goal.label for goal in inside.goals()} == {label}
            transaction.set_rollback(True)
        assert kept.catalogue().revision == before.revision
        assert content(kept.catalogue()) == held
    assert len(seen) == 2
    NationalGoal.objects.update(label="셋")
    assert kept.catalogue().revision not in {before.revision, *seen}
    assert content(kept.catalogue()) == in_the_database()


def test_a_change_that_was_rolled_back_leaves_nothing(loaded: ProgramRound) -> None:
    check_rolled_back()


@pytest.mark.postgres
def test_a_change_that_was_rolled_back_leaves_nothing_on_postgresql(loaded: ProgramRound) -> None:
    check_rolled_back()


LEFT: list[kept.Revision] = []


@pytest.mark.parametrize("turn", [1, 2])
def test_nothing_of_a_test_is_left_for_the_next(loaded: ProgramRound, turn: int) -> None:
    execute("UPDATE programs_nationalgoal SET label = %s", f"시험 {turn}")
    assert {goal.label for goal in kept.catalogue().goals()} == {f"시험 {turn}"}
    assert kept.catalogue().revision not in LEFT
    LEFT.append(kept.catalogue().revision)


@pytest.mark.django_db
def test_a_test_begins_with_an_empty_catalogue() -> None:
    assert kept.catalogue().goals() == kept.catalogue().rounds() == []


@pytest.mark.django_db
def test_without_a_revision_nothing_is_kept() -> None:
    execute("DELETE FROM programs_cataloguerevision")
    assert kept.catalogue().revision == ()
    assert kept.catalogue() is not kept.catalogue()
    programs.load()
    assert kept.catalogue() is kept.catalogue()


def test_money_that_moves_keeps_the_revision(loaded: ProgramRound) -> None:
    before = kept.catalogue()
    program = kept.sub_programs(loaded)[0]
    left = program.pot.available_won
    ledger.reserve(program.pot, ledger.Booking(1_000, "kept:1", "application:1"), by=None, now=NOW)
    assert kept.catalogue() is before
    assert kept.sub_program(program.pk).pot.available_won == left - 1_000
    (again,) = kept.with_pots([kept.sub_program(program.pk)])
    assert again.pot.available_won == left - 1_000


@pytest.fixture
def second_session() -> Callable[[Callable[[], object]], object]:
    """Run an act in another session of the database while the test's own transaction is open."""

    def run(act: Callable[[], object]) -> object:
        results: list[object] = []

        def work() -> None:
            try:
                with transaction.atomic():
                    execute("SET LOCAL lock_timeout = '500ms'")
                    results.append(act())
            except DatabaseError as error:
                results.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        return results[0]

    return run


def overlap(second_session: Callable) -> tuple[list[kept.Catalogue], object]:
    """Let two transactions over two rows overlap; return what was read after each commit."""
    one, other = NationalGoal.objects.order_by("pk")[:2]
    seen = [kept.catalogue()]
    with transaction.atomic():
        NationalGoal.objects.filter(pk=one.pk).update(label="하나")
        answer = second_session(lambda: NationalGoal.objects.filter(pk=other.pk).update(label="둘"))
        second_session(lambda: seen.append(kept.catalogue()))
    seen.append(kept.catalogue())
    return seen, answer


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_editors_do_not_wait_for_each_other_and_both_are_seen(second_session: Callable) -> None:
    programs.load()
    seen, answer = overlap(second_session)
    assert answer == 1
    assert len({one.revision for one in seen}) == 3
    assert [{goal.label for goal in one.goals()} & {"하나", "둘"} for one in seen] == [
        set(),
        {"둘"},
        {"하나", "둘"},
    ]
    marks = len(seen[-1].revision)
    for _ in range(3):
        again, _ = overlap(second_session)
    assert len(again[-1].revision) == marks  # marks are used again


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_negative_control_with_one_counter_an_editor_waits(second_session: Callable) -> None:
    programs.load()
    name = guards.mark_revision.name
    try:
        execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN UPDATE {guards.REVISION} SET token = gen_random_uuid(); RETURN NULL; END $$"
        )
        _, answer = overlap(second_session)
        assert isinstance(answer, DatabaseError)
        assert "lock timeout" in str(answer)
    finally:
        guard_sync.install(guard_sync.declared())


# --- Several processes ---------------------------------------------------------------------------

READER = """
import sys, django
django.setup()
from programs.queries import kept
ALWAYS_ASKS = {always_asks}
first = kept.catalogue()
print("ready", flush=True)
for line in sys.stdin:
    found = kept.catalogue() if ALWAYS_ASKS else first
    print(",".join(goal.label for goal in found.goals()), flush=True)
"""


class Reader:
    """Another process that tells, when asked, the labels of the goals it sees."""

    def __init__(self, *, always_asks: bool = True) -> None:
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER.format(always_asks=always_asks)],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "PORTAL_TEST_DATABASE_URL": url,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.communicate(timeout=PATIENCE)

    def labels(self) -> set[str]:
        assert self.process.stdin is not None
        self.process.stdin.write("read\n")
        self.process.stdin.flush()
        return set(self._line().split(","))

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_next_request_of_every_process_sees_a_change() -> None:
    programs.load()
    with Reader() as one, Reader() as other, Reader(always_asks=False) as control:
        for turn in range(20):
            label = f"목표 {turn}"
            with transaction.atomic():
                NationalGoal.objects.update(label=label)
                before = {one.labels() == {label}, other.labels() == {label}}
                assert before == {False}  # not committed yet
            assert one.labels() == other.labels() == {label}
            # Negative control: the process that never asks again goes on telling the old ones.
            assert control.labels() != {label}


# --- What callers are given ----------------------------------------------------------------------


def test_instances_are_like_those_of_a_query(
    loaded: ProgramRound, django_assert_num_queries
) -> None:
    kept.catalogue()
    read = list(SubProgram.objects.select_related("round").filter(round=loaded))
    with django_assert_num_queries(1):
        given = kept.sub_programs(loaded)
        assert given == read
        for program, other in zip(given, read, strict=True):
            for column in SubProgram._meta.concrete_fields:
                assert getattr(program, column.attname) == getattr(other, column.attname)
            assert program.round == loaded
            assert program.window() == other.window()
            assert all(track.sub_program is program for track in program.tracks.all())
            assert [track.terms() for track in program.tracks.all()]
    for program, other in zip(given, read, strict=True):
        for name in kept.PARTS:
            assert list(getattr(program, name).all()) == list(getattr(other, name).all())
            # A further condition is asked of the database, and of this programme alone.
            last = getattr(other, name).last()
            if last is not None:
                assert list(getattr(program, name).filter(pk=last.pk)) == [last]
            assert getattr(program, name).exclude(sub_program=program).count() == 0


def test_instances_of_one_caller_are_not_those_of_another(loaded: ProgramRound) -> None:
    key = kept.sub_programs(loaded)[0].pk
    one, other = kept.sub_program(key), kept.sub_program(key)
    one.name = one.round.name = one.tracks.all()[0].name = "바뀜"
    assert "바뀜" not in (other.name, other.round.name, other.tracks.all()[0].name)
    assert one.pot == other.pot
    assert one.pot is not other.pot
    assert "pot" not in kept.sub_program(key)._state.fields_cache


def test_a_saved_instance_is_written_and_seen(loaded: ProgramRound) -> None:
    program = kept.sub_programs(loaded)[0]
    program.name = "바뀜"
    program.save()
    assert kept.sub_program(program.pk).name == "바뀜"


def test_columns_of_json_cannot_be_changed_by_mistake(loaded: ProgramRound) -> None:
    program = kept.sub_programs(loaded)[0]
    with pytest.raises(TypeError):
        program.questions.append({})
    with pytest.raises(TypeError):
        program.questions[0]["label"] = "바뀜"
    with pytest.raises(TypeError):
        program.round.profile[0]["label"] = "바뀜"
    assert kept.sub_program(program.pk).questions == program.questions


WRITES: list[Callable[[Any], object]] = [
    lambda value: value["rows"].append(1),
    lambda value: value["rows"].extend([1]),
    lambda value: value["rows"].insert(0, 1),
    lambda value: value["rows"].pop(),
    lambda value: value["rows"].remove(1),
    lambda value: value["rows"].clear(),
    lambda value: value["rows"].sort(),
    lambda value: value["rows"].reverse(),
    lambda value: value["rows"].__setitem__(0, 1),
    lambda value: value["rows"].__delitem__(0),
    lambda value: value["rows"].__iadd__([1]),
    lambda value: value["rows"].__imul__(2),
    lambda value: value["rows"][1].update(a=1),
    lambda value: value["rows"][1].setdefault("b", 1),
    lambda value: value["rows"][1].pop("a"),
    lambda value: value["rows"][1].popitem(),
    lambda value: value["rows"][1].clear(),
    lambda value: value["rows"][1].__setitem__("a", 1),
    lambda value: value["rows"][1].__delitem__("a"),
    lambda value: value["rows"][1].__ior__({"b": 1}),
]


@pytest.mark.parametrize("write", WRITES)
def test_every_way_to_change_frozen_json_raises(write: Callable) -> None:
    value = frozen({"rows": [1, {"a": 1}]})
    with pytest.raises(TypeError, match="shared"):
        write(value)
    assert value == {"rows": [1, {"a": 1}]}


def test_a_copy_of_frozen_json_is_plain_again() -> None:
    value = frozen({"rows": [1, {"a": [2]}]})
    for copied in (copy.deepcopy(value), copy.copy(value), {**value}, value | {}, value.copy()):
        assert copied == value
        assert type(copied) is dict
    plain = copy.deepcopy(value)
    plain["rows"][1]["a"].append(3)
    assert value == {"rows": [1, {"a": [2]}]}
    assert type(value["rows"].copy()) is list


# --- Rows of applications ------------------------------------------------------------------------


def test_an_unknown_sub_programme_is_said_to_be_unknown(loaded: ProgramRound) -> None:
    with pytest.raises(SubProgram.DoesNotExist):
        kept.sub_program(0)
