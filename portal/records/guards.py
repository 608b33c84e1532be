"""Triggers that hold what the code promises, so that direct SQL cannot break it either.

Used in migrations. On SQLite a table loses its triggers when a later migration alters it (Django
copies the table): such a migration repeats the guard; the SQL may run twice.
"""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

Statements = Sequence[str]

REFUSE = """
CREATE OR REPLACE FUNCTION portal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows are only ever added (append-only)', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


class PerVendor(Operation):
    """Run the statements written for the database at hand, one by one.

    Unlike RunPython it asks for no models: rendering them anew takes a second for each guard.
    """

    def __init__(
        self,
        *,
        sqlite: Statements,
        postgresql: Statements,
        undo_sqlite: Statements,
        undo_postgresql: Statements,
    ) -> None:
        self.forward = {"sqlite": sqlite, "postgresql": postgresql}
        self.backward = {"sqlite": undo_sqlite, "postgresql": undo_postgresql}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the models as they are."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Put the guards there."""
        _run(schema_editor, self.forward)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take them away."""
        _run(schema_editor, self.backward)


def _run(editor: BaseDatabaseSchemaEditor, written: dict[str, Statements]) -> None:
    for statement in written[editor.connection.vendor]:
        editor.execute(statement, params=None)


def append_only(table: str) -> list[Operation]:
    """Refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE on a table, whoever asks.

    SQLite needs `PRAGMA recursive_triggers=ON` (see settings) for the row that an
    `INSERT OR REPLACE` would silently delete.
    """
    refused = f"'{table}: rows are only ever added (append-only)'"
    return [
        PerVendor(
            sqlite=[
                *drop_sqlite(f"{table}_no_update", f"{table}_no_delete"),
                *(
                    f'CREATE TRIGGER "{table}_no_{act.lower()}" BEFORE {act} ON "{table}"'
                    f" BEGIN SELECT RAISE(ABORT, {refused}); END"
                    for act in ("UPDATE", "DELETE")
                ),
            ],
            postgresql=[
                REFUSE,
                *drop_postgresql(table, f"{table}_no_change", f"{table}_no_truncate"),
                f'CREATE TRIGGER "{table}_no_change" BEFORE UPDATE OR DELETE ON "{table}"'
                " FOR EACH ROW EXECUTE FUNCTION portal_refuse()",
                f'CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}"'
                " FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse()",
            ],
            undo_sqlite=drop_sqlite(f"{table}_no_update", f"{table}_no_delete"),
            undo_postgresql=drop_postgresql(table, f"{table}_no_change", f"{table}_no_truncate"),
        )
    ]


def drop_sqlite(*triggers: str) -> list[str]:
    """Statements that take triggers away if they are there."""
    return [f'DROP TRIGGER IF EXISTS "{name}"' for name in triggers]


def drop_postgresql(table: str, *triggers: str) -> list[str]:
    """Statements that take triggers off a table if they are there."""
    return [f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"' for name in triggers]
