"""What was filed and what was moved is never rewritten; a finished score sheet stays as it is.

A locked sheet may be withdrawn from the sum once (a tie found late); a pair with a standing tie
gets no sheet and hands none in.
"""

from django.db import migrations
from django.db.migrations.operations.base import Operation

from portal.records.guards import PerVendor, append_only, drop_postgresql, drop_sqlite

SHEET, CONFLICT = "applications_scoresheet", "applications_conflictofinterest"
LOCKED = f"{SHEET}: a locked sheet does not change"
TIED = f"{SHEET}: assessor and application are tied"

FINISHED = (
    "(OLD.locked_at IS NOT NULL OR OLD.abstained_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL)"
)
KEPT = (
    "id", "application_id", "assessor_id", "rubric_id", "assigned_by_id", "assigned_at", "due_at",
    "declared_at", "marks", "reasons", "comment", "version", "locked_at", "sha256", "abstained_at",
)  # fmt: skip


def withdrawn(differs: str) -> str:
    """SQL: the update does nothing but withdraw a sheet that was locked."""
    same = " AND ".join(f"NOT (NEW.{name} {differs} OLD.{name})" for name in KEPT)
    return (
        "(OLD.locked_at IS NOT NULL AND OLD.withdrawn_at IS NULL"
        f" AND NEW.withdrawn_at IS NOT NULL AND {same})"
    )


TIE_STANDS = (
    f"EXISTS (SELECT 1 FROM {CONFLICT} WHERE application_id = NEW.application_id"
    " AND assessor_id = NEW.assessor_id AND cleared_at IS NULL)"
)
WRITTEN = "(NEW.abstained_at IS NULL AND NEW.withdrawn_at IS NULL)"
HANDED_IN = "(OLD.locked_at IS NULL AND NEW.locked_at IS NOT NULL)"
MOVED = "(NEW.application_id <> OLD.application_id OR NEW.assessor_id <> OLD.assessor_id)"

SQLITE_NAMES = [
    f"{SHEET}_{name}" for name in ("locked_update", "locked_delete", "tied_insert", "tied_update")
]
POSTGRESQL_NAMES = [f"{SHEET}_{name}" for name in ("locked", "locked_delete", "tied", "tied_later")]

guard_sheets = PerVendor(
    sqlite=[
        *drop_sqlite(*SQLITE_NAMES),
        f'CREATE TRIGGER "{SHEET}_locked_update" BEFORE UPDATE ON "{SHEET}"'
        f" WHEN {FINISHED} AND NOT {withdrawn('IS NOT')}"
        f" BEGIN SELECT RAISE(ABORT, '{LOCKED}'); END",
        f'CREATE TRIGGER "{SHEET}_locked_delete" BEFORE DELETE ON "{SHEET}"'
        f" WHEN {FINISHED} BEGIN SELECT RAISE(ABORT, '{LOCKED}'); END",
        f'CREATE TRIGGER "{SHEET}_tied_insert" BEFORE INSERT ON "{SHEET}"'
        f" WHEN {WRITTEN} AND {TIE_STANDS} BEGIN SELECT RAISE(ABORT, '{TIED}'); END",
        f'CREATE TRIGGER "{SHEET}_tied_update" BEFORE UPDATE ON "{SHEET}"'
        f" WHEN ({HANDED_IN} OR {MOVED}) AND {TIE_STANDS}"
        f" BEGIN SELECT RAISE(ABORT, '{TIED}'); END",
    ],
    postgresql=[
        f"""
        CREATE OR REPLACE FUNCTION {SHEET}_tied() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {TIE_STANDS} THEN
                RAISE EXCEPTION '{TIED}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """,
        *drop_postgresql(SHEET, *POSTGRESQL_NAMES),
        f'CREATE TRIGGER "{SHEET}_locked" BEFORE UPDATE ON "{SHEET}" FOR EACH ROW'
        f" WHEN ({FINISHED} AND NOT {withdrawn('IS DISTINCT FROM')})"
        " EXECUTE FUNCTION portal_refuse()",
        f'CREATE TRIGGER "{SHEET}_locked_delete" BEFORE DELETE ON "{SHEET}" FOR EACH ROW'
        f" WHEN ({FINISHED}) EXECUTE FUNCTION portal_refuse()",
        f'CREATE TRIGGER "{SHEET}_tied" BEFORE INSERT ON "{SHEET}" FOR EACH ROW'
        f" WHEN ({WRITTEN}) EXECUTE FUNCTION {SHEET}_tied()",
        f'CREATE TRIGGER "{SHEET}_tied_later" BEFORE UPDATE ON "{SHEET}" FOR EACH ROW'
        f" WHEN ({HANDED_IN} OR {MOVED}) EXECUTE FUNCTION {SHEET}_tied()",
    ],
    undo_sqlite=drop_sqlite(*SQLITE_NAMES),
    undo_postgresql=[
        *drop_postgresql(SHEET, *POSTGRESQL_NAMES),
        f"DROP FUNCTION IF EXISTS {SHEET}_tied()",
    ],
)


def final(table: str, state: str) -> Operation:
    """Refuse to change or delete a row whose state is the last one."""
    name, refused = f"{table}_final", f"'{table}: a row that is {state} does not change'"
    return PerVendor(
        sqlite=[
            *drop_sqlite(f"{name}_update", f"{name}_delete"),
            *(
                f'CREATE TRIGGER "{name}_{act.lower()}" BEFORE {act} ON "{table}"'
                f" WHEN OLD.state = '{state}' BEGIN SELECT RAISE(ABORT, {refused}); END"
                for act in ("UPDATE", "DELETE")
            ),
        ],
        postgresql=[
            *drop_postgresql(table, name),
            f'CREATE TRIGGER "{name}" BEFORE UPDATE OR DELETE ON "{table}"'
            f" FOR EACH ROW WHEN (OLD.state = '{state}') EXECUTE FUNCTION portal_refuse()",
        ],
        undo_sqlite=drop_sqlite(f"{name}_update", f"{name}_delete"),
        undo_postgresql=drop_postgresql(table, name),
    )


# Nobody decides on an objection who confirmed or approved what it is about, or judged the case.
BARRED = """
SELECT 1 FROM applications_decision AS d
JOIN applications_selection AS s ON s.id = d.selection_id
LEFT JOIN applications_decisionchange AS c ON c.made_id = d.id
WHERE d.id = {decision} AND {person} IN
    (s.confirmed_by_id, s.decided_by_id, c.proposed_by_id, c.seconded_by_id, c.approved_by_id)
UNION ALL
SELECT 1 FROM applications_scoresheet AS h
WHERE h.application_id = NEW.application_id AND h.assessor_id = {person}
"""
OTHERS = "'objection_by_other_people: whoever decided or judged the case is barred'"


def barred(table: str, when: str, decision: str, people: list[str]) -> Operation:
    """Refuse these people on a row when they had a part in the decision it contests."""
    name = f"{table}_others"
    found = " OR ".join(
        f"EXISTS ({BARRED.format(decision=decision, person=f'NEW.{person}')})" for person in people
    )
    return PerVendor(
        sqlite=[
            *drop_sqlite(f"{name}_insert", f"{name}_update"),
            *(
                f'CREATE TRIGGER "{name}_{act.lower()}" BEFORE {act} ON "{table}"'
                f" WHEN {when} AND ({found}) BEGIN SELECT RAISE(ABORT, {OTHERS}); END"
                for act in ("INSERT", "UPDATE")
            ),
        ],
        postgresql=[
            *drop_postgresql(table, name),
            f"""
            CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF {when} AND ({found}) THEN
                    RAISE EXCEPTION {OTHERS} USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END $$
            """,
            f'CREATE TRIGGER "{name}" BEFORE INSERT OR UPDATE ON "{table}"'
            f" FOR EACH ROW EXECUTE FUNCTION {name}()",
        ],
        undo_sqlite=drop_sqlite(f"{name}_insert", f"{name}_update"),
        undo_postgresql=drop_postgresql(table, name),
    )


other_people = [
    barred("applications_objection", "TRUE", "NEW.decision_id", ["decided_by_id"]),
    barred(
        "applications_decisionchange",
        "NEW.kind = 'objection'",
        "NEW.replaces_id",
        ["proposed_by_id", "seconded_by_id", "approved_by_id"],
    ),
]


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial"), ("programs", "0002_guards")]
    operations = [
        *append_only("applications_applicationmove"),
        *append_only("applications_formversion"),
        *append_only("applications_submission"),
        *append_only("applications_selectionmove"),
        *append_only("applications_decision"),
        *append_only("applications_aidexception"),
        *append_only("applications_decisionchangemove"),
        *append_only("applications_objectionmove"),
        *append_only("applications_objectionpaper"),
        *other_people,
        *append_only("applications_agreementmove"),
        *append_only("applications_agreementversion"),
        *append_only("applications_agreementsignature"),
        *append_only("applications_stagecheck"),
        *append_only("applications_inkinduse"),
        *append_only("applications_deliverablemove"),
        *append_only("applications_deliveryfile"),
        *append_only("applications_levelcertificate"),
        *append_only("applications_conflictstatement"),
        *append_only("applications_rubricversion"),
        guard_sheets,
        final("applications_instalment", "paid"),
        final("applications_settlement", "approved"),
        final("applications_recovery", "received"),
    ]
