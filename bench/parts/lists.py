"""Open the staff lists of a large portal, beside the same lists of a small one."""

import time
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from applications.models import Application
from bench.bulk.prototypes import DOMAIN, MARK, NO_PASSWORD
from bench.environment import Environment, EnvironmentFailed, Log
from bench.parts import sessions
from bench.parts.fixtures import MANAGER_EMAIL
from bench.report import Row, milliseconds, times
from portal.models import User
from programs.models import SubProgram, Track
from programs.roles import OFFICER

PART = "lists"
SMALL, LARGE, QUICK = 1_000, 1_000_000, 20_000
SHEETS_UP_TO = 100_000  # beyond it one sheet each: no list of applications reads them
ROUNDS, WARM, TURNS = 3, 2, 7
WORST = 1.5
OK = 200


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    """Fill one database per size, each a copy of the one before; then open every list in each.

    The sizes take turns, so that other load on the machine slows all of them alike.
    """
    sizes = [SMALL, QUICK] if quick else [SMALL, SHEETS_UP_TO, LARGE]
    databases = []
    for before, size in zip([0, *sizes], sizes, strict=False):
        started = time.monotonic()
        database = environment.create(f"{PART}_{size}", template=template)
        _fill(environment, database, size - before, size)
        log(f"{size:,} applications written in {time.monotonic() - started:.0f} s")
        databases.append(database)
        template = database
    results: list[dict[str, list[float]]] = [{} for _ in sizes]
    for turn in range(ROUNDS):
        log(f"opening the lists, round {turn + 1} of {ROUNDS}")
        for database, times_of in zip(databases, results, strict=True):
            for name, seconds in environment.run_part(database, PART).items():
                times_of.setdefault(name, []).extend(seconds)
    for database in databases:
        environment.drop(database)
    return [_row(name, [median(each[name]) for each in results], sizes) for name in results[0]]


def _fill(environment: Environment, database: str, count: int, size: int) -> None:
    sheets = 5 if size <= SHEETS_UP_TO else 1
    environment.manage(
        database, "seed_bulk", "--applications", str(count), "--sheets", str(sheets),
        "--seed", str(size), show=size > SHEETS_UP_TO,
    )  # fmt: skip
    environment.query(database, "VACUUM ANALYZE")


def _row(name: str, seconds: list[float], sizes: list[int]) -> Row:
    ratio = seconds[-1] / seconds[0]
    shown = ", ".join(
        f"{milliseconds(median_seconds)} ({size:,})"
        for median_seconds, size in zip(seconds[1:], sizes[1:], strict=True)
    )
    floor = f"{milliseconds(seconds[0])} ({sizes[0]:,})"
    return Row(PART, name, shown, floor, times(ratio), f"≤ {WORST}x", ratio <= WORST)


def run() -> dict[str, list[float]]:
    """Open each list several times as the person who works with it; return the seconds."""
    settings.ALLOWED_HOSTS = ["testserver"]
    manager, officer = _client(User.objects.get(email=MANAGER_EMAIL)), _client(_officer())
    changelist = reverse("admin:applications_application_changelist")
    result = {
        f"applications, {name}": _seconds(manager, changelist, query)
        for name, query in _queries().items()
    }
    result["applications of one programme's officer"] = _seconds(officer, changelist, {})
    result["… by state"] = _seconds(officer, changelist, {"state": "assessing"})
    for name, model in (("score sheets", "scoresheet"), ("bonus claims", "bonusclaim")):
        result[name] = _seconds(manager, reverse(f"admin:applications_{model}_changelist"), {})
    return result


# Each matches at least a page of rows at every size, or exactly one.
def _queries() -> dict[str, dict[str, Any]]:
    program = SubProgram.objects.get(code="build")
    track = Track.objects.filter(sub_program=program).order_by("order").first()
    known = Application.objects.select_related("company").filter(sub_program=program).first()
    if track is None or known is None:
        raise EnvironmentFailed("the database holds no applications")
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
    seconds = []
    for _ in range(WARM + TURNS):
        started = time.perf_counter()
        response = client.get(address, query)
        seconds.append(time.perf_counter() - started)
        if response.status_code != OK:
            raise EnvironmentFailed(f"{address} {query}: {response.status_code}")
    return seconds[WARM:]


def _client(person: User) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = sessions.open_for(
        [person.pk], **sessions.SECOND_FACTOR
    )[0]
    return client


def _officer() -> User:
    officer, made = User.objects.get_or_create(
        email=f"bench-officer@{DOMAIN}",
        defaults={"name": "측정", "password": NO_PASSWORD, "is_staff": True},
    )
    if made:
        officer.groups.add(Group.objects.get(name=OFFICER))
        officer.sub_programs.add(SubProgram.objects.get(code="build"))
    return officer
