"""Burst flags of the applications to a panel."""

from collections.abc import Mapping

from vouchers.models import PanelRound
from vouchers.rules import recruitment
from vouchers.states import PanelApplicationState


def burst_flags(round: PanelRound) -> Mapping[int, list[recruitment.Flag]]:
    """Return the burst flags of a round's submitted applications by id, in one query."""
    rows = (
        round.applications.exclude(submitted_at=None)
        .exclude(state=PanelApplicationState.WITHDRAWN)
        .values_list("pk", "submitted_at", "ip_hash", "phone", "device_hash", "user__email")
    )
    traces = [
        recruitment.Trace(pk, submitted_at, address, phone, device, email)
        for pk, submitted_at, address, phone, device, email in rows
        if submitted_at is not None
    ]
    return recruitment.flags(traces, limit=round.burst_limit, hours=round.burst_hours)
