"""Open the pages of a large portal that list or find applications, beside those of a small one."""

import os
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from applications.models import Application
from applications.states import ApplicationState
from bench.bulk.prototypes import DOMAIN, MARK, NO_PASSWORD
from bench.cpu import Cpu, Meter
from bench.environment import Environment, EnvironmentFailed, Log
from bench.parts import sessions
from bench.parts.fixtures import MANAGER_EMAIL
from bench.report import Row, times
from portal.models import User
from programs.models import SubProgram, Track
from programs.roles import OFFICER

PART = "lists"
SMALL, LARGE = 10_000, 1_000_000
QUICK_SMALL, QUICK_LARGE = 1_000, 10_000
SHEETS_UP_TO = 100_000  # beyond it one sheet each: no list of applications reads them
WARM, TURNS = 2, 20
WORST = 1.5
OK = 200
LIST, ONE, OWN = Cpu(0.030, 0.005), Cpu(0.020, 0.005), Cpu(0.008, 0.002)
START = Cpu(0.050, 0.050)  # some twenty counts of at most 10,001 rows of an index


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    """Fill one database per size, each a copy of the one before; then open every page in each.

    The sizes take turns, so that other load on the machine slows all of them alike.
    """
    sizes = [QUICK_SMALL, QUICK_LARGE] if quick else [SMALL, LARGE]
    databases = []
    for before, size in zip([0, *sizes], sizes, strict=False):
        started = time.monotonic()
        database = environment.create(f"{PART}_{size}", template=template)
        _fill(environment, database, size - before, size)
        log(f"{size:,} applications written in {time.monotonic() - started:.0f} s")
        databases.append(database)
        template = database
    results: list[dict[str, list[Cpu]]] = [{} for _ in sizes]
    rounds = 1 if quick else 3
    for turn in range(rounds):
        log(f"opening the pages, round {turn + 1} of {rounds}")
        for database, costs_of in zip(databases, results, strict=True):
            url = environment.url_of(database)
            for name, cost in environment.run_part(database, PART, url=url).items():
                costs_of.setdefault(name, []).append(Cpu(*cost))
    for database in databases:
        environment.drop(database)
    return [
        _row(name, [min(each[name], key=lambda cpu: cpu.total) for each in results], sizes)
        for name in results[0]
    ]


def _fill(environment: Environment, database: str, count: int, size: int) -> None:
    sheets = 5 if size <= SHEETS_UP_TO else 1
    environment.manage(
        database, "seed_bulk", "--applications", str(count), "--sheets", str(sheets),
        "--seed", str(size), show=size > SHEETS_UP_TO,
    )  # fmt: skip
    environment.query(database, "VACUUM ANALYZE")


def _row(name: str, costs: list[Cpu], sizes: list[int]) -> Row:
    few, many = costs
    ratio = many.total / few.total
    limit = {"one application": ONE, "my applications": OWN}.get(name, LIST)
    if name.startswith("start page"):
        limit = START
    return Row(
        PART,
        f"{name}, web + PostgreSQL",
        f"{many} ({sizes[1]:,})",
        f"{few} ({sizes[0]:,})",
        times(ratio),
        f"≤ {limit:.0f}, ≤ {WORST}x",
        many.within(limit) and ratio <= WORST,
    )


def run(*, url: str) -> dict[str, tuple[float, float]]:
    """Open each page several times as the person who works with it; return what one costs."""
    settings.ALLOWED_HOSTS = ["testserver"]
    meter = Meter(os.getpid(), url)
    manager, officer = _client(User.objects.get(email=MANAGER_EMAIL)), _client(_officer())
    changelist = reverse("admin:applications_application_changelist")
    known = _known()
    applicant = _client(User.objects.get(pk=known.created_by_id))
    detail = reverse("admin:applications_application_change", args=[known.pk])
    visits = {
        f"applications, {name}": (manager, changelist, query)
        for name, query in _queries(known).items()
    }
    visits |= {
        "applications of one programme's officer": (officer, changelist, {}),
        "… by state": (officer, changelist, {"state": "assessing"}),
        "score sheets": (manager, reverse("admin:applications_scoresheet_changelist"), {}),
        "agreements": (manager, reverse("admin:applications_agreement_changelist"), {}),
        "… largest grant first": (
            manager,
            reverse("admin:applications_agreement_changelist"),
            {"sort": "-grant"},
        ),
        "bonus claims": (manager, reverse("admin:applications_bonusclaim_changelist"), {}),
        "one application": (manager, detail, {}),
        "my applications": (applicant, reverse("application_list"), {}),
        "start page of a manager": (manager, reverse("admin:index"), {}),
        "start page of one programme's officer": (officer, reverse("admin:index"), {}),
    }
    return {name: _cost(meter, *visit) for name, visit in visits.items()}


def _known() -> Application:
    rows = Application.objects.select_related("company").filter(sub_program__code="build")
    known = rows.filter(state=ApplicationState.ASSESSING).order_by("pk").first()
    if known is None:
        raise EnvironmentFailed("the database holds no applications")
    return known


# Each matches at least a page of rows at every size, or exactly one.
def _queries(known: Application) -> dict[str, dict[str, Any]]:
    program = known.sub_program
    track = Track.objects.filter(sub_program=program).order_by("order")[0]
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
        "oldest first": {"sort": "receipt"},
        "longest waiting first": {"sort": "received"},
        "largest amount first": {"sort": "-support"},
        "smallest amount first": {"sort": "support"},
        "largest amount of a state": {"sort": "-support", "state": "assessing"},
        "search: number": {"q": known.number},
        "search: business number": {"q": known.company.business_number},
        "search: one name": {"q": known.company.name},
        "search: beginning of many names": {"q": MARK.strip()},
        "search: part of names": {"q": known.company.name[-4:]},
        "search: nothing found": {"q": "어디에도 없는 기업"},
    }


def _cost(meter: Meter, client: Client, address: str, query: dict[str, Any]) -> tuple[float, float]:
    for _ in range(WARM):
        _open(client, address, query)
    before = meter.read()
    for _ in range(TURNS):
        _open(client, address, query)
    cpu = (meter.read() - before).each(TURNS)
    return cpu.web, cpu.postgres


def _open(client: Client, address: str, query: dict[str, Any]) -> None:
    response = client.get(address, query)
    if response.status_code != OK:
        raise EnvironmentFailed(f"{address} {query}: {response.status_code}")


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
