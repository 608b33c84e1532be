"""What the portal itself recorded of an outage before a round's deadline."""

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

LOOKED_BACK = timedelta(hours=48)


def outage(round: ProgramRound, *, now: datetime) -> list[incidents.Minute]:
    """The minutes in which its programmes failed, in the two days before the deadline."""
    scopes = [f"{round.code}/{code}" for code in round.sub_programs.values_list("code", flat=True)]
    until = min(now, round.closes_at)
    return incidents.minutes(scopes, since=until - LOOKED_BACK, until=until)


def told(minutes: list[incidents.Minute]) -> list[dict[str, Any]]:
    """The minutes as they are kept with a change of dates."""
    return [
        {
            "minute": row.minute.isoformat(),
            "scope": row.scope,
            "kind": row.kind,
            "count": row.count,
        }
        for row in minutes
    ]


def words(minutes: list[incidents.Minute]) -> str:
    """The minutes in a sentence; says so when there are none."""
    return summary(told(minutes)) or "없습니다."


def summary(evidence: Iterable[Mapping[str, Any]]) -> str:
    """How many minutes, from when to when, and what went wrong how often."""
    rows = list(evidence)
    if not rows:
        return ""
    marks = sorted({row["minute"] for row in rows})
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["kind"]] += row["count"]
    kinds = ", ".join(
        f"{incidents.WORDS[kind]} {count:,}건" for kind, count in counts.most_common()
    )
    first, last = (stamp(datetime.fromisoformat(text)) for text in (marks[0], marks[-1]))
    return f"{len(marks):,}분({first}부터 {last}까지): {kinds}"


def public_changes(round: ProgramRound) -> list[dict[str, Any]]:
    """Every move of the dates, with its ground and evidence, for everybody to read."""
    return [
        {
            "at": row.at,
            "before": datetime.fromisoformat(row.before["closes_at"]),
            "after": datetime.fromisoformat(row.after["closes_at"]),
            "ground": row.get_ground_display() or "공고 전 변경",
            "reason": row.reason,
            "evidence": summary(row.evidence),
        }
        for row in round.changes.filter(act="reschedule").order_by("pk")
    ]


def current_round(now: datetime) -> ProgramRound | None:
    """Return the latest announced round that has opened, else the next one to open."""
    opened = public_rounds().filter(opens_at__lte=now).order_by("-opens_at").first()
    return opened or public_rounds().order_by("opens_at").first()


def refusal(program: SubProgram, now: datetime) -> Finding | None:
    """Say why an application at this instant is not taken, None when it is.

    A rolling intake also ends when its pot is empty (A06).
    """
    window = program.window()
    if window.rolling and program.pot.available_won <= 0:
        return Finding("budget_gone", "예산이 모두 쓰여 접수를 마쳤습니다.")
    return calendar.refusal(window, now)
