"""Open the pages of strangers, through the process and through nginx, and sign people in."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from bench import nginx, servers
from bench.browser import Browser, Page, sent_fields
from bench.bulk.prototypes import DOMAIN
from bench.cpu import Cpu, Meter
from bench.environment import Environment, EnvironmentFailed, Log, Server
from bench.load import LoadResult, Plan, Sender
from bench.parts.floors import bare_view
from bench.parts.sessions import get
from bench.report import Row, milliseconds, percentile, times
from portal.models import User

PART = "pages"
# Few enough that none is shed: strangers have two places in each process (`portal.web.overload`).
CONNECTIONS = 2
THROUGH = 8  # connections to nginx
AT_ONCE = 4  # people who sign in
API, API_A_SECOND = "programme list, API", 9  # of the 10 that one address may call (600 a minute)
PAGES = {
    "home": "/",
    "programme list": "/programs/",
    API: "/api/v1/programs/",
    "sign-in page": "/accounts/login/",
}
KEPT = ("home", "programme list")  # the pages that nginx may keep for strangers
KEPT_SECONDS, THROUGH_NGINX = 0.002, 1_000
SIGN_IN = "/accounts/login/"
PASSWORD = "측정-전용-열쇠말-2021"  # noqa: S105 - of accounts in a database that is dropped
OK, REDIRECT, SHED = 200, 302, 503


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    seconds, people = (4, 24) if quick else (15, 120)
    database = environment.create(PART, template=template)
    with bare_view(environment, signed_in=False) as view:
        floor = view.measure(connections=CONNECTIONS, seconds=seconds).cpu
    with environment.gunicorn(database) as server:
        log(f"{', '.join(PAGES)}: {CONNECTIONS} connections")
        rows = [_page_row(environment, server, name, seconds, floor) for name in PAGES]
        log(f"signing {people} people in")
        signed_in = environment.run_part(
            database, PART, people=people, port=server.port, pid=server.pid, url=server.database
        )
        rows.append(_sign_in_row(signed_in, floor))
        if servers.binary("nginx"):
            log("through nginx")
            with _nginx(environment, server) as port:
                rows += [_nginx_row(environment, server, port, name, seconds) for name in KEPT]
    environment.drop(database)
    return rows


@contextmanager
def _nginx(environment: Environment, server: Server) -> Iterator[int]:
    """Run nginx in front of the server; yield the port on which it speaks TLS."""
    http, https = servers.free_port(), servers.free_port()
    folder: Path = environment.folder
    with open(folder / "nginx.log", "wb") as log:
        running = nginx.start(
            folder / "nginx",
            origin=f"https://127.0.0.1:{https}",
            web=server.port,
            http=http,
            https=https,
            certificate=nginx.write_certificate(folder / "tls"),
            log=log,
        )
        try:
            servers.wait_until(lambda: servers.listens(https), what="nginx")
            yield https
        finally:
            running.terminate()
            running.wait()


def _measured(
    environment: Environment, server: Server, name: str, plan: Plan
) -> tuple[LoadResult, Cpu]:
    """Open a page over and over; return the answers and what one has cost the portal."""
    environment.load(replace(plan, seconds=1))
    meter = server.meter()
    before = meter.read()
    result = environment.load(plan)
    used = meter.read() - before
    if result.failed or set(result.statuses) - {OK, SHED} or OK not in result.statuses:
        raise EnvironmentFailed(f"{name}: {set(result.statuses)} {result.failed[:3]}")
    return result, used.each(result.statuses.count(OK))


def _page_row(
    environment: Environment, server: Server, name: str, seconds: float, floor: Cpu
) -> Row:
    rate = API_A_SECOND if name == API else 0
    plan = Plan(server.port, CONNECTIONS, seconds, [get(PAGES[name])], rate, repeat=True)
    result, cpu = _measured(environment, server, name, plan)
    kept = name in KEPT
    return Row(
        PART,
        f"{name} for strangers, web + PostgreSQL",
        f"{cpu}, {_rate(result)}",
        f"{floor} (bare INSERT)",
        times(cpu.total / floor.total),
        f"≤ {KEPT_SECONDS * 1_000:.0f} ms web" if kept else "",
        cpu.web <= KEPT_SECONDS if kept else None,
    )


def _nginx_row(
    environment: Environment, server: Server, port: int, name: str, seconds: float
) -> Row:
    plan = Plan(port, THROUGH, seconds, [get(PAGES[name])], repeat=True, tls=True)
    result, cpu = _measured(environment, server, name, plan)
    rate = result.statuses.count(OK) / result.duration
    return Row(
        PART,
        f"{name} through nginx, a second and web + PostgreSQL of each",
        f"{_rate(result)}, {cpu:.2f}",
        goal=f"≥ {THROUGH_NGINX:,}/s",
        passed=rate >= THROUGH_NGINX,
    )


def _rate(result: LoadResult) -> str:
    shed = result.statuses.count(SHED)
    rate = f"{result.statuses.count(OK) / result.duration:,.0f}/s"
    return f"{rate}, {shed:,} shed" if shed else rate


def _sign_in_row(measured: dict[str, Any], floor: Cpu) -> Row:
    cpu = Cpu(measured["web"], measured["postgres"]).each(len(measured["seconds"]))
    return Row(
        PART,
        f"sign-in (its page, password, the next page), {AT_ONCE} at once, p95",
        f"{cpu}, {milliseconds(percentile(measured['seconds'], 0.95))}",
        f"{floor} (bare INSERT)",
        times(cpu.total / floor.total),
    )


def run(*, people: int, port: int, pid: int, url: str) -> dict[str, Any]:
    """Make people with a password and sign each in; return the seconds and the processor time."""
    password = make_password(PASSWORD)
    users = [
        User.objects.create(email=f"sign-in{number}@{DOMAIN}", password=password, name="측정")
        for number in range(people)
    ]
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    meter = Meter(pid, url)
    before = meter.read()
    seconds = asyncio.run(_sign_in_all(port, [user.email for user in users]))
    used = meter.read() - before
    return {"seconds": seconds, "web": used.web, "postgres": used.postgres}


async def _sign_in_all(port: int, addresses: list[str]) -> list[float]:
    waiting = iter(addresses)

    async def sign_in_some() -> list[float]:
        sender, taken = Sender(port), []
        for address in waiting:
            began = time.perf_counter()
            await _sign_in(sender, address)
            taken.append(time.perf_counter() - began)
        await sender.close()
        return taken

    several = await asyncio.gather(*(sign_in_some() for _ in range(AT_ONCE)))
    return [seconds for taken in several for seconds in taken]


async def _sign_in(sender: Sender, address: str) -> None:
    browser = Browser()
    form = Page(await browser.get(sender, SIGN_IN)).form(".//input[@type='password']")
    form.fields["login"], form.fields["password"] = address, PASSWORD
    answer = await browser.post(sender, SIGN_IN, sent_fields(form))
    if answer.status != REDIRECT:
        raise EnvironmentFailed(f"sign-in: {answer.status} {Page(answer).heading}")
    after = await browser.get(sender, answer.headers["location"])
    if after.status != OK:
        raise EnvironmentFailed(f"after the sign-in: {after.status} {answer.headers['location']}")
