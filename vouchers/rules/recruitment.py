"""Bursts: many applications in a short time from one address, telephone, device or account series.

A burst is a flag for staff and decides nothing: a university shares one address, too.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

KINDS = {
    "address": "같은 접속 주소",
    "phone": "같은 전화번호",
    "device": "같은 기기",
    "account": "비슷한 계정 주소",
}
_ORDINAL = re.compile(r"[0-9._+-]+")
_SHORTEST_STEM = 3


@dataclass(frozen=True)
class Trace:
    """What identifies the sender of one application; an empty value is unknown and never matches."""

    id: int
    at: datetime
    address: str = ""
    phone: str = ""
    device: str = ""
    email: str = ""


@dataclass(frozen=True)
class Flag:
    """A burst that an application belongs to: its kind and its number of applications."""

    kind: str
    count: int

    @property
    def label(self) -> str:
        return f"{KINDS[self.kind]} {self.count}건"


def account_stem(email: str) -> str:
    """Return what numbered accounts share: kim@a.kr for kim01@a.kr; empty without a number."""
    name, _, host = email.lower().partition("@")
    stem = _ORDINAL.sub("", name)
    return f"{stem}@{host}" if len(stem) >= _SHORTEST_STEM and stem != name else ""


def flags(traces: Iterable[Trace], *, limit: int, hours: int) -> dict[int, list[Flag]]:
    """Return the flags of each application (by id) that is one of `limit` or more within `hours`."""
    groups: dict[tuple[str, str], list[Trace]] = defaultdict(list)
    for trace in traces:
        for kind, value in (
            ("address", trace.address),
            ("phone", trace.phone),
            ("device", trace.device),
            ("account", account_stem(trace.email)),
        ):
            if value:
                groups[kind, value].append(trace)
    flagged: dict[int, list[Flag]] = defaultdict(list)
    for (kind, _), rows in sorted(groups.items()):
        for id, count in _bursts(rows, limit, timedelta(hours=hours)).items():
            flagged[id].append(Flag(kind, count))
    return dict(flagged)


def _bursts(rows: Sequence[Trace], limit: int, within: timedelta) -> dict[int, int]:
    """Return the size of the largest burst of each row, where it reaches `limit`."""
    ordered = sorted(rows, key=lambda row: (row.at, row.id))
    largest: dict[int, int] = {}
    start = 0
    for end, row in enumerate(ordered):
        while row.at - ordered[start].at > within:
            start += 1
        size = end - start + 1
        if size >= limit:
            for member in ordered[start : end + 1]:
                largest[member.id] = max(largest.get(member.id, 0), size)
    return largest
