"""The current round, whether it takes applications, and outages before its deadline."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from portal.core.errors import Finding
from portal.records import incidents
from programs.models import ProgramRound, SubProgram
from programs.rules import calendar
from programs.rules.calendar import stamp
from programs.visibility import public_rounds

LOOK_BACK = timedelta(hours=48)


def current_round(now: datetime) -> ProgramRound | None:
    """Return the latest announced round that has opened, else the next one to open."""
    opened = public_rounds().filter(opens_at__lte=now).order_by("-opens_at").first()
    return opened or public_rounds().order_by("opens_at").first()


def refusal(program: SubProgram, now: datetime) -> Finding | None:
    """Return why an application is not accepted at this instant, or None when it is.

    A rolling intake also ends when its pot is empty (A06).
    """
    window = program.window()
    if window.rolling and program.pot.available_won <= 0:
        return Finding("budget_gone", "예산이 모두 쓰여 접수를 마쳤습니다.")
    return calendar.refusal(window, now)


def outage_minutes(round: ProgramRound, *, now: datetime) -> list[incidents.Minute]:
    """Return the minutes in which the round's programmes failed, within 48 hours of the deadline."""
    scopes = [f"{round.code}/{code}" for code in round.sub_programs.values_list("code", flat=True)]
    until = min(now, round.closes_at)
    return incidents.minutes(scopes, since=until - LOOK_BACK, until=until)


def outage_record(minutes: list[incidents.Minute]) -> list[dict[str, Any]]:
    """Return the minutes in the shape in which a change of dates stores them."""
    return [
        {
            "minute": row.minute.isoformat(),
            "scope": row.scope,
            "kind": row.kind,
            "count": row.count,
        }
        for row in minutes
    ]


def outage_text(minutes: list[incidents.Minute]) -> str:
    return outage_summary(outage_record(minutes)) or "없습니다."


def outage_summary(evidence: Iterable[Mapping[str, Any]]) -> str:
    """Return how many minutes, from when to when, and how often each failure occurred."""
    rows = list(evidence)
    if not rows:
        return ""
    minutes = sorted({row["minute"] for row in rows})
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["kind"]] += row["count"]
    kinds = ", ".join(
        f"{incidents.WORDS[kind]} {count:,}건" for kind, count in counts.most_common()
    )
    first, last = (stamp(datetime.fromisoformat(text)) for text in (minutes[0], minutes[-1]))
    return f"{len(minutes):,}분({first}부터 {last}까지): {kinds}"


def public_changes(round: ProgramRound) -> list[dict[str, Any]]:
    """Return every change of the dates with its ground and evidence, oldest first."""
    return [
        {
            "at": row.at,
            "before": datetime.fromisoformat(row.before["closes_at"]),
            "after": datetime.fromisoformat(row.after["closes_at"]),
            "ground": row.get_ground_display() or "공고 전 변경",
            "reason": row.reason,
            "evidence": outage_summary(row.evidence),
        }
        for row in round.changes.filter(act="reschedule").order_by("pk")
    ]
