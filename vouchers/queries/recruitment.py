"""Recruitment."""

from collections.abc import Mapping

from vouchers.models import PanelRound
from vouchers.rules import recruitment
from vouchers.states import PanelApplicationState


def burst_flags(round: PanelRound) -> Mapping[int, list[recruitment.Flag]]:
    """The flags of every filed application of a round, in one query."""
    rows = (
        round.applications.exclude(submitted_at=None)
        .exclude(state=PanelApplicationState.WITHDRAWN)
        .values_list("pk", "submitted_at", "ip_hash", "phone", "device_hash", "user__email")
    )
    return recruitment.flags(
        (recruitment.Trace(*row) for row in rows), limit=round.burst_limit, hours=round.burst_hours
    )
