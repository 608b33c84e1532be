"""What PostgreSQL could do behind the ledger's back, and may not."""

import pytest
from django.db import IntegrityError, connection, transaction

from programs.queries import ledger as ledger_queries
from programs.rules.ledger import Balance
from programs.services import ledger
from tests.factories.programs import NOW, pot

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def refused(statement: str, *params: object) -> None:
    """Expect the guard's refusal, not that of a check still waiting for the end of the test."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE programs_ledgerentry CASCADE",
        "TRUNCATE programs_budget CASCADE",
        "INSERT INTO programs_ledgerentry"
        " (budget_id, kind, amount_won, reference, subject, note, at)"
        " SELECT id, 'reserve', 99, 'sql:1', '', '', now() FROM programs_budget"
        " ON CONFLICT (reference) DO UPDATE SET amount_won = 99",
        "WITH gone AS (DELETE FROM programs_ledgerentry RETURNING *) SELECT * FROM gone",
    ],
)
def test_postgresql_refuses_direct_sql(statement: str) -> None:
    box = pot(100)
    ledger.reserve(box, ledger.Booking(amount=1, reference="sql:1", subject="s"), by=None, now=NOW)
    refused(statement)
    assert ledger_queries.balance(box) == Balance(100, 1, 0, 0)


def test_one_statement_over_many_rows_is_counted_whole_or_refused_whole() -> None:
    box = pot(100)
    many = (
        "INSERT INTO programs_ledgerentry"
        " (budget_id, kind, amount_won, reference, subject, note, at)"
        " SELECT %s, 'reserve', 10, 'many:' || n, '', '', now() FROM generate_series(1, %s) AS n"
    )
    refused(many, box.pk, 11)
    assert ledger_queries.balance(box).reserved == 0
    with connection.cursor() as cursor:
        cursor.execute(many, [box.pk, 10])
    assert ledger_queries.balance(box) == Balance(100, 100, 0, 0) == ledger_queries.recomputed(box)
