"""Percentiles, and which small counts a published table leaves empty."""

from collections.abc import Mapping

PARTS = 100


def percentile(days: Mapping[int, int], part: int) -> int | None:
    """Return the smallest number of days within which `part` % were done; None if empty."""
    total = sum(days.values())
    if not total:
        return None
    needed, passed = -(-total * part // PARTS), 0
    for day in sorted(days):
        passed += days[day]
        if passed >= needed:
            return day
    return max(days)


def suppress(
    cells: Mapping[str, int], minimum: int, *, sum_published: bool = True
) -> dict[str, int | None]:
    """Return the cells with every count from 1 to `minimum` - 1 as None; zero stays.

    An empty cell could be worked out from the sum of its table when it is the only one, or when all
    empty cells together are below `minimum`: the next smallest cells above zero are emptied as
    well. Where the sum itself is not published (`sum_published` is False), the cells must not
    reveal it: at least one of them is emptied.
    """
    rest = sorted((count, name) for name, count in cells.items() if count)
    hidden: list[tuple[int, str]] = []
    while rest:
        hidden_sum = sum(count for count, _ in hidden)
        deducible = bool(hidden) and (len(hidden) == 1 or hidden_sum < minimum) and sum_published
        if not (rest[0][0] < minimum or deducible or (not sum_published and not hidden)):
            break
        hidden.append(rest.pop(0))
    names = {name for _, name in hidden}
    return {name: None if name in names else count for name, count in cells.items()}
