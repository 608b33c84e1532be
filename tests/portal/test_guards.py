"""The database holds every declared guard, and what is missing, changed or disabled is found."""

from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import DatabaseError, OperationalError, connection, models, transaction
from django.db.migrations import Migration
from django.test import Client

from portal.records import guard_sync
from portal.records.guards import append_only, refuse
from programs.models import Budget, LedgerEntry
from tests.factories.programs import pot

TABLE = "programs_roundchange"
TRIGGER = f"{TABLE}_no_update"
ON = f' ON "{TABLE}"'


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def found() -> list[str]:
    return [str(fault) for fault in guard_sync.faults(guard_sync.declared())]


def install() -> None:
    guard_sync.install(guard_sync.declared())


def check() -> str:
    """Run `check --deploy` on what belongs to the database; return its errors."""
    try:
        call_command("check", deploy=True, tags=["database"], stdout=StringIO())
    except SystemCheckError as error:
        return str(error)
    return ""


# --- Declarations --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_declared_guard_is_in_force() -> None:
    assert found() == []
    assert check() == ""


@pytest.mark.postgres
@pytest.mark.django_db
def test_every_declared_guard_is_in_force_on_postgresql() -> None:
    assert connection.vendor == "postgresql"
    assert found() == []
    assert check() == ""


def test_every_app_declares_guards_of_its_own_tables_by_unique_names() -> None:
    guards = guard_sync.declared()
    apps = {table.partition("_")[0] for guard in guards for table in guard.tables}
    assert apps == {"portal", "programs", "applications", "vouchers", "kamp"}
    for triggers in (
        [each for guard in guards for each in guard.sqlite],
        [each for guard in guards for each in guard.postgresql],
    ):
        names = [trigger.name for trigger in triggers]
        assert len(names) == len(set(names))
        assert all(
            name.startswith(f"{each.table}_") for name, each in zip(names, triggers, strict=True)
        )
        assert max(map(len, names)) <= 63  # PostgreSQL cuts off what is longer


def test_functions_of_one_name_have_one_body() -> None:
    functions = {each for guard in guard_sync.declared() for each in guard.functions}
    assert len(functions) == len({each.name for each in functions})


def test_a_refusal_is_one_trigger_for_each_event() -> None:
    guard = refuse(
        "t", "closed", "UPDATE", "DELETE", message="closed", when="OLD.a = 1 OR OLD.b = 1"
    )
    assert [trigger.sql for trigger in guard.sqlite] == [
        'CREATE TRIGGER "t_closed_update" BEFORE UPDATE ON "t" WHEN (OLD.a = 1 OR OLD.b = 1)'
        " BEGIN SELECT RAISE(ABORT, 't: closed'); END",
        'CREATE TRIGGER "t_closed_delete" BEFORE DELETE ON "t" WHEN (OLD.a = 1 OR OLD.b = 1)'
        " BEGIN SELECT RAISE(ABORT, 't: closed'); END",
    ]
    assert [trigger.action for trigger in guard.postgresql] == [
        "FOR EACH ROW WHEN (OLD.a = 1 OR OLD.b = 1) EXECUTE FUNCTION portal_refuse('closed')"
    ] * 2


# --- Differences ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        ([f'DROP TRIGGER "{TRIGGER}"'], f"{TRIGGER}: {guard_sync.MISSING}"),
        (
            [
                f'DROP TRIGGER "{TRIGGER}"',
                f'CREATE TRIGGER "{TRIGGER}" BEFORE UPDATE ON "{TABLE}" BEGIN SELECT 1; END',
            ],
            f"{TRIGGER}: {guard_sync.CHANGED}",
        ),
        (
            [f'CREATE TRIGGER "another" BEFORE UPDATE ON "{TABLE}" BEGIN SELECT 1; END'],
            f"another: {guard_sync.UNDECLARED}",
        ),
    ],
    ids=["dropped", "altered", "undeclared"],
)
def test_a_difference_is_found_and_repaired(statements: list[str], fault: str) -> None:
    execute(*statements)
    assert found() == [fault]
    assert fault in check()
    install()
    assert found() == []
    assert check() == ""


# What PostgreSQL is told, and the difference it makes.
ON_POSTGRESQL = {
    "dropped": ([f'DROP TRIGGER "{TRIGGER}"{ON}'], f"{TRIGGER}: {guard_sync.MISSING}"),
    "disabled": (
        [f'ALTER TABLE "{TABLE}" DISABLE TRIGGER "{TRIGGER}"'],
        f"{TRIGGER}: {guard_sync.DISABLED}",
    ),
    "enabled for replicas only": (
        [f'ALTER TABLE "{TABLE}" ENABLE REPLICA TRIGGER "{TRIGGER}"'],
        f"{TRIGGER}: {guard_sync.DISABLED}",
    ),
    "replaced without a trace": (
        [
            f'CREATE OR REPLACE TRIGGER "{TRIGGER}" BEFORE UPDATE{ON} FOR EACH ROW WHEN (false)'
            " EXECUTE FUNCTION portal_refuse('never')"
        ],
        f"{TRIGGER}: {guard_sync.CHANGED}",
    ),
    "not signed": (
        [f'COMMENT ON TRIGGER "{TRIGGER}"{ON} IS NULL'],
        f"{TRIGGER}: {guard_sync.CHANGED}",
    ),
    "function replaced": (
        [
            "CREATE OR REPLACE FUNCTION portal_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$BEGIN RETURN NEW; END$$"
        ],
        f"portal_refuse: {guard_sync.CHANGED}",
    ),
    "left over": (
        [
            f'CREATE TRIGGER "another" BEFORE UPDATE{ON} FOR EACH ROW'
            " EXECUTE FUNCTION portal_refuse('old')",
            f"""COMMENT ON TRIGGER "another"{ON} IS 'portal guard 0123'""",
        ],
        f"another: {guard_sync.UNDECLARED}",
    ),
}


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(("statements", "fault"), ON_POSTGRESQL.values(), ids=ON_POSTGRESQL)
def test_a_difference_is_found_and_repaired_on_postgresql(
    statements: list[str], fault: str
) -> None:
    execute(*statements)
    assert found() == [fault]
    assert fault in check()
    install()
    assert found() == []
    assert check() == ""


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_trigger_of_somebody_else_is_left_alone() -> None:
    execute(
        f'CREATE TRIGGER "of_a_replica" BEFORE UPDATE{ON} FOR EACH ROW'
        " EXECUTE FUNCTION portal_refuse('other')"
    )
    install()
    assert found() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'of_a_replica'")
        assert cursor.fetchone() == (1,)


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_session_that_fires_no_triggers_is_found() -> None:
    execute("SET LOCAL session_replication_role = replica")
    assert found() == [f"session_replication_role=replica: {guard_sync.NOT_FIRED}"]


@pytest.mark.django_db
def test_a_connection_without_recursive_triggers_is_found() -> None:
    execute("PRAGMA recursive_triggers=OFF")
    try:
        assert found() == [f"recursive_triggers=0: {guard_sync.NOT_FIRED}"]
    finally:
        execute("PRAGMA recursive_triggers=ON")


@pytest.mark.django_db
def test_a_second_installation_changes_nothing() -> None:
    written: list[str] = []

    def record(execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
        written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        install()
    assert written
    assert not [sql for sql in written if "CREATE" in sql or "DROP" in sql]


@pytest.mark.django_db
def test_a_guard_of_a_table_that_does_not_exist_yet_is_left_out_and_reported() -> None:
    guards = [*guard_sync.declared(), append_only("programs_later")]
    guard_sync.install(guards)
    assert [str(fault) for fault in guard_sync.faults(guards)] == [
        f"programs_later: {guard_sync.NO_TABLE}"
    ]


@pytest.mark.django_db
def test_a_database_that_was_never_migrated_has_nothing_to_compare(monkeypatch) -> None:
    execute(f'DROP TRIGGER "{TRIGGER}"')
    monkeypatch.setattr(connection.introspection, "table_names", lambda: [])
    assert found() == []


# --- Migrations ----------------------------------------------------------------------------------


PLAN = [(Migration("0002_longer_names", "programs"), False)]


def lengthen_names(length: int) -> None:
    """Alter a column of the pots, for which Django makes the table anew on SQLite."""
    old = Budget._meta.get_field("name")
    new = models.CharField(max_length=length)
    new.set_attributes_from_name("name")
    with connection.schema_editor() as editor:
        editor.alter_field(Budget, old, new, strict=False)


@pytest.fixture
def guards_again() -> Iterator[None]:
    yield
    install()


@pytest.mark.django_db(transaction=True)
def test_a_table_made_anew_by_a_migration_has_its_guards_back(guards_again: None) -> None:
    emit_pre_migrate_signal(0, False, "default", plan=PLAN)
    lengthen_names(77)
    assert f"programs_budget_by_entry: {guard_sync.MISSING}" in found()
    emit_post_migrate_signal(0, False, "default")
    assert found() == []
    with pytest.raises(DatabaseError), transaction.atomic():
        Budget.objects.filter(pk=pot(10).pk).update(appropriated_won=11)


@pytest.mark.django_db(transaction=True)
def test_negative_control_sqlite_alters_no_table_that_a_trigger_of_another_names(
    guards_again: None,
) -> None:
    with pytest.raises(OperationalError, match="programs_ledgerentry_moves_pot"):
        lengthen_names(78)


@pytest.mark.django_db(transaction=True)
def test_plain_migrate_repairs_and_removes_nothing_when_there_is_nothing_to_migrate(
    monkeypatch,
) -> None:
    execute(f'DROP TRIGGER "{TRIGGER}"')
    emit_pre_migrate_signal(0, False, "default", plan=[])
    assert found() == [f"{TRIGGER}: {guard_sync.MISSING}"]
    call_command("migrate", verbosity=0)
    assert found() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_plain_migrate_repairs_on_postgresql_and_guards_hold_meanwhile() -> None:
    execute(f'DROP TRIGGER "{TRIGGER}"{ON}')
    emit_pre_migrate_signal(0, False, "default", plan=PLAN)
    assert found() == [f"{TRIGGER}: {guard_sync.MISSING}"]
    call_command("migrate", verbosity=0)
    assert found() == []


# --- Readiness -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_readiness_fails_within_a_minute_of_a_lost_guard(client: Client) -> None:
    assert client.get("/readyz/").json()["guards"] is True
    execute(f'DROP TRIGGER "{TRIGGER}"')
    assert client.get("/readyz/").status_code == 200  # the comparison is a minute old at most
    caches["limits"].delete("guards")
    answer = client.get("/readyz/")
    assert answer.status_code == 503
    assert (answer.json()["ready"], answer.json()["guards"]) == (False, False)
    install()
    caches["limits"].delete("guards")
    assert client.get("/readyz/").status_code == 200


# --- Rights that follow from guards --------------------------------------------------------------


def test_no_code_locks_rows_that_the_serving_role_may_not_change() -> None:
    """Negative control of the fixture that watches every query of the suite."""
    assert str(Budget.objects.select_for_update().query)
    with pytest.raises(AssertionError, match="programs_ledgerentry"):
        str(LedgerEntry.objects.select_for_update().query)
