"""Asking an agency about all firms of a sub-programme anew, beside the same calls that store nothing."""

import time
from datetime import date

import requests
from django.db import connection

from applications.models import Application, Company, RegistryCheck, RegistryConsent
from applications.services import registries as services
from bench.agency import KEY, agency
from bench.environment import Environment, EnvironmentFailed, Log
from bench.parts.fixtures import MANAGER_EMAIL
from bench.report import Row, peak_bytes, times
from portal.core.clock import now
from portal.core.errors import Unavailable
from portal.models import User
from portal.registries.declared import registries, wording
from programs.models import SubProgram

PART = "recheck"
PROGRAM = "build"
STATUS = "business_status"
PER_CALL = registries()[STATUS].per_call
MOST_RUNS = 20
GROWN = (1_000, 10_000, 50_000)  # firms asked, at which the tables have grown much
GOAL_SECONDS, GOAL_CALLS, GOAL_MB = 600, 1_000, 300


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    count = 5_000 if quick else 100_000
    database = environment.create(PART, template=template)
    log(f"{count:,} filed applications, each of another firm that consented")
    environment.manage(database, "seed_bulk", "--applications", str(count), "--program", PROGRAM)
    environment.query(database, "VACUUM ANALYZE")
    with agency() as one:
        environment.extra |= {"PORTAL_NTS_URL": one.address, "PORTAL_NTS_KEY": KEY}
        log("asking both registries about all of them, for the first time and again")
        result = environment.run_part(database, PART)
        for name in ("PORTAL_NTS_URL", "PORTAL_NTS_KEY"):
            del environment.extra[name]
        calls = one.calls["status"] / 2  # of each of the two times
        floor = _bare_calls(one.address, count)
    environment.drop(database)
    return _rows(result, floor, calls, count)


def _bare_calls(address: str, count: int) -> float:
    """Return the seconds of the same calls to both registries, one after the other, storing nothing."""
    numbers = [f"{place:010}" for place in range(PER_CALL)]
    body = {"b_no": numbers}
    who = [{"b_no": number, "start_dt": "20100101", "p_nm": "홍길동"} for number in numbers]
    started = time.monotonic()
    for _ in range(count // PER_CALL):
        for path, asked in (("status", body), ("validate", {"businesses": who})):
            answer = requests.post(
                f"{address}/{path}", params={"serviceKey": KEY}, json=asked, timeout=10
            )
            answer.raise_for_status()
    return time.monotonic() - started


def _rows(result: dict[str, float], floor: float, calls: float, count: int) -> list[Row]:
    share = count / 100_000
    goal, most = GOAL_SECONDS * share, GOAL_CALLS * share
    return [
        Row(
            PART, f"recheck {count:,} firms at two registries", f"{result['again']:.0f} s",
            f"{floor:.0f} s (bare calls)", times(result["again"] / floor), f"≤ {goal:.0f} s",
            result["again"] <= goal,
        ),
        Row(PART, "… for the first time", f"{result['first']:.0f} s"),
        Row(PART, "calls for one registry", f"{calls:,.0f}", goal=f"≤ {most:,.0f}",
            passed=calls <= most),
        Row(PART, "firms answered", f"{result['answered']:,.0f}"),
        Row(PART, "finding who is due among all firms", f"{result['due']:.2f} s"),
        Row(PART, "CPU of the process over both", f"{result['cpu']:.0f} s"),
        Row(
            PART, "memory at its peak", f"{result['mb']:.0f} MB",
            goal=f"≤ {GOAL_MB} MB", passed=result["mb"] <= GOAL_MB,
        ),
    ]  # fmt: skip


def run() -> dict[str, float]:
    manager = User.objects.get(email=MANAGER_EMAIL)
    program = SubProgram.objects.get(code=PROGRAM)
    _consent_all(manager)
    cpu = time.process_time()
    first, _ = _check(program, manager)
    again, answered = _check(program, manager)
    cpu = time.process_time() - cpu
    started = time.monotonic()
    services.sweep(now=now())
    return {
        "first": first,
        "again": again,
        "answered": answered,
        "due": time.monotonic() - started,
        "cpu": cpu,
        "mb": peak_bytes() / 2**20,
    }


def _consent_all(by: User) -> None:
    at, firms = now(), Company.objects.filter(pk__in=Application.objects.values("company"))
    firms.update(representative="홍길동", founded_on=date(2010, 1, 1))
    RegistryConsent.objects.bulk_create(
        (
            RegistryConsent(company_id=pk, wording=wording().version, given_by=by, given_at=at)
            for pk in firms.values_list("pk", flat=True)
        ),
        batch_size=5_000,
    )
    _analyze("applications_registryconsent")


def _analyze(*tables: str) -> None:
    """Count rows anew, as autovacuum does in a portal; servers for tests may run without it."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def _grown(done: int, total: int, stage: str = "") -> None:
    if done in GROWN:
        _analyze("portal_registryanswer", "portal_registryrecord")


def _check(program: SubProgram, by: User) -> tuple[float, int]:
    """Return the seconds of one check, and how many firms the first registry answered about."""
    check: RegistryCheck = services.start_check(program, by=by, now=now())
    started = time.monotonic()
    for _ in range(MOST_RUNS):
        try:
            services.run_check(check, now=now(), progress=_grown)
            break
        except Unavailable:  # a run asks for a few minutes; its job comes back and goes on
            continue
    else:
        raise EnvironmentFailed(f"not finished in {MOST_RUNS} runs")
    return time.monotonic() - started, check.results[STATUS]["answered"]
