"""Consistency of states with the moves in the audit chain."""

from collections.abc import Iterator

from portal.records.audit import Fault, misplaced_states
from vouchers.models.audit import MOVED


def states() -> Iterator[Fault]:
    """Yield every record whose state is not the target of its last move."""
    return misplaced_states(MOVED)
