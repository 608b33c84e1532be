"""Row 5: the public list of programmes, as page and API, for one reader and for many."""

from collections.abc import Callable

from bench.environment import Served, Stage, StageError
from bench.load import Found, Plan
from bench.parts import bare
from bench.parts.sessions import get
from bench.report import Row, milliseconds, percentile, times

PART = "readers"
MANY = 32
PAGES = {"programme list, page": "/programs/", "programme list, API": "/api/v1/programs/"}
OK = 200


def measure(stage: Stage, template: str, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """Read with one connection, then with many; then the bare view likewise."""
    seconds = 3 if quick else 15
    database = stage.create(PART, template=template)
    say(f"{', '.join(PAGES)}: 1 and {MANY} connections")
    found: dict[tuple[str, int], Found] = {}
    with stage.gunicorn(database) as served:
        for name, path in PAGES.items():
            for readers in (1, MANY):
                found[name, readers] = _read(stage, served, path, readers, seconds)
    with stage.gunicorn(database, bare.APPLICATION) as served:
        floors = {
            readers: _read(stage, served, "/read/", readers, seconds) for readers in (1, MANY)
        }
    stage.drop(database)
    return [_row(name, readers, each, floors[readers]) for (name, readers), each in found.items()]


def _read(stage: Stage, served: Served, path: str, readers: int, seconds: int) -> Found:
    stage.load(Plan(served.port, readers, 1, [get(path)], again=True))
    found = stage.load(Plan(served.port, readers, seconds, [get(path)], again=True))
    if found.failed or set(found.statuses) != {OK}:
        raise StageError(f"{path}: {set(found.statuses)} {found.failed[:3]}")
    return found


def _row(name: str, readers: int, found: Found, floor: Found) -> Row:
    rate, most = (len(each.seconds) / each.lasted for each in (found, floor))
    late = milliseconds(percentile(found.seconds, 0.95))
    who = "1 reader" if readers == 1 else f"{readers} readers"
    return Row(
        PART, f"{name}, {who}, p95", f"{rate:,.0f}/s, {late}", f"{most:,.0f}/s (bare read)",
        times(rate / most),
    )  # fmt: skip


def inside() -> dict[str, object]:
    """Nothing of this part runs inside a process of the portal."""
    return {}
