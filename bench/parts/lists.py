"""Row 2: the staff lists as the portal fills, against the same lists when it was small."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from applications.models import Application
from bench.bulk.prototypes import DOMAIN, MARK, NO_PASSWORD
from bench.environment import Stage, StageError
from bench.parts import sessions
from bench.parts.fixtures import MANAGER_EMAIL
from bench.report import Row, milliseconds, times
from portal.models import User
from programs.models import SubProgram, Track
from programs.roles import OFFICER

PART = "lists"
SMALL, LARGE, QUICK = 1_000, 1_000_000, 20_000
SHEETS_UP_TO = 100_000  # beyond it one sheet each: no list of applications looks at them
ROUNDS, WARM, TURNS = 3, 2, 7
WORST = 1.5
OK = 200


def measure(stage: Stage, template: str, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """Fill one database per size, each a copy of the one before; then open every list in each.

    The sizes take turns, so that a machine that is busy for a while is busy for all of them.
    """
    sizes = [SMALL, QUICK] if quick else [SMALL, SHEETS_UP_TO, LARGE]
    databases = []
    for before, size in zip([0, *sizes], sizes, strict=False):
        began = time.monotonic()
        database = stage.create(f"{PART}_{size}", template=template)
        _fill(stage, database, size - before, size)
        say(f"{size:,} applications, there after {time.monotonic() - began:.0f} s")
        databases.append(database)
        template = database
    found: list[dict[str, list[float]]] = [{} for _ in sizes]
    for turn in range(ROUNDS):
        say(f"opening the lists, round {turn + 1} of {ROUNDS}")
        for database, seconds in zip(databases, found, strict=True):
            for name, spent in stage.inside(database, PART).items():
                seconds.setdefault(name, []).extend(spent)
    for database in databases:
        stage.drop(database)
    return [_row(name, [median(each[name]) for each in found], sizes) for name in found[0]]


def _fill(stage: Stage, database: str, count: int, size: int) -> None:
    sheets = 5 if size <= SHEETS_UP_TO else 1
    stage.manage(
        database, "seed_bulk", "--applications", str(count), "--sheets", str(sheets),
        "--seed", str(size), show=size > SHEETS_UP_TO,
    )  # fmt: skip
    stage.query(database, "VACUUM ANALYZE")


def _row(name: str, seconds: list[float], sizes: list[int]) -> Row:
    ratio = seconds[-1] / seconds[0]
    shown = ", ".join(
        f"{milliseconds(spent)} ({size:,})"
        for spent, size in zip(seconds[1:], sizes[1:], strict=True)
    )
    floor = f"{milliseconds(seconds[0])} ({sizes[0]:,})"
    return Row(PART, name, shown, floor, times(ratio), f"≤ {WORST}x", ratio <= WORST)


def inside() -> dict[str, list[float]]:
    """Open each list some times as the person whose list it is; returns the seconds."""
    settings.ALLOWED_HOSTS = ["testserver"]
    manager, officer = _client(User.objects.get(email=MANAGER_EMAIL)), _client(_officer())
    desk = reverse("admin:applications_application_changelist")
    found = {f"desk, {name}": _seconds(manager, desk, query) for name, query in _queries().items()}
    found["desk of one programme's officer"] = _seconds(officer, desk, {})
    found["… by state"] = _seconds(officer, desk, {"state": "assessing"})
    for name, model in (("score sheets", "scoresheet"), ("bonus claims", "bonusclaim")):
        found[name] = _seconds(manager, reverse(f"admin:applications_{model}_changelist"), {})
    return found


def _queries() -> dict[str, dict[str, Any]]:
    """What staff look for; each finds at least a page of rows at every size, or exactly one."""
    program = SubProgram.objects.get(code="build")
    track = Track.objects.filter(sub_program=program).order_by("order").first()
    known = Application.objects.select_related("company").filter(sub_program=program).first()
    if track is None or known is None:
        raise StageError("the database holds no applications")
    return {
        "all": {},
        "page 15": {"p": 15},
        "by programme": {"program": program.pk},
        "by state": {"state": "assessing"},
        "by programme and state": {"program": program.pk, "state": "submitted"},
        "by track": {"program": program.pk, "track": track.pk},
        "by region": {"region": "gyeonggi"},
        "by size": {"size": "medium"},
        "of the last 7 days": {"received": "7"},
        "by bonus claim": {"bonus": "claimed"},
        "by request for more": {"supplement": "open"},
        "search: number": {"q": known.number},
        "search: business number": {"q": known.company.business_number},
        "search: name": {"q": MARK + "0000"},
    }


def _seconds(client: Client, address: str, query: dict[str, Any]) -> list[float]:
    spent = []
    for _ in range(WARM + TURNS):
        began = time.perf_counter()
        response = client.get(address, query)
        spent.append(time.perf_counter() - began)
        if response.status_code != OK:
            raise StageError(f"{address} {query}: {response.status_code}")
    return spent[WARM:]


def _client(person: User) -> Client:
    """A browser that is signed in, past the second factor."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = sessions.open_for(
        [person.pk], **sessions.SECOND_FACTOR
    )[0]
    return client


def _officer() -> User:
    """The officer of one programme."""
    officer, made = User.objects.get_or_create(
        email=f"bench-officer@{DOMAIN}",
        defaults={"name": "측정", "password": NO_PASSWORD, "is_staff": True},
    )
    if made:
        officer.groups.add(Group.objects.get(name=OFFICER))
        officer.sub_programs.add(SubProgram.objects.get(code="build"))
    return officer
