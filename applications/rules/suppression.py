"""Small numbers in published tables: which cells are left empty so that nobody is recognised."""

from collections.abc import Mapping


def suppress(cells: Mapping[str, int], minimum: int) -> dict[str, int | None]:
    """Empty every cell of 1 to `minimum` - 1; zero tells of nobody and stays.

    A single empty cell could be worked out from the sum of its table, so that the next smallest
    cell above zero is emptied as well.
    """
    small = {name for name, count in cells.items() if 0 < count < minimum}
    if len(small) == 1:
        rest = [(count, name) for name, count in cells.items() if count and name not in small]
        small |= {name for _, name in sorted(rest)[:1]}
    return {name: None if name in small else count for name, count in cells.items()}
