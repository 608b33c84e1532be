"""Triggers: logs and labels only grow; approved models and verdicts do not change."""

from django.db import migrations

from portal.records.guards import PerVendor, append_only, drop_postgresql, drop_sqlite

MODEL, INSPECTION = "kamp_inspectionmodel", "kamp_inspection"
# Table -> (condition under which a row is fixed, columns that then may not change).
FIXED = {
    MODEL: (
        "OLD.state IN ('approved', 'retired') AND OLD.approved_at IS NOT NULL",
        (
            "dataset_id",
            "recipe_id",
            "parent_id",
            "version",
            "seed",
            "is_synthetic",
            "artefact",
            "artefact_sha256",
            "manifest_sha256",
            "manifest",
            "thresholds",
            "facts",
            "measures",
            "trained_by_id",
            "trained_at",
            "approved_by_id",
            "approved_at",
        ),
    ),
    INSPECTION: (
        "1 = 1",
        (
            "model_id",
            "clip_id",
            "verdict",
            "reasons",
            "known_score",
            "anomaly_score",
            "frame_scores",
            "times",
            "inspected_at",
        ),
    ),
}


def _sqlite(table: str) -> list[str]:
    when, columns = FIXED[table]
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
    return [
        *drop_sqlite(f"{table}_fixed", f"{table}_kept"),
        f'CREATE TRIGGER "{table}_fixed" BEFORE UPDATE ON "{table}" WHEN {when} AND ({changed})'
        f" BEGIN SELECT RAISE(ABORT, '{table}: what is fixed does not change'); END",
        f'CREATE TRIGGER "{table}_kept" BEFORE DELETE ON "{table}" WHEN {when}'
        f" BEGIN SELECT RAISE(ABORT, '{table}: what is fixed does not go'); END",
    ]


def _postgresql(table: str) -> list[str]:
    when, columns = FIXED[table]
    changed = " OR ".join(
        f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in columns
    )
    function = f"{table}_fixed"
    return [
        f"""
        CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{table}: what is fixed does not change'
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        *drop_postgresql(table, f"{table}_fixed", f"{table}_kept"),
        f'CREATE TRIGGER "{table}_fixed" BEFORE UPDATE ON "{table}" FOR EACH ROW'
        f" WHEN ({when} AND ({changed})) EXECUTE FUNCTION {function}()",
        f'CREATE TRIGGER "{table}_kept" BEFORE DELETE ON "{table}" FOR EACH ROW'
        f" WHEN ({when}) EXECUTE FUNCTION {function}()",
    ]


fixed = PerVendor(
    sqlite=[statement for table in FIXED for statement in _sqlite(table)],
    postgresql=[statement for table in FIXED for statement in _postgresql(table)],
    undo_sqlite=[
        statement for table in FIXED for statement in drop_sqlite(f"{table}_fixed", f"{table}_kept")
    ],
    undo_postgresql=[
        statement
        for table in FIXED
        for statement in (
            *drop_postgresql(table, f"{table}_fixed", f"{table}_kept"),
            f"DROP FUNCTION IF EXISTS {table}_fixed()",
        )
    ],
)


class Migration(migrations.Migration):
    dependencies = [("kamp", "0001_initial")]
    operations = [
        *append_only("kamp_showcasemove"),
        *append_only("kamp_inspectionmodelmove"),
        *append_only("kamp_label"),
        *append_only("kamp_inspectordecision"),
        fixed,
    ]
