"""The calendar of a journey: days pass between what people do, on the portal's own clock."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from portal.core import clock


class Calendar:
    """How far the portal's clock is ahead of the machine's."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self):
        """The instant that `portal.core.clock.now` reads."""
        return timezone.now() + self.ahead

    @property
    def today(self) -> date:
        """The day in Korea."""
        return clock.now().astimezone(clock.KST).date()

    def pass_days(self, days: int) -> None:
        """Let days go by."""
        self.ahead += timedelta(days=days)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    """Let the one clock, which every process of the portal asks, run ahead."""
    ahead = Calendar()
    monkeypatch.setattr(clock, "connection", SimpleNamespace(vendor="calendar"))
    monkeypatch.setattr(clock, "timezone", ahead)
    return ahead
