"""What must follow from the sealed moves of the panel."""

from collections.abc import Iterator

from portal.records.audit import Fault, misplaced_states
from vouchers.models.audited import MOVED


def states() -> Iterator[Fault]:
    """Name every member, report, correction and award that is not where its last move led."""
    return misplaced_states(MOVED)
