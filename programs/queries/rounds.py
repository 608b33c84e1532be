"""The current round, whether it takes applications, and outages before its deadline."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from portal.core.errors import Finding
from portal.monitoring.figures import Figure
from portal.records import incidents
from programs.models import ProgramRound, RoundChange, SubProgram
from programs.queries import ledger
from programs.rules import calendar
from programs.rules.calendar import stamp
from programs.states import Ground

GONE = "budget_gone"


def refusal(program: SubProgram, now: datetime) -> Finding | None:
    """Return why an application is not accepted at this instant, or None when it is.

    A rolling intake also ends when its pot is empty (A06).
    """
    window = program.window()
    if window.rolling and program.pot.available_won <= 0:
        return Finding(GONE, "예산이 모두 쓰여 접수를 마쳤습니다.")
    return calendar.refusal(window, now)


def refusal_at(program: SubProgram, at: datetime) -> Finding | None:
    """Return the same for an instant that may have passed: the money is what it was then."""
    finding = refusal(program, at)
    if finding is None or finding.code != GONE or ledger.available_at(program.pot, at) <= 0:
        return finding
    return calendar.refusal(program.window(), at)


def outage_minutes(round: ProgramRound, *, now: datetime) -> list[incidents.Minute]:
    """Return the minutes before the closing (`outage_hours`) in which nobody could file.

    Those are failures of the pages on which firms start, write, upload and file for this round, and
    minutes in which the whole portal was unavailable; an error of some other page is none. Minutes
    that have already moved the closing once count no more.
    """
    scopes = [f"{round.code}/{code}" for code in round.sub_programs.values_list("code", flat=True)]
    since = round.closes_at - timedelta(hours=round.outage_hours)
    found = incidents.minutes(scopes, since=since, until=min(now, round.closes_at))
    used = {row["minute"] for change in _by_outage(round) for row in change.evidence}
    return [
        row
        for row in found
        if (row.scope in scopes or row.kind == incidents.UNAVAILABLE)
        and row.minute.isoformat() not in used
    ]


def _by_outage(round: ProgramRound) -> list[RoundChange]:
    return list(round.changes.filter(ground=Ground.OUTAGE))


def extended(round: ProgramRound) -> timedelta:
    """Return by how much outages have moved the closing so far."""
    pairs = [
        [datetime.fromisoformat(dates["closes_at"]) for dates in (change.after, change.before)]
        for change in _by_outage(round)
    ]
    return sum((after - before for after, before in pairs), timedelta())


def lost(minutes: Iterable[incidents.Minute]) -> timedelta:
    """Return the time of the minutes in which something failed, rounded up to the hour."""
    number = len({row.minute for row in minutes})
    return timedelta(hours=-(-number // 60))


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


def date_lines(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return label, before and after of the dates of a round that a change moves."""
    names = {"opens_at": "접수 시작", "closes_at": "접수 마감"}
    return [
        (label, _stamp(before[name]), _stamp(after[name]))
        for name, label in names.items()
        if before[name] != after[name]
    ]


def _stamp(text: str) -> str:
    return stamp(datetime.fromisoformat(text))


def public_changes(changes: Iterable[RoundChange]) -> list[dict[str, Any]]:
    """Return the changes of a round's dates with their grounds and evidence."""
    return [
        {
            "at": row.at,
            "before": datetime.fromisoformat(row.before["closes_at"]),
            "after": datetime.fromisoformat(row.after["closes_at"]),
            "ground": row.get_ground_display() or "공고 전 변경",
            "reason": row.reason,
            "evidence": outage_summary(row.evidence),
        }
        for row in changes
        if row.act == "reschedule"
    ]


def figures(at: datetime) -> Iterator[Figure]:
    """Yield how long each call that is open takes applications, for the operators."""
    calls = SubProgram.objects.filter(round__announced=True).select_related("round")
    left = {
        (f"{call.round.code}/{call.code}",): (window.closes_at - at).total_seconds()
        for call in calls
        if (window := call.window()).closes_at and calendar.state(window, at) == calendar.OPEN
    }
    yield Figure("portal_call_closes_seconds", "Until an open call closes.", ["call"], left)
