"""The demo's clock: the story is told in the order of its days, each act as of its own day."""

from datetime import date, datetime, timedelta

from portal.core import clock

DAY = timedelta(days=1)


class Diary:
    """The day of the story, counted back from today; it never passes today."""

    def __init__(self) -> None:
        self._ago = timedelta()

    def open(self, days_ago: float) -> None:
        """Turn to the day so many days before today."""
        self._ago = timedelta(days=days_ago)

    def next_day(self) -> None:
        """Go on to the next day."""
        self._ago = max(timedelta(), self._ago - DAY)

    def now(self) -> datetime:
        """The instant of the story; it goes on as real time does."""
        return clock.now() - self._ago

    def today(self) -> date:
        """The day of the story in Korea."""
        return self.now().astimezone(clock.KST).date()
