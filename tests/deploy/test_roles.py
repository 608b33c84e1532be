"""The role that serves reads and writes rows; it cannot get round a guard, and owns nothing."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F
from django.db.utils import DEFAULT_DB_ALIAS

from bench import servers
from portal.core.errors import BadInput
from portal.environment import env
from portal.records import grants, guard_sync
from programs.models import Budget
from programs.services import ledger
from tests import databases
from tests.factories.programs import NOW, pot

pytestmark = [pytest.mark.postgres, pytest.mark.django_db, pytest.mark.xdist_group("roles")]

LEDGER = "programs_ledgerentry"
INSUFFICIENT = "42501"  # SQLSTATE: insufficient_privilege


@contextmanager
def django_as(url: str) -> Iterator[BaseDatabaseWrapper]:
    """Let Django's only connection be one that signs in so."""
    kept = connections[DEFAULT_DB_ALIAS]
    settings = {**kept.settings_dict, **env.db_url_config(url)}
    settings["ENGINE"] = kept.settings_dict["ENGINE"]
    other = type(kept)(settings, DEFAULT_DB_ALIAS)
    connections[DEFAULT_DB_ALIAS] = other
    try:
        yield other
    finally:
        other.close()
        connections[DEFAULT_DB_ALIAS] = kept


@pytest.fixture(scope="module")
def database(django_db_setup: None) -> Iterator[servers.DividedDatabase]:
    """A database whose tables an administrator made, handed over to the two roles."""
    admin = os.environ["PORTAL_TEST_DATABASE_URL"]
    with servers.divided_database(admin, template=databases.template_name()) as divided:
        yield divided


@pytest.fixture(scope="module", autouse=True)
def granted(database: servers.DividedDatabase, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        with django_as(database.owner):
            grants.grant(database.app_role)
            pot(1_000)
        yield


@pytest.fixture
def app(database: servers.DividedDatabase) -> Iterator[BaseDatabaseWrapper]:
    with django_as(database.app) as connection:
        yield connection


@pytest.fixture
def owner(database: servers.DividedDatabase) -> Iterator[BaseDatabaseWrapper]:
    with django_as(database.owner) as connection:
        yield connection


def tried(connection: BaseDatabaseWrapper, *statements: str) -> DatabaseError | None:
    """Execute statements and undo them; return what refused them."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return error
    return None


def refusal(error: DatabaseError | None) -> tuple[str, str]:
    """Return the SQLSTATE and the first line of what the server said."""
    assert error is not None, "was not refused"
    return error.__cause__.pgcode, str(error).splitlines()[0]  # type: ignore[union-attr]


OF_AN_OWNER = {
    "disable a guard": (
        f"ALTER TABLE {LEDGER} DISABLE TRIGGER {LEDGER}_no_update",
        f"must be owner of table {LEDGER}",
    ),
    "disable every guard": (
        f"ALTER TABLE {LEDGER} DISABLE TRIGGER USER",
        f"must be owner of table {LEDGER}",
    ),
    "drop a guard": (
        f"DROP TRIGGER {LEDGER}_no_update ON {LEDGER}",
        f"must be owner of relation {LEDGER}",
    ),
    "make a trigger": (
        f"CREATE TRIGGER late BEFORE INSERT ON {LEDGER} EXECUTE FUNCTION portal_refuse('x')",
        f"permission denied for table {LEDGER}",
    ),
    "rewrite what a guard runs": (
        "CREATE OR REPLACE FUNCTION portal_refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'",
        "permission denied for schema public",
    ),
    "alter a table": (
        f"ALTER TABLE {LEDGER} ADD COLUMN late integer",
        f"must be owner of table {LEDGER}",
    ),
    "drop a table": (f"DROP TABLE {LEDGER} CASCADE", f"must be owner of table {LEDGER}"),
    "make a table": ("CREATE TABLE late (a integer)", "permission denied for schema public"),
    "make a temporary table": (
        "CREATE TEMPORARY TABLE late (a integer)",
        'permission denied to create temporary tables in database "',
    ),
    "make a schema": ("CREATE SCHEMA late", "permission denied for database "),
    "write down a migration": (
        "INSERT INTO django_migrations (app, name, applied) VALUES ('portal', 'late', now())",
        "permission denied for table django_migrations",
    ),
}
OF_ROWS = {
    "alter a ledger row": f"UPDATE {LEDGER} SET amount_won = 1",
    "delete a ledger row": f"DELETE FROM {LEDGER}",
    "lock a ledger row": f"SELECT FROM {LEDGER} FOR UPDATE",
    "alter a seal": "UPDATE portal_auditseal SET sha256 = ''",
    "empty the ledger": f"TRUNCATE {LEDGER} CASCADE",
    "empty what has no guard": "TRUNCATE portal_notice CASCADE",
}
OF_AN_ADMINISTRATOR = {
    "read the passwords": (
        "SELECT rolname, rolpassword FROM pg_authid",
        "permission denied for table pg_authid",
    ),
    "fire no trigger": (
        "SET session_replication_role = 'replica'",
        'permission denied to set parameter "session_replication_role"',
    ),
    "make a role": ("CREATE ROLE test_portal_late", "permission denied to create role"),
    "read a file of the server": (
        "SELECT pg_read_file('/etc/passwd')",
        "permission denied for function pg_read_file",
    ),
}


@pytest.mark.parametrize("act", OF_AN_OWNER)
def test_what_an_owner_may_is_refused_to_the_serving_role(app, act: str) -> None:
    statement, words = OF_AN_OWNER[act]
    code, said = refusal(tried(app, statement))
    assert code == INSUFFICIENT
    assert said.startswith(words)


@pytest.mark.parametrize("act", OF_AN_OWNER)
def test_negative_control_the_owner_may(owner, act: str) -> None:
    assert tried(owner, OF_AN_OWNER[act][0]) is None


@pytest.mark.parametrize("act", OF_ROWS)
def test_a_row_that_is_only_added_is_not_even_the_trigger_s_to_refuse(app, act: str) -> None:
    code, said = refusal(tried(app, OF_ROWS[act]))
    table = OF_ROWS[act].replace("UPDATE ", "FROM ").replace("TRUNCATE ", "FROM ").split()
    assert code == INSUFFICIENT
    assert said == f"permission denied for table {table[table.index('FROM') + 1]}"


@pytest.mark.parametrize("act", OF_ROWS)
def test_negative_control_the_owner_may_with_the_guards_disabled(owner, act: str) -> None:
    asleep = [
        f"ALTER TABLE {table} DISABLE TRIGGER USER"
        for table in owner.introspection.table_names()
        if table.startswith(("programs_", "portal_", "applications_"))
    ]
    assert tried(owner, *asleep, OF_ROWS[act]) is None


@pytest.mark.parametrize("act", OF_AN_ADMINISTRATOR)
def test_what_an_administrator_may_is_refused_to_both(app, database, act: str) -> None:
    statement, words = OF_AN_ADMINISTRATOR[act]
    for code, said in (refusal(tried(app, statement)), _as(database.owner, statement)):
        assert code == INSUFFICIENT
        assert said == words


def _as(url: str, statement: str) -> tuple[str, str]:
    with django_as(url) as connection:
        return refusal(tried(connection, statement))


@pytest.mark.parametrize("act", OF_AN_ADMINISTRATOR)
def test_negative_control_the_administrator_may(database, act: str) -> None:
    with django_as(database.admin) as connection:
        assert tried(connection, OF_AN_ADMINISTRATOR[act][0]) is None


def test_the_serving_role_cannot_become_the_owner(app, database) -> None:
    owner = database.app_role.replace("_app", "_owner")
    code, said = refusal(tried(app, f'SET ROLE "{owner}"'))
    assert (code, said) == (INSUFFICIENT, f'permission denied to set role "{owner}"')
    with django_as(database.admin) as connection:
        assert tried(connection, f'SET ROLE "{owner}"') is None


# --- What it needs --------------------------------------------------------------------------------


def test_it_moves_money_by_an_entry_and_by_nothing_else(app) -> None:
    found = Budget.objects.get()
    with pytest.raises(DatabaseError, match="a pot changes only by a ledger entry"):
        Budget.objects.update(reserved_won=F("reserved_won") + 1)
    booking = ledger.Booking(amount=10, reference="test:roles", subject="application:1")
    ledger.reserve(found, booking, by=None, now=NOW)
    assert Budget.objects.get().reserved_won == 10


def test_it_sees_the_guards_and_its_own_rights(app) -> None:
    assert guard_sync.faults(guard_sync.declared()) == []
    assert grants.excess() == []
    assert grants.check_rights() == []


def test_it_flushes_the_search_index(app) -> None:
    with app.cursor() as cursor:
        cursor.execute("SELECT vouchers_service_words_flush()")
        assert cursor.fetchone()[0] >= 0


def test_its_sessions_are_limited_without_a_word_from_the_portal(database) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    with closing(psycopg2.connect(database.app)) as plain:
        cursor = plain.cursor()
        found = []
        for name in names:
            cursor.execute(f"SHOW {name}")
            found.append(cursor.fetchone()[0])
    assert found == ["30s", "5s", "1min"]


def test_the_owner_is_told_apart(owner, database) -> None:
    assert grants.excess() == [
        grants.RIGHTS["owns"],
        grants.RIGHTS["creates"],
        grants.RIGHTS["empties"],
    ]
    assert grants.excess(database.app_role) == []
    assert {each.id for each in grants.check_rights()} == {"portal.W006"}


# --- Granting -------------------------------------------------------------------------------------


def test_rights_follow_the_guards() -> None:
    guards = guard_sync.declared()
    assert grants.rows_of(LEDGER, guards) == {"SELECT", "INSERT"}
    assert grants.rows_of("kamp_inspection", guards) == {"SELECT", "INSERT", "UPDATE"}
    assert grants.rows_of("portal_job", guards) == grants.ROWS
    assert grants.rows_of("applications_scoresheet", guards) == grants.ROWS
    assert grants.rows_of("django_migrations", guards) == {"SELECT"}


def test_granting_again_changes_nothing_and_mends_what_was_changed(owner, database) -> None:
    role = f'"{database.app_role}"'
    assert grants.grant(database.app_role) == 0
    with owner.cursor() as cursor:
        cursor.execute(f"GRANT UPDATE, TRUNCATE ON {LEDGER} TO {role}")
        cursor.execute("GRANT SELECT ON portal_notice TO PUBLIC")
        cursor.execute(f"REVOKE INSERT ON portal_job FROM {role}")
    assert grants.excess(database.app_role) == [grants.RIGHTS["empties"]]
    assert grants.grant(database.app_role) == 3
    assert grants.grant(database.app_role) == 0
    assert grants.excess(database.app_role) == []


def test_a_table_to_come_is_served_too(owner, database) -> None:
    try:
        with owner.cursor() as cursor:
            cursor.execute("CREATE TABLE test_late (id bigint GENERATED ALWAYS AS IDENTITY, a int)")
        with django_as(database.app) as connection:
            assert tried(connection, "INSERT INTO test_late (a) VALUES (1)") is None
            code, _ = refusal(tried(connection, "TRUNCATE test_late"))
            assert code == INSUFFICIENT
    finally:
        with owner.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS test_late")


def test_rights_are_given_to_no_owner_and_to_nobody_unknown(owner, database) -> None:
    administrator = urlsplit(database.admin).username
    for role in (database.app_role.replace("_app", "_owner"), administrator):
        with pytest.raises(BadInput, match="관리자"):
            grants.grant(role)
    with pytest.raises(BadInput, match="없습니다"):
        grants.grant("nobody_of_this_name")


def test_the_script_may_run_again(database) -> None:
    owner = database.app_role.replace("_app", "_owner")
    servers.make_roles(database.admin, owner=owner, app=database.app_role)
    with django_as(database.app):
        assert grants.excess() == []


def test_the_script_refuses_a_mighty_role(database) -> None:
    owner = database.app_role.replace("_app", "_owner")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        servers.make_roles(database.admin, owner=owner, app=urlsplit(database.admin).username)
    assert b"may do more than serve" in refused.value.stderr


def test_preparing_takes_the_role_from_the_setting(owner, database, settings) -> None:
    settings.APP_ROLE = "nobody_of_this_name"
    with pytest.raises(Exception, match="roles.sh"):
        call_command("prepare", verbosity=0)
