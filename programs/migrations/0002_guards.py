"""The budget guard: counters move only together with an entry, entries are only ever added."""

from django.db import migrations

from portal.records.guards import PerVendor, append_only, drop_postgresql, drop_sqlite

POT, ENTRIES = "programs_budget", "programs_ledgerentry"

# What each kind adds to the counters: appropriated, reserved, committed, paid.
# The same table as rules.ledger.DELTAS; a property test holds the two together.
DELTAS = {
    "appropriate": (1, 0, 0, 0),
    "reduce": (-1, 0, 0, 0),
    "reserve": (0, 1, 0, 0),
    "release": (0, -1, 0, 0),
    "commit": (0, -1, 1, 0),
    "decommit": (0, 0, -1, 0),
    "pay": (0, 0, -1, 1),
    "recover": (0, 0, 0, -1),
}
COUNTERS = ("appropriated_won", "reserved_won", "committed_won", "paid_won")


def moved(counter: str, amount: str = "amount_won", kind: str = "kind") -> str:
    """SQL: what an entry does to a counter."""
    place = COUNTERS.index(counter)
    cases = " ".join(
        f"WHEN '{name}' THEN {deltas[place]}" for name, deltas in DELTAS.items() if deltas[place]
    )
    return f"{amount} * CASE {kind} {cases} ELSE 0 END"


BY_ENTRY = "a pot changes only by a ledger entry"

SQLITE_TRIGGERS = (
    f"{POT}_starts_empty",
    f"{POT}_stays",
    f"{POT}_by_entry",
    f"{ENTRIES}_moves_pot",
)
SQLITE = [
    *drop_sqlite(*SQLITE_TRIGGERS),
    f"""
    CREATE TRIGGER {POT}_starts_empty BEFORE INSERT ON {POT}
    WHEN {" OR ".join(f"NEW.{counter} <> 0" for counter in COUNTERS)}
        OR EXISTS (SELECT 1 FROM {ENTRIES} WHERE budget_id = NEW.id)
    BEGIN SELECT RAISE(ABORT, '{POT}: {BY_ENTRY}'); END
    """,
    f"""
    CREATE TRIGGER {POT}_stays BEFORE DELETE ON {POT}
    WHEN EXISTS (SELECT 1 FROM {ENTRIES} WHERE budget_id = OLD.id)
    BEGIN SELECT RAISE(ABORT, '{POT}: {BY_ENTRY}'); END
    """,
    f"""
    CREATE TRIGGER {POT}_by_entry BEFORE UPDATE OF id, {", ".join(COUNTERS)} ON {POT}
    WHEN NEW.id <> OLD.id OR EXISTS (
        SELECT 1 FROM (
            SELECT {", ".join(f"COALESCE(SUM({moved(c)}), 0) AS {c}" for c in COUNTERS)}
            FROM {ENTRIES} WHERE budget_id = OLD.id
        ) AS entries
        WHERE {" OR ".join(f"NEW.{c} <> entries.{c}" for c in COUNTERS)}
    )
    BEGIN SELECT RAISE(ABORT, '{POT}: {BY_ENTRY}'); END
    """,
    f"""
    CREATE TRIGGER {ENTRIES}_moves_pot AFTER INSERT ON {ENTRIES}
    BEGIN
        UPDATE {POT}
        SET {", ".join(f"{c} = {c} + {moved(c, 'NEW.amount_won', 'NEW.kind')}" for c in COUNTERS)}
        WHERE id = NEW.budget_id;
    END
    """,
]

# One UPDATE per pot and statement, not per row: thousands of entries written together would
# otherwise leave as many dead versions of the pot's row. Pots are taken in the order of their
# numbers, so that two statements over several pots cannot lock each other out.
POSTGRESQL_DROPS = [
    *drop_postgresql(POT, f"{POT}_starts_empty", f"{POT}_stays", f"{POT}_by_entry"),
    *drop_postgresql(ENTRIES, f"{ENTRIES}_moves_pot"),
]
POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION {ENTRIES}_moves_pot() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM {POT} WHERE id IN (SELECT budget_id FROM added)
            ORDER BY id FOR NO KEY UPDATE;
        UPDATE {POT} AS pot
        SET {", ".join(f"{c} = pot.{c} + sums.{c}" for c in COUNTERS)}
        FROM (
            SELECT budget_id, {", ".join(f"SUM({moved(c)}) AS {c}" for c in COUNTERS)}
            FROM added GROUP BY budget_id
        ) AS sums
        WHERE pot.id = sums.budget_id;
        RETURN NULL;
    END $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION {POT}_by_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF pg_trigger_depth() > 1 THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '{POT}: {BY_ENTRY}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION {POT}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM {ENTRIES} WHERE budget_id = OLD.id) THEN
            RAISE EXCEPTION '{POT}: {BY_ENTRY}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END $$
    """,
    *POSTGRESQL_DROPS,
    f"""
    CREATE TRIGGER {POT}_stays BEFORE DELETE ON {POT} FOR EACH ROW
    EXECUTE FUNCTION {POT}_stays()
    """,
    f"""
    CREATE TRIGGER {POT}_starts_empty BEFORE INSERT ON {POT} FOR EACH ROW
    WHEN ({" OR ".join(f"NEW.{counter} <> 0" for counter in COUNTERS)})
    EXECUTE FUNCTION {POT}_by_entry()
    """,
    f"""
    CREATE TRIGGER {POT}_by_entry BEFORE UPDATE ON {POT} FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR {" OR ".join(f"NEW.{c} <> OLD.{c}" for c in COUNTERS)})
    EXECUTE FUNCTION {POT}_by_entry()
    """,
    f"""
    CREATE TRIGGER {ENTRIES}_moves_pot AFTER INSERT ON {ENTRIES}
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION {ENTRIES}_moves_pot()
    """,
]


class Migration(migrations.Migration):
    dependencies = [("programs", "0001_initial")]

    operations = [
        PerVendor(
            sqlite=SQLITE,
            postgresql=POSTGRESQL,
            undo_sqlite=drop_sqlite(*SQLITE_TRIGGERS),
            undo_postgresql=[
                *POSTGRESQL_DROPS,
                f"DROP FUNCTION IF EXISTS {POT}_stays()",
                f"DROP FUNCTION IF EXISTS {POT}_by_entry()",
                f"DROP FUNCTION IF EXISTS {ENTRIES}_moves_pot()",
            ],
        ),
        *append_only(ENTRIES),
        *append_only("programs_roundchange"),
    ]
