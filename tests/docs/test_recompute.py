"""An outsider recomputes every number with plain Python from a live server's open data."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from applications.models import Objection, ScoreRun
from applications.services.selection import proposals
from portal.records import audit
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPT = Path(__file__).parents[2] / "docs" / "recompute.py"
FILES = ("pots", "ledger", "runs", "criteria", "selections", "results", "score-sheets", "bonuses")
FILES += ("reruns", "rerun-sheets", "rerun-bonuses")


def recompute(where: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a copy of the script far from our code, without our packages."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    shutil.copy(SCRIPT, alone / "recompute.py")
    return subprocess.run(
        [sys.executable, "-I", "-S", str(alone / "recompute.py"), where],
        cwd=alone,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def told() -> None:
    """Three selections: one ended by places, one by money, one by nobody left; ties and bonuses."""
    boss = staff.manager()
    for money, limits in (
        (1_000_000_000, {"places": 3, "reserve_places": 2}),
        (130_000_000, {}),
        (1_000_000_000, {}),
    ):
        judges = staff.assessors(5)
        program = staff.program(money=money)
        for place, marks in enumerate(
            [(28, 38, 27), (20, 31, 22), (24, 32, 24), (24, 32, 24), (25, 30, 25), (10, 15, 10)]
        ):
            made = staff.judged(program, marks, judges=judges[:2], bonus=place in {1, 5})
            for turn, judge in enumerate(judges[2:]):
                points = [mark - turn if turn % 2 else min(mark + turn, 30) for mark in marks]
                staff.locked_sheet(made, judge, points)
        chosen = staff.decided(staff.proposed(program, boss, **limits), by=boss)
        proposals.release(chosen, by=boss, now=NOW)
        # Two below the line object and win: by a bonus, and by three other assessors.
        if limits:
            fourth, fifth = chosen.decisions.filter(outcome="reserve").order_by("rank")
            staff.won_objection(fourth.application)
            staff.won_objection(fifth.application, anew=[(30, 38, 29)] * 3)
    # One more that nobody may see yet.
    program = staff.program()
    staff.judged(program, judges=judges)
    staff.decided(staff.proposed(program, boss), by=boss)
    audit.seal(now=NOW)


@pytest.fixture
def saved(told: None, live_server, tmp_path: Path) -> Path:
    for name in FILES:
        with urllib.request.urlopen(f"{live_server.url}/open-data/{name}.json") as answer:
            (tmp_path / f"{name}.json").write_bytes(answer.read())
    return tmp_path


def test_every_number_comes_out_the_same(told: None, live_server, tmp_path: Path) -> None:
    done = recompute(live_server.url, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 differ" in done.stdout
    # 18 applications in three selections; 4 pots.
    for line in ("score ", "rank ", "line ", "outcome ", "balance "):
        assert line in done.stdout
    assert f"{18 * 5} compared" in done.stdout
    assert ScoreRun.objects.filter(objection=None).count() == 4
    assert set(Objection.objects.values_list("remedy", flat=True)) == {"bonus", "sheets"}
    assert "rerun " in done.stdout


def test_the_same_from_saved_files(saved: Path) -> None:
    assert recompute(str(saved), saved).returncode == 0


def one_point_less(rows: list[dict]) -> None:
    """Change a sheet in the middle of its application: the highest and the lowest do not count."""
    marks = [row for row in rows if row["application"] == rows[0]["application"]]
    totals: dict[int, int] = {}
    for row in marks:
        totals[row["sheet"]] = totals.get(row["sheet"], 0) + row["points"]
    middle = sorted(totals, key=lambda sheet: totals[sheet])[len(totals) // 2]
    plan = [row for row in marks if (row["sheet"], row["criterion"]) == (middle, "plan")]
    plan[0]["points"] -= 1


def one_won_more(rows: list[dict]) -> None:
    rows[-1]["amount_won"] += 1


def another_rank(rows: list[dict]) -> None:
    rows[0]["rank"], rows[1]["rank"] = rows[1]["rank"], rows[0]["rank"]


def another_line(rows: list[dict]) -> None:
    rows[0]["selected_count"] += 1


def another_sheet(rows: list[dict]) -> None:
    rows[-1]["points"] -= 9


def one_row_less(rows: list[dict]) -> None:
    rows.pop()


LIES: list[tuple[str, Callable[[list[dict]], None]]] = [
    ("score-sheets", one_point_less),
    ("ledger", one_won_more),
    ("results", another_rank),
    ("selections", another_line),
    ("bonuses", one_row_less),
    ("rerun-sheets", another_sheet),
    ("reruns", another_rank),
]


@pytest.mark.parametrize(("name", "lie"), LIES, ids=lambda value: getattr(value, "__name__", value))
def test_one_altered_row_is_found(
    saved: Path, name: str, lie: Callable[[list[dict]], None]
) -> None:
    file = saved / f"{name}.json"
    whole = json.loads(file.read_text())
    lie(whole["rows"])
    file.write_text(json.dumps(whole))
    done = recompute(str(saved), saved)
    assert done.returncode == 1
    assert "DIFFERENT" in done.stdout
