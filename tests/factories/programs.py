"""The real catalogue and small budgets for tests; money is booked through the ledger only."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from portal.core.clock import KST
from programs.models import Budget, ProgramRound, SubProgram
from programs.services import ledger
from programs.services.catalogue import data_file, loading

NOW = datetime(2021, 2, 10, 14, 3, 22, tzinfo=KST)
FILE_2021 = data_file.FOLDER / "2021.yaml"

_places = count(1)


def document() -> dict[str, Any]:
    """Return a copy of the 2021 catalogue that may be changed."""
    return copy.deepcopy(_read())


@cache
def _read() -> dict[str, Any]:
    return dict(data_file.read(FILE_2021))


def load(
    change: Callable[[dict[str, Any]], object] | None = None, *, now: datetime = NOW
) -> ProgramRound:
    """Load the 2021 catalogue, first changed by `change`; return its round."""
    content = document()
    if change:
        change(content)
    loading.load(content, by=None, now=now)
    return ProgramRound.objects.get(code=content["round"]["code"])


def load_open(now: datetime) -> ProgramRound:
    """Load the 2021 catalogue with an intake around `now`."""
    round = load(now=now)
    ProgramRound.objects.filter(pk=round.pk).update(
        opens_at=now - timedelta(days=20), closes_at=now + timedelta(days=14)
    )
    round.refresh_from_db()
    return round


def program(code: str) -> SubProgram:
    return SubProgram.objects.select_related("round", "pot").get(code=code)


def pot(amount: int = 1_000_000_000, *, now: datetime = NOW) -> Budget:
    """Make a budget that holds `amount` won."""
    place = next(_places)
    made = Budget.objects.create(code=f"test/{place}", name=f"시험 예산 {place}")
    if amount:
        ledger.appropriate(
            made, ledger.Booking(amount=amount, reference=f"test:{place}"), by=None, now=now
        )
    made.refresh_from_db()
    return made
