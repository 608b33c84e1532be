"""What must follow from the sealed moves."""

from collections.abc import Iterator

from applications.models.audit import MOVED
from portal.records.audit import Fault, misplaced_states


def states() -> Iterator[Fault]:
    """Name every application, selection and agreement that is not where its last move led."""
    return misplaced_states(MOVED)
