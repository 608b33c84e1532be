"""What the role that serves the portal may do in PostgreSQL: read and write rows, nothing else.

The owner of the tables migrates and grants; the role serves. What a guard refuses for every row of a
table is not granted at all, so that the two cannot differ.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.core import checks
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.utils import CursorWrapper

from portal.core.errors import BadInput
from portal.records import guard_sync
from portal.records.guards import Guard

ROWS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
READ_ONLY = {"django_migrations": frozenset({"SELECT"})}
"""Tables that only the owner writes to."""

NO_ROLE = "PORTAL_APP_ROLE에 적은 데이터베이스 역할이 없습니다. deploy/postgres/roles.sh로 먼저 만들어 주세요."
TOO_MIGHTY = "PORTAL_APP_ROLE에 적은 역할이 표의 소유자이거나 관리자입니다. 서비스용 역할을 따로 만들어 주세요."
RIGHTS = {
    "superuser": "데이터베이스 관리자입니다",
    "creates_databases": "데이터베이스를 만들 수 있습니다",
    "creates_roles": "역할을 만들 수 있습니다",
    "replicates": "복제 연결을 열 수 있습니다",
    "owns": "표의 소유자입니다",
    "creates": "표를 만들 수 있습니다",
    "empties": "표를 비우거나 트리거를 만들 수 있습니다",
}
READY_SECONDS = 60
"""How long a web process relies on what it asked last."""

_RIGHTS_SQL = """
SELECT r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolreplication,
    EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = s.oid AND c.relkind IN ('r', 'p')
        AND pg_has_role(r.oid, c.relowner, 'MEMBER')),
    has_schema_privilege(r.oid, s.oid, 'CREATE'),
    EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = s.oid AND c.relkind IN ('r', 'p')
        AND has_table_privilege(r.oid, c.oid, 'TRUNCATE, TRIGGER, REFERENCES'))
FROM pg_roles r, pg_namespace s
WHERE r.rolname = COALESCE(%s, current_user) AND s.nspname = current_schema()
"""
_GRANTED_SQL = """
SELECT c.relname, ARRAY(
    SELECT CASE a.grantee WHEN 0 THEN 'everybody' ELSE a.privilege_type END
    FROM aclexplode(c.relacl) AS a
    WHERE a.grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = %s)))
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v')
ORDER BY c.relname
"""


def rows_of(table: str, guards: Sequence[Guard]) -> frozenset[str]:
    """Return the privileges on a table that serving it needs."""
    return READ_ONLY.get(table, ROWS) - refused(guards)[table]


def refused(guards: Sequence[Guard]) -> defaultdict[str, frozenset[str]]:
    """Return, per table, the events that guards refuse for every row."""
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for guard in guards:
        for table in guard.tables:
            found[table] |= guard.always
    return found


def grant(role: str, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Give a role, as the owner of the tables, exactly its privileges; return how many tables changed.

    Those on tables to come follow by default, and are made exact by the next call. Raises BadInput
    when there is no such role, or when it may do what only the owner should.
    """
    connection = connections[using]
    name = connection.ops.quote_name(role)
    guards = guard_sync.declared()
    with transaction.atomic(using=using), connection.cursor() as cursor:
        _require_plain(role, cursor)
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        for statement in _general(schema, name):
            cursor.execute(statement)
        cursor.execute(_GRANTED_SQL, [role])
        changed = [
            (table, rows_of(table, guards))
            for table, held in cursor.fetchall()
            if set(held) != rows_of(table, guards)
        ]
        for table, wanted in changed:
            on = f"ON {schema}.{connection.ops.quote_name(table)}"
            cursor.execute(f"REVOKE ALL {on} FROM PUBLIC, {name}")
            cursor.execute(f"GRANT {', '.join(sorted(wanted))} {on} TO {name}")
    return len(changed)


def excess(role: str | None = None, *, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the rights of a role, None: that of this connection, which serving does not need."""
    if connections[using].vendor != "postgresql":
        return []
    with connections[using].cursor() as cursor:
        cursor.execute(_RIGHTS_SQL, [role])
        held = cursor.fetchone() or ()
    return [words for words, has in zip(RIGHTS.values(), held, strict=False) if has]


def is_least() -> bool:
    """Return whether the portal runs without needless rights; asked once a minute in each process."""
    cache = caches["limits"]
    answer = cache.get("rights")
    if answer is None:
        answer = not excess()
        cache.set("rights", answer, READY_SECONDS)
    return bool(answer)


def check_rights(
    databases: Sequence[str] | None = None, **kwargs: object
) -> list[checks.CheckMessage]:
    """Warn in `check --deploy` when the portal signs in as somebody who may do more than serve."""
    return [
        checks.Warning(
            f"포털이 접속하는 데이터베이스 역할은 {words}.",
            hint="web, worker, beat는 deploy/postgres/roles.sh가 만드는 서비스용 역할로 접속합니다.",
            id="portal.W006",
        )
        for using in databases or [DEFAULT_DB_ALIAS]
        for words in excess(using=using)
    ]


def _require_plain(role: str, cursor: CursorWrapper) -> None:
    cursor.execute(
        "SELECT rolsuper OR pg_has_role(oid, current_user, 'MEMBER') FROM pg_roles"
        " WHERE rolname = %s",
        [role],
    )
    found = cursor.fetchone()
    if found is None:
        raise BadInput(NO_ROLE)
    if found[0]:
        raise BadInput(TOO_MIGHTY)


def _general(schema: str, role: str) -> list[str]:
    future = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT"
    return [
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}",
        f"{future} {', '.join(sorted(ROWS))} ON TABLES TO {role}",
        f"{future} USAGE ON SEQUENCES TO {role}",
        f"{future} EXECUTE ON FUNCTIONS TO {role}",
    ]
