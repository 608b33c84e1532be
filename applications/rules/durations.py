"""Middle and tail of how long a step took, from a count per whole day."""

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
