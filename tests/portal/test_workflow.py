"""Moves: only those of the transition table, by its roles, each with a permanent row."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from applications.models import Application, ApplicationMove, SelectionMove
from applications.states import ApplicationMoves, ApplicationState, SelectionMoves
from portal.access.roles import SYSTEM, role_names
from portal.core.errors import MoveNotAllowed
from portal.core.moves import OWNER, Move, Moves
from portal.models import Stateful, User
from portal.records import workflow
from portal.records.workflow import allowed, move, move_many
from programs.models import LedgerEntry
from tests.factories.applications import NOW, ApplicationFactory, UserFactory
from tests.faults.together import at_once

WHO = sorted(role_names() | {OWNER, SYSTEM, "stranger", "locked"})
# Every thing with a life, whatever its wing: a new one is in the walk by itself.
LIVES = [
    (model._meta.label, model.MOVES, [code for code, _ in model._meta.get_field("state").choices])
    for model in apps.get_models()
    if issubclass(model, Stateful)
]
EVERY_MOVE = [
    pytest.param(step, states, id=f"{life}-{step.name}")
    for life, moves, states in LIVES
    for step in moves.values()
]


def somebody(*held: str, is_active: bool = True) -> User:
    """Return an account with these roles, without a database."""
    user = User(is_active=is_active)
    user.held_roles = frozenset(held)
    return user


def person(who: str) -> tuple[User | None, bool]:
    """Return (by, owner) for one of WHO."""
    if who == SYSTEM:
        return None, False
    if who == "locked":
        return somebody(*role_names(), is_active=False), False
    held = {who} & role_names()
    return somebody(*held), who == OWNER


@pytest.mark.parametrize(("step", "states"), EVERY_MOVE)
def test_only_the_listed_edges_are_open(step: Move, states: list[str]) -> None:
    for state in states:
        for who in WHO:
            by, owner = person(who)
            listed = state in step.source and who in step.roles
            assert allowed(step, state=state, by=by, owner=owner) is listed, (state, who)


def test_every_move_has_a_source_a_role_and_known_states() -> None:
    for _, moves, states in LIVES:
        for step in moves.values():
            assert step.source, step
            assert step.roles, step
            assert {*step.source, step.target} <= set(states), step
            assert set(step.roles) <= role_names() | {OWNER, SYSTEM}, step


def test_every_state_can_be_reached_and_none_can_be_left_without_a_move() -> None:
    for life, moves, states in LIVES:
        first = states[0]
        reached, grows = {first}, True
        while grows:
            found = {m.target for m in moves.values() if reached & set(m.source)}
            grows = bool(found - reached)
            reached |= found
        assert reached == set(states), life


def test_a_move_stands_in_its_table_under_its_own_name() -> None:
    class Table(Moves):
        LEAVE = Move("go", "가기", ("a",), "b", (OWNER,))

    with pytest.raises(ValueError, match="Table.LEAVE"):
        Table.by_name()


@pytest.mark.django_db
def test_a_move_of_another_table_is_refused() -> None:
    thing = ApplicationFactory(filed=True)
    boss = UserFactory(roles=sorted(role_names()))
    for attempt in (
        lambda: move(thing, SelectionMoves.PROPOSE, by=boss, now=NOW),
        lambda: move_many(Application.objects.all(), SelectionMoves.PROPOSE, by=boss, now=NOW),
    ):
        with pytest.raises(LookupError, match="propose"):
            attempt()
    assert not thing.moves.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("state", ApplicationState.values)
def test_a_refused_move_leaves_state_and_log_as_they_were(state: str) -> None:
    boss = UserFactory(roles=sorted(role_names()))
    thing = ApplicationFactory(filed=state != "draft", state=state)
    for name, step in ApplicationMoves.by_name().items():
        if state in step.source:
            continue
        for by in (boss, None):
            with pytest.raises(MoveNotAllowed):
                move(thing, thing.MOVES[name], by=by, now=NOW, note="사유", owner=True)
    thing.refresh_from_db()
    assert thing.state == state
    assert not ApplicationMove.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", list(ApplicationMoves.by_name()))
def test_a_move_writes_who_when_from_to_and_why(name: str) -> None:
    step = ApplicationMoves.by_name()[name]
    by = None if SYSTEM in step.roles else UserFactory(roles=sorted(set(step.roles) & role_names()))
    for source in step.source:
        thing = ApplicationFactory(filed=source != "draft", state=source)
        changes = {"number": "x", "submitted_at": NOW} if name == "submit" else {}
        row = move(
            thing,
            thing.MOVES[name],
            by=by,
            now=NOW,
            note="사유",
            owner=OWNER in step.roles,
            changes={**changes},
        )
        thing.refresh_from_db()
        assert thing.state == step.target
        stored = ApplicationMove.objects.get(pk=row.pk)
        assert (stored.thing, stored.move, stored.by, stored.at, stored.note) == (
            thing, name, by, NOW, "사유",
        )  # fmt: skip
        assert (stored.source, stored.target) == (source, step.target)


@pytest.fixture
def manager(db: None) -> User:
    return UserFactory(roles=["manager"])


@pytest.mark.parametrize("note", ["", "   \n"])
@pytest.mark.parametrize("name", [n for n, m in ApplicationMoves.by_name().items() if m.needs_note])
def test_a_move_that_needs_a_note_is_refused_without_one(db: None, name: str, note: str) -> None:
    manager = UserFactory(roles=["manager", "assessor"])
    source = ApplicationMoves.by_name()[name].source[-1]
    thing = ApplicationFactory(filed=source != ApplicationState.DRAFT, state=source)
    every = Application.objects.filter(pk=thing.pk)
    with pytest.raises(MoveNotAllowed) as alone:
        move(thing, thing.MOVES[name], by=manager, now=NOW, note=note, owner=True)
    with pytest.raises(MoveNotAllowed) as many:
        move_many(every, thing.MOVES[name], by=manager, now=NOW, note=note, owner=True)
    assert alone.value.code == many.value.code == "note_required"
    assert not ApplicationMove.objects.exists()


@pytest.mark.parametrize(
    ("own", "who"), [(False, "다른 사람이 먼저"), (True, "다른 창에서 직접 먼저")]
)
def test_a_thing_that_was_moved_meanwhile_is_not_moved_again(
    manager: User, own: bool, who: str
) -> None:
    mine = ApplicationFactory(filed=True)
    theirs = Application.objects.get(pk=mine.pk)
    first = manager if own else UserFactory(roles=["manager"])
    move(theirs, ApplicationMoves.TAKE_UP, by=first, now=NOW)
    with pytest.raises(MoveNotAllowed, match=who):
        move(mine, ApplicationMoves.TAKE_UP, by=manager, now=NOW)
    assert mine.state == "submitted"  # the object in hand tells what it knew
    assert ApplicationMove.objects.count() == 1


def test_a_condition_that_no_longer_holds_stops_the_move(manager: User) -> None:
    thing = ApplicationFactory(filed=True)
    Application.objects.filter(pk=thing.pk).update(version=7)
    with pytest.raises(MoveNotAllowed):
        move(thing, ApplicationMoves.TAKE_UP, by=manager, now=NOW, where={"version": thing.version})
    thing.refresh_from_db()
    assert thing.state == "submitted"


def test_a_move_and_its_changes_are_undone_together(manager: User) -> None:
    thing = ApplicationFactory(filed=True)
    with transaction.atomic():
        move(thing, ApplicationMoves.TAKE_UP, by=manager, now=NOW)
        transaction.set_rollback(True)
    thing.refresh_from_db()
    assert thing.state == "submitted"
    assert not ApplicationMove.objects.exists()


def test_many_are_moved_together_each_with_its_row(
    manager: User, django_assert_max_num_queries
) -> None:
    moved = [ApplicationFactory(filed=True) for _ in range(6)]
    stays = ApplicationFactory(assessing=True)
    with django_assert_max_num_queries(10):
        count = move_many(Application.objects.all(), ApplicationMoves.TAKE_UP, by=manager, now=NOW)
    assert count == len(moved)
    rows = ApplicationMove.objects.values_list("thing", "source", "target", "by")
    assert sorted(rows) == [(a.pk, "submitted", "screening", manager.pk) for a in moved]
    stays.refresh_from_db()
    assert stays.state == "assessing"


@pytest.mark.django_db
def test_moving_many_asks_for_the_role_even_when_there_is_nothing_to_move() -> None:
    ApplicationFactory(filed=True)
    officer = UserFactory(roles=["assessor"])
    with pytest.raises(MoveNotAllowed):
        move_many(Application.objects.all(), ApplicationMoves.TAKE_UP, by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed):
        move_many(Application.objects.none(), ApplicationMoves.TAKE_UP, by=officer, now=NOW)
    assert not ApplicationMove.objects.exists()


def test_large_numbers_are_moved_in_parts_and_none_is_left_out(
    manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "CHUNK", 2)
    for _ in range(5):
        ApplicationFactory(filed=True)
    assert move_many(Application.objects.all(), ApplicationMoves.TAKE_UP, by=manager, now=NOW) == 5
    assert ApplicationMove.objects.count() == 5
    assert not Application.objects.exclude(state="screening").exists()


# --- The log is only ever added to ---------------------------------------------------------------


def tampered() -> list[str]:
    """Try to rewrite and to erase history through the ORM and through SQL; name what got by."""
    row = ApplicationMove.objects.get()
    table = ApplicationMove._meta.db_table
    ways = {
        "orm update": lambda: ApplicationMove.objects.update(note="고침"),
        "orm save": lambda: row.save(),
        "orm delete": lambda: ApplicationMove.objects.all().delete(),
        "sql update": lambda: execute(f"UPDATE {table} SET by_id = NULL"),
        "sql delete": lambda: execute(f"DELETE FROM {table}"),
    }
    if connection.vendor == "postgresql":
        ways["sql truncate"] = lambda: execute(f"TRUNCATE {table}")
    else:
        ways["sql replace"] = lambda: execute(
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        )
    got_by = []
    for name, way in ways.items():
        try:
            with transaction.atomic():
                way()
        except DatabaseError:
            continue
        got_by.append(name)
    return got_by


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def moved_once() -> None:
    thing = ApplicationFactory(filed=True)
    move(thing, ApplicationMoves.TAKE_UP, by=UserFactory(roles=["officer"]), now=NOW, note="처음")


@pytest.mark.django_db
def test_the_log_cannot_be_rewritten_or_erased() -> None:
    moved_once()
    assert tampered() == []
    assert ApplicationMove.objects.get().note == "처음"


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_log_cannot_be_rewritten_or_erased_on_postgresql() -> None:
    assert connection.vendor == "postgresql"
    moved_once()
    assert tampered() == []
    assert ApplicationMove.objects.get().note == "처음"


@pytest.mark.django_db
def test_every_log_of_moves_is_guarded() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        triggers = {name for (name,) in cursor.fetchall()}
    for model in (ApplicationMove, SelectionMove, LedgerEntry):
        table = model._meta.db_table
        assert {f"{table}_no_update", f"{table}_no_delete"} <= triggers, table


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_ten_officers_at_once_one_makes_the_move() -> None:
    thing = ApplicationFactory(filed=True)
    officer = UserFactory(roles=["officer"])

    def take_up(place: int) -> object:
        return move(
            Application.objects.get(pk=thing.pk), ApplicationMoves.TAKE_UP, by=officer, now=NOW
        )

    answers = at_once(10, take_up)
    assert sum(isinstance(row, ApplicationMove) for row in answers) == 1
    assert sum(isinstance(row, MoveNotAllowed) for row in answers) == 9
    assert ApplicationMove.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_bulk_move_and_single_moves_at_once_move_each_thing_once() -> None:
    things = [ApplicationFactory(filed=True) for _ in range(8)]
    officer = UserFactory(roles=["officer"])

    def act(place: int) -> object:
        if place == 0:
            return move_many(
                Application.objects.all(), ApplicationMoves.TAKE_UP, by=officer, now=NOW
            )
        return move(things[place], ApplicationMoves.TAKE_UP, by=officer, now=NOW)

    at_once(8, act)
    rows = list(ApplicationMove.objects.values_list("thing", flat=True))
    assert sorted(rows) == sorted(thing.pk for thing in things)
    assert not Application.objects.exclude(state="screening").exists()
