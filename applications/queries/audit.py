"""Consistency of states with the sealed moves."""

from collections.abc import Iterator

from applications.models.audit import MOVED
from portal.records.audit import Fault, misplaced_states


def states() -> Iterator[Fault]:
    """Yield every application, selection, agreement and so on whose state its last move denies."""
    return misplaced_states(MOVED)
