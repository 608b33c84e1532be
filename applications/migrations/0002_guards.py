"""What was filed and what was moved is never rewritten; a locked score sheet stays as it is."""

from django.db import migrations

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


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial"), ("programs", "0002_guards")]
    operations = [
        *append_only("applications_applicationmove"),
        *append_only("applications_formversion"),
        *append_only("applications_submission"),
        *append_only("applications_selectionmove"),
        lock_sheets,
    ]
