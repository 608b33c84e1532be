"""Public holidays of the years that a period may touch."""

from datetime import date

from programs.models import Holiday


def holidays() -> set[date]:
    """Every public holiday that is known; a year without a table knows weekends only."""
    return set(Holiday.objects.values_list("date", flat=True))
