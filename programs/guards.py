"""Budget: counters move only with an entry, entries are only added. Catalogue: changes are marked."""

from portal.records.guards import (
    INTEGRITY_ERROR,
    Function,
    Guard,
    Trigger,
    abort,
    append_only,
    refuse,
)
from programs.rules.ledger import DELTAS

POT, ENTRIES = "programs_budget", "programs_ledgerentry"
COUNTERS = ("appropriated_won", "reserved_won", "committed_won", "paid_won")
BY_ENTRY = "a pot changes only by a ledger entry"


def moved(counter: str, amount: str = "amount_won", kind: str = "kind") -> str:
    """Return the SQL for what an entry adds to a counter."""
    place = COUNTERS.index(counter)
    cases = " ".join(
        f"WHEN '{name}' THEN {deltas[place]}" for name, deltas in DELTAS.items() if deltas[place]
    )
    return f"{amount} * CASE {kind} {cases} ELSE 0 END"


def any_counter(comparison: str) -> str:
    """Return the SQL for "this holds for some counter"; `{c}` in the comparison is its column."""
    return " OR ".join(comparison.format(c=counter) for counter in COUNTERS)


starts_empty = Guard(
    promise="a new pot is empty",
    sqlite=(
        Trigger(
            f"{POT}_starts_empty",
            "BEFORE INSERT",
            POT,
            f"WHEN {any_counter('NEW.{c} <> 0')}"
            # An `INSERT OR REPLACE` of a pot that has entries.
            f" OR EXISTS (SELECT 1 FROM {ENTRIES} WHERE budget_id = NEW.id)"
            f" {abort(f'{POT}: {BY_ENTRY}')}",
        ),
    ),
    postgresql=(
        Trigger(
            f"{POT}_starts_empty",
            "BEFORE INSERT",
            POT,
            f"FOR EACH ROW WHEN ({any_counter('NEW.{c} <> 0')}) EXECUTE FUNCTION {POT}_by_entry()",
        ),
    ),
)

counters_by_entry = Guard(
    promise=BY_ENTRY,
    sqlite=(
        Trigger(
            f"{POT}_by_entry",
            f"BEFORE UPDATE OF id, {', '.join(COUNTERS)}",
            POT,
            f"""
            WHEN NEW.id <> OLD.id OR EXISTS (
                SELECT 1 FROM (
                    SELECT {", ".join(f"COALESCE(SUM({moved(c)}), 0) AS {c}" for c in COUNTERS)}
                    FROM {ENTRIES} WHERE budget_id = OLD.id
                ) AS entries
                WHERE {any_counter("NEW.{c} <> entries.{c}")}
            )
            {abort(f"{POT}: {BY_ENTRY}")}""",
        ),
    ),
    postgresql=(
        Trigger(
            f"{POT}_by_entry",
            "BEFORE UPDATE",
            POT,
            f"FOR EACH ROW WHEN (NEW.id <> OLD.id OR {any_counter('NEW.{c} <> OLD.{c}')})"
            f" EXECUTE FUNCTION {POT}_by_entry()",
        ),
    ),
    functions=(
        Function(
            f"{POT}_by_entry",
            f"""
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '{POT}: {BY_ENTRY}' {INTEGRITY_ERROR};
END
""",
        ),
    ),
)

# PostgreSQL: one UPDATE per pot and statement, not per row, for thousands of entries written
# together would otherwise leave as many dead versions of the pot's row. Pots are locked in the
# order of their keys, so that two statements over several pots cannot block each other for ever.
entries_move_counters = Guard(
    promise="an entry moves the counters of its pot",
    sqlite=(
        Trigger(
            f"{ENTRIES}_moves_pot",
            "AFTER INSERT",
            ENTRIES,
            f"""
            BEGIN
                UPDATE {POT}
                SET {", ".join(f"{c} = {c} + {moved(c, 'NEW.amount_won', 'NEW.kind')}" for c in COUNTERS)}
                WHERE id = NEW.budget_id;
            END""",
        ),
    ),
    postgresql=(
        Trigger(
            f"{ENTRIES}_moves_pot",
            "AFTER INSERT",
            ENTRIES,
            "REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {ENTRIES}_moves_pot()",
        ),
    ),
    functions=(
        Function(
            f"{ENTRIES}_moves_pot",
            f"""
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
END
""",
        ),
    ),
)

# What `queries.kept` keeps. Pots are not among it: their money moves while applications are filed.
CATALOGUE = (
    "programs_programround",
    "programs_roundchange",
    "programs_subprogram",
    "programs_track",
    "programs_criterion",
    "programs_bonusitem",
    "programs_requireddocument",
    "programs_nationalgoal",
)
REVISION = "programs_cataloguerevision"


# PostgreSQL: a mark that another open transaction has just written is left to it, so that no
# editor waits for, or blocks, another one.
mark_revision = Function(
    f"{REVISION}_mark",
    f"""
DECLARE
    mark bigint;
BEGIN
    SELECT id INTO mark FROM {REVISION} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF mark IS NULL THEN
        INSERT INTO {REVISION} (token) VALUES (gen_random_uuid());
    ELSE
        UPDATE {REVISION} SET token = gen_random_uuid() WHERE id = mark;
    END IF;
    RETURN NULL;
END
""",
)


def raises_revision(table: str) -> Guard:
    """Give the catalogue a new revision for every statement that writes to a table."""
    return Guard(
        promise="a change raises the revision of the catalogue",
        sqlite=tuple(
            Trigger(
                f"{table}_raises_revision_{event.lower()}",
                f"AFTER {event}",
                table,
                f"BEGIN INSERT INTO {REVISION} (id, token) VALUES (1, hex(randomblob(16)))"
                " ON CONFLICT (id) DO UPDATE SET token = excluded.token; END",
            )
            for event in ("INSERT", "UPDATE", "DELETE")
        ),
        postgresql=(
            Trigger(
                f"{table}_raises_revision",
                "AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE",
                table,
                f"FOR EACH STATEMENT EXECUTE FUNCTION {mark_revision.name}()",
            ),
        ),
        functions=(mark_revision,),
    )


GUARDS = [
    append_only(ENTRIES),
    append_only("programs_roundchange"),
    append_only("programs_rulechange"),
    starts_empty,
    counters_by_entry,
    refuse(
        POT,
        "stays",
        "DELETE",
        message=BY_ENTRY,
        exists=f"SELECT 1 FROM {ENTRIES} WHERE budget_id = OLD.id",
    ),
    entries_move_counters,
    *map(raises_revision, CATALOGUE),
]
