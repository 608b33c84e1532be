"""What SQLite alone could do behind the ledger's back, and may not."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from programs.queries import ledger as ledger_queries
from programs.rules.ledger import Balance
from programs.services import ledger
from tests.factories.programs import NOW, pot

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="this is SQLite's own way"),
]


def refused(statement: str, *params: object) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_replacing_rows_is_refused_as_well(recursive: str) -> None:
    box = pot(100)
    ledger.reserve(box, ledger.Booking(amount=60, reference="sql:1", subject="s"), by=None, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={recursive}")
    try:
        refused(
            "INSERT OR REPLACE INTO programs_ledgerentry"
            " (budget_id, kind, amount_won, reference, subject, note, at)"
            " VALUES (%s, 'reserve', 1, 'sql:1', '', '', %s)",
            box.pk,
            timezone.now(),
        )
        refused(
            "INSERT OR REPLACE INTO programs_budget"
            " (id, code, name, appropriated_won, reserved_won, committed_won, paid_won,"
            " created_at, updated_at) VALUES (%s, 'x', 'x', 0, 0, 0, 0, %s, %s)",
            box.pk,
            timezone.now(),
            timezone.now(),
        )
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA recursive_triggers=ON")
    assert ledger_queries.balance(box) == Balance(100, 60, 0, 0)
