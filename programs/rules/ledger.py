"""The arithmetic of a budget pot: what each kind of entry adds to its four counters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from portal.core.errors import BadInput

DELTAS: Mapping[str, tuple[int, int, int, int]] = MappingProxyType(
    {
        "appropriate": (1, 0, 0, 0),
        "reduce": (-1, 0, 0, 0),
        "reserve": (0, 1, 0, 0),
        "release": (0, -1, 0, 0),
        "commit": (0, -1, 1, 0),
        "decommit": (0, 0, -1, 0),
        "pay": (0, 0, -1, 1),
        "recover": (0, 0, 0, -1),
    }
)
"""What one won of each kind adds to (appropriated, reserved, committed, paid).

Selection reserves, an agreement commits what was reserved, payment spends what was committed.

Released, decommitted and recovered money is available again.
"""


@dataclass(frozen=True)
class Balance:
    """The counters of a pot in won."""

    appropriated: int = 0
    reserved: int = 0
    committed: int = 0
    paid: int = 0

    @property
    def available(self) -> int:
        return self.appropriated - self.reserved - self.committed - self.paid


def after(balance: Balance, kind: str, amount: int) -> Balance:
    """Return the balance after one entry of `amount` won, whether or not it is allowed.

    Raises BadInput (`ledger`) for an unknown kind or an amount that is not above 0.
    """
    if kind not in DELTAS:
        raise BadInput(f"알 수 없는 예산 항목입니다: {kind}", code="ledger")
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0:
        raise BadInput("예산 항목의 금액은 1원 이상이어야 합니다.", code="ledger")
    appropriated, reserved, committed, paid = DELTAS[kind]
    return Balance(
        balance.appropriated + appropriated * amount,
        balance.reserved + reserved * amount,
        balance.committed + committed * amount,
        balance.paid + paid * amount,
    )


def fold(entries: Iterable[tuple[str, int]]) -> Balance:
    """Return the balance of all these entries (kind, won), in any order."""
    balance = Balance()
    for kind, amount in entries:
        balance = after(balance, kind, amount)
    return balance


def check(balance: Balance) -> bool:
    """Return whether a balance is possible: nothing below zero, nothing promised twice."""
    parts = (balance.appropriated, balance.reserved, balance.committed, balance.paid)
    return min(parts) >= 0 and balance.available >= 0
