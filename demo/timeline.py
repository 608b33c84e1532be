"""The demo's clock: data are made in the order of their days, each act as of its own day."""

from datetime import date, datetime, timedelta

from portal.core import clock

DAY = timedelta(days=1)


class Timeline:
    """A day counted back from today; it never passes today."""

    def __init__(self) -> None:
        self._ago = timedelta()

    def go_to(self, days_ago: float) -> None:
        self._ago = timedelta(days=days_ago)

    def next_day(self) -> None:
        """Go on by one day, at most to today."""
        self._ago = max(timedelta(), self._ago - DAY)

    def now(self) -> datetime:
        """Return the instant on that day; it advances with real time."""
        return clock.now() - self._ago

    def today(self) -> date:
        return self.now().astimezone(clock.KST).date()
