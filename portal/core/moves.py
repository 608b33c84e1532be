"""Moves between states as data: from where, to where, by whom."""

from collections.abc import Mapping
from dataclasses import dataclass

OWNER = "owner"


@dataclass(frozen=True)
class Move:
    """One permitted change of state, or an act that leaves the state as it is.

    `roles` are role names; `owner` is anybody whose ownership the service has checked, `system` the
    portal's jobs. Who is tied to the thing may not make it as staff, unless `by_tied`.
    """

    name: str
    label: str
    source: tuple[str, ...]
    target: str
    roles: tuple[str, ...]
    needs_note: bool = False
    by_tied: bool = False


class Moves:
    """Base of a transition table; each move is a class attribute named like the move in capitals."""

    @classmethod
    def by_name(cls) -> Mapping[str, Move]:
        """Return the moves of this table by name. Raises ValueError for a misnamed attribute."""
        found = {key: value for key, value in vars(cls).items() if isinstance(value, Move)}
        for key, move in found.items():
            if key != move.name.upper():
                raise ValueError(f"{cls.__name__}.{key} holds the move {move.name!r}")
        return {move.name: move for move in found.values()}
