"""What was filed and what was moved is never rewritten; a locked score sheet stays as it is."""

from django.db import migrations
from django.db.migrations.operations.base import Operation

from portal.guards import append_only, drop_postgresql, drop_sqlite, per_vendor

SHEET = "applications_scoresheet"
LOCKED = f"'{SHEET}: a locked sheet does not change'"

lock_sheets = per_vendor(
    sqlite=[
        *drop_sqlite(f"{SHEET}_locked_update", f"{SHEET}_locked_delete"),
        *(
            f'CREATE TRIGGER "{SHEET}_locked_{act.lower()}" BEFORE {act} ON "{SHEET}"'
            f" WHEN OLD.locked_at IS NOT NULL BEGIN SELECT RAISE(ABORT, {LOCKED}); END"
            for act in ("UPDATE", "DELETE")
        ),
    ],
    postgresql=[
        *drop_postgresql(SHEET, f"{SHEET}_locked"),
        f'CREATE TRIGGER "{SHEET}_locked" BEFORE UPDATE OR DELETE ON "{SHEET}"'
        " FOR EACH ROW WHEN (OLD.locked_at IS NOT NULL) EXECUTE FUNCTION portal_refuse()",
    ],
    undo_sqlite=drop_sqlite(f"{SHEET}_locked_update", f"{SHEET}_locked_delete"),
    undo_postgresql=drop_postgresql(SHEET, f"{SHEET}_locked"),
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
    return per_vendor(
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
        lock_sheets,
    ]
