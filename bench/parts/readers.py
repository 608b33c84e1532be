"""Read the public list of programmes as page and API, alone and in parallel, beside a bare read."""

from bench.environment import Environment, EnvironmentFailed, Log, Server
from bench.load import LoadResult, Plan
from bench.parts import bare
from bench.parts.sessions import get
from bench.report import Row, milliseconds, percentile, times

PART = "readers"
MANY = 32
PAGES = {"programme list, page": "/programs/", "programme list, API": "/api/v1/programs/"}
OK = 200


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    seconds = 3 if quick else 15
    database = environment.create(PART, template=template)
    log(f"{', '.join(PAGES)}: 1 and {MANY} connections")
    result: dict[tuple[str, int], LoadResult] = {}
    with environment.gunicorn(database) as server:
        for name, path in PAGES.items():
            for readers in (1, MANY):
                result[name, readers] = _read(environment, server, path, readers, seconds)
    with environment.gunicorn(database, bare.APPLICATION) as server:
        floors = {
            readers: _read(environment, server, "/read/", readers, seconds) for readers in (1, MANY)
        }
    environment.drop(database)
    return [_row(name, readers, each, floors[readers]) for (name, readers), each in result.items()]


def _read(
    environment: Environment, server: Server, path: str, readers: int, seconds: int
) -> LoadResult:
    environment.load(Plan(server.port, readers, 1, [get(path)], repeat=True))
    result = environment.load(Plan(server.port, readers, seconds, [get(path)], repeat=True))
    if result.failed or set(result.statuses) != {OK}:
        raise EnvironmentFailed(f"{path}: {set(result.statuses)} {result.failed[:3]}")
    return result


def _row(name: str, readers: int, result: LoadResult, floor: LoadResult) -> Row:
    rate, bare_rate = (len(each.seconds) / each.duration for each in (result, floor))
    p95 = milliseconds(percentile(result.seconds, 0.95))
    who = "1 reader" if readers == 1 else f"{readers} readers"
    return Row(
        PART, f"{name}, {who}, p95", f"{rate:,.0f}/s, {p95}", f"{bare_rate:,.0f}/s (bare read)",
        times(rate / bare_rate),
    )  # fmt: skip
