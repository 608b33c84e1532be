"""Small numbers in published tables: which cells are left empty so that nobody is recognised."""

from collections.abc import Mapping

PARTS = 100


def percentile(days: Mapping[int, int], part: int) -> int | None:
    """The smallest number of days within which `part` per cent were done; None without any."""
    total = sum(days.values())
    if not total:
        return None
    wanted, passed = -(-total * part // PARTS), 0
    for day in sorted(days):
        passed += days[day]
        if passed >= wanted:
            return day
    return max(days)


def suppress(cells: Mapping[str, int], minimum: int, *, told: bool = True) -> dict[str, int | None]:
    """Empty every cell of 1 to `minimum` - 1; zero tells of nobody and stays.

    What is empty could be worked out from the sum of its table when it is a single cell, or when
    all of it together is fewer than `minimum`: the next smallest cells above zero are emptied as
    well. Where the sum itself is left out elsewhere (`told` is false), the cells may not tell it:
    one of them at least is emptied.
    """
    rest = sorted((count, name) for name, count in cells.items() if count)
    hidden: list[tuple[int, str]] = []
    while rest:
        found = sum(count for count, _ in hidden)
        guessed = bool(hidden) and (len(hidden) == 1 or found < minimum) and told
        if not (rest[0][0] < minimum or guessed or (not told and not hidden)):
            break
        hidden.append(rest.pop(0))
    names = {name for _, name in hidden}
    return {name: None if name in names else count for name, count in cells.items()}
