"""The two floors, measured: a bare INSERT, and one of somebody signed in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.cpu import Cpu
from bench.environment import Environment, Server
from bench.load import Plan, message
from bench.parts import bare
from bench.report import percentile

PEOPLE = 200
WARM_SECONDS = 2
OK = 200


@dataclass(frozen=True)
class Floor:
    """What one request of a bare view costs: a second at most, p95 in seconds, processors."""

    name: str
    rate: float
    p95: float
    cpu: Cpu


@dataclass(frozen=True)
class BareView:
    """A running bare view and the requests that it takes."""

    environment: Environment
    server: Server
    name: str
    requests: list[str]

    def measure(self, *, connections: int, seconds: float) -> Floor:
        """Send requests for some seconds over all connections."""
        meter = self.server.meter()
        self._send(connections, WARM_SECONDS)
        before = meter.read()
        seconds_of, rate = self._send(connections, seconds)
        cpu = (meter.read() - before).each(len(seconds_of))
        return Floor(self.name, rate, percentile(seconds_of, 0.95), cpu)

    def _send(self, connections: int, seconds: float) -> tuple[list[float], float]:
        plan = Plan(self.server.port, connections, seconds, self.requests, repeat=True)
        result = self.environment.load(plan)
        if result.failed or set(result.statuses) != {OK}:
            raise ValueError(f"{self.name}: {set(result.statuses)} {result.failed[:3]}")
        return result.seconds, len(result.seconds) / result.duration


@contextmanager
def bare_view(environment: Environment, *, signed_in: bool) -> Iterator[BareView]:
    """Serve one of the two bare views with tables of its own."""
    label = "bare_signed_in" if signed_in else "bare"
    database = environment.create(label)
    if signed_in:
        words = ("-m", bare.__name__, str(PEOPLE))
        requests = json.loads(environment.python(database, *words))
        name, application = "signed-in INSERT", bare.SIGNED_IN
    else:
        environment.query(database, bare.TABLE)
        requests = [message("POST", "/add/", {}, "confirmed=on")]
        name, application = "bare INSERT", bare.PLAIN
    with environment.gunicorn(database, application) as server:
        yield BareView(environment, server, name, requests)
    environment.drop(database)
