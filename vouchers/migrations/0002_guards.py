"""What happened stays; whoever is tied to a supplier is on no panel; the search index follows."""

from django.db import migrations

from portal.records.guards import PerVendor, append_only, drop_postgresql, drop_sqlite

APPLICATION, MONITOR, ASSIGNMENT = (
    "vouchers_panelapplication",
    "vouchers_monitor",
    "vouchers_assignment",
)
SERVICE, WORDS = "vouchers_service", "vouchers_service_words"
TIED = "tied to a supplier"

# When a row may not belong to somebody with an open tie, in the row's own words.
GUARDED = {
    APPLICATION: (
        "NEW.state IN ('draft', 'submitted', 'selected', 'reserve')",
        "OLD.state <> NEW.state AND NEW.state IN ('submitted', 'selected', 'reserve')",
        "NEW.user_id",
    ),
    MONITOR: (
        "NEW.state = 'active'",
        "(OLD.state <> NEW.state OR OLD.user_id <> NEW.user_id) AND NEW.state = 'active'",
        "NEW.user_id",
    ),
    ASSIGNMENT: (
        "NEW.state = 'active'",
        "(OLD.state <> NEW.state OR OLD.monitor_id <> NEW.monitor_id) AND NEW.state = 'active'",
        f"(SELECT user_id FROM {MONITOR} WHERE id = NEW.monitor_id)",
    ),
}
# The names that PostgreSQL gives to a trigger's tables are fixed; values never come from outside.
OPEN = "SELECT 1 FROM vouchers_suppliertie WHERE user_id = {who} AND ended_at IS NULL"


def _sqlite(table: str) -> list[str]:
    on_insert, on_update, who = GUARDED[table]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table}: {TIED}'); END"
    tied = f"EXISTS ({OPEN.format(who=who)})"
    return [
        *drop_sqlite(f"{table}_untied_insert", f"{table}_untied_update"),
        f'CREATE TRIGGER "{table}_untied_insert" BEFORE INSERT ON "{table}"'
        f" WHEN {on_insert} AND {tied} {refuse}",
        f'CREATE TRIGGER "{table}_untied_update" BEFORE UPDATE ON "{table}"'
        f" WHEN {on_update} AND {tied} {refuse}",
    ]


def _postgresql(table: str) -> list[str]:
    on_insert, on_update, who = GUARDED[table]
    function = f"{table}_untied"
    return [
        f"""
        CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS ({OPEN.format(who=who)}) THEN
                RAISE EXCEPTION '{table}: {TIED}'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """,
        *drop_postgresql(table, f"{table}_untied_insert", f"{table}_untied_update"),
        f'CREATE TRIGGER "{table}_untied_insert" BEFORE INSERT ON "{table}"'
        f" FOR EACH ROW WHEN ({on_insert}) EXECUTE FUNCTION {function}()",
        f'CREATE TRIGGER "{table}_untied_update" BEFORE UPDATE ON "{table}"'
        f" FOR EACH ROW WHEN ({on_update}) EXECUTE FUNCTION {function}()",
    ]


untied = PerVendor(
    sqlite=[statement for table in GUARDED for statement in _sqlite(table)],
    postgresql=[statement for table in GUARDED for statement in _postgresql(table)],
    undo_sqlite=[
        statement
        for table in GUARDED
        for statement in drop_sqlite(f"{table}_untied_insert", f"{table}_untied_update")
    ],
    undo_postgresql=[
        statement
        for table in GUARDED
        for statement in (
            *drop_postgresql(table, f"{table}_untied_insert", f"{table}_untied_update"),
            f"DROP FUNCTION IF EXISTS {table}_untied()",
        )
    ],
)

# Pairs of letters are the words of the index: a GIN index of PostgreSQL, FTS5 of SQLite. Both
# find "회의" inside "화상회의", which an index of whole words would not.
FORGET = f"INSERT INTO {WORDS}({WORDS}, rowid, grams) VALUES ('delete', OLD.id, OLD.grams);"
LEARN = f"INSERT INTO {WORDS}(rowid, grams) VALUES (NEW.id, NEW.grams);"
INDEX_TRIGGERS = (f"{SERVICE}_words_added", f"{SERVICE}_words_gone", f"{SERVICE}_words_changed")

search_index = PerVendor(
    sqlite=[
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {WORDS} USING fts5("
        f"grams, content='{SERVICE}', content_rowid='id', detail='none', tokenize='unicode61')",
        *drop_sqlite(*INDEX_TRIGGERS),
        f"CREATE TRIGGER {INDEX_TRIGGERS[0]} AFTER INSERT ON {SERVICE} BEGIN {LEARN} END",
        f"CREATE TRIGGER {INDEX_TRIGGERS[1]} AFTER DELETE ON {SERVICE} BEGIN {FORGET} END",
        f"CREATE TRIGGER {INDEX_TRIGGERS[2]} AFTER UPDATE OF grams ON {SERVICE}"
        f" WHEN OLD.grams <> NEW.grams BEGIN {FORGET} {LEARN} END",
    ],
    postgresql=[
        f"CREATE INDEX IF NOT EXISTS {WORDS} ON {SERVICE}"
        " USING gin (string_to_array(grams, ' '))",
    ],
    undo_sqlite=[*drop_sqlite(*INDEX_TRIGGERS), f"DROP TABLE IF EXISTS {WORDS}"],
    undo_postgresql=[f"DROP INDEX IF EXISTS {WORDS}"],
)


# What was submitted, said, earned and paid is only ever added to.
REPORTS = (
    "consumerreportmove",
    "reportversion",
    "reportcheck",
    "reportscreening",
    "suppliercomment",
    "goodcasemove",
    "correctionmove",
    "issue",
    "correctionanswer",
    "correctionevidence",
    "reportfee",
    "feesettlement",
    "awardroundmove",
    "award",
)


class Migration(migrations.Migration):
    dependencies = [("vouchers", "0001_initial"), ("programs", "0002_guards")]
    operations = [
        *append_only("vouchers_servicemove"),
        *append_only("vouchers_panelroundchange"),
        *append_only("vouchers_panelapplicationmove"),
        *append_only("vouchers_panelselectionmove"),
        *append_only("vouchers_monitormove"),
        *append_only("vouchers_assignmentrunmove"),
        *append_only("vouchers_assignmentmove"),
        untied,
        search_index,
        *(guard for table in REPORTS for guard in append_only(f"vouchers_{table}")),
    ]
