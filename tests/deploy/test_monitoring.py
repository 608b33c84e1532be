"""deploy/monitoring: alerts and board load, ask for what exists, and docs/operations.md explains each."""

import json
import re
from pathlib import Path

import pytest
import yaml

from bench.stack import ROOT
from tests.deploy import scrape

FOLDER = ROOT / "deploy/monitoring"
SERVICES = ("web", "worker", "heavy-worker", "beat")


def alerts() -> list[dict]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return group["rules"]


def panels() -> list[dict]:
    return json.loads((FOLDER / "board.json").read_text())["panels"]


def expressions() -> list[str]:
    """Return every expression of the alerts and of the board."""
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [row["expr"] for row in alerts()] + shown


def test_every_alert_is_complete_and_named_once() -> None:
    rows = alerts()
    assert len(rows) >= 20
    assert len({row["alert"] for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[smh]", row["for"])
        assert row["labels"]["severity"] in {"page", "ticket"}
        assert re.search("[가-힣]", row["annotations"]["summary"])


def test_the_table_of_operations_explains_exactly_these_alerts() -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    table = page.split("| alert | means | do |\n")[1].split("\n\n")[0]
    told = re.findall(r"^\| (\w+) \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE)
    assert told == [row["alert"] for row in alerts()]


def test_the_board_shows_every_metric_that_an_alert_asks_for_or_its_state() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["targets"]
    places = [tuple(panel["gridPos"][side] for side in "xy") for panel in panels()]
    assert len(set(places)) == len(places)


def test_prometheus_asks_every_service_on_its_port() -> None:
    conf = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    asked = {row["job_name"]: row["static_configs"][0]["targets"] for row in conf["scrape_configs"]}
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    wanted = {
        f"portal-{name}": [f"{name}:{compose[name]['environment']['PORTAL_METRICS_PORT']}"]
        for name in SERVICES
    }
    assert asked == wanted
    jobs = set(re.findall(r'job="([^"]+)"', " ".join(expressions())))
    assert jobs <= set(asked)
    assert [name for name in conf["rule_files"] if not Path(FOLDER / name).exists()] == []
    assert "ports" not in compose["web"]


FOUND: list[scrape.Sample] = [
    ("portal_jobs_total", {"kind": "a", "outcome": "done"}, 1.0),
    ("portal_jobs_parked", {}, 0.0),
]


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ('sum by (kind) (rate(portal_jobs_total{outcome="done"}[5m]))', []),
        ('up{job="portal-web"} == 0 or absent(portal_jobs_parked)', []),
        ("portal_jobs_totals > 1", ["portal_jobs_totals"]),
        ('portal_jobs_parked{kind="a"} > 1', ["portal_jobs_parked{kind}"]),
        ("sum by (route) (portal_jobs_total)", ["by (route)"]),
        ('portal_jobs_total{kind!~"a.*",state="x"}', ["portal_jobs_total{state}"]),
    ],
)
def test_what_does_not_exist_is_named(expression: str, missing: list[str]) -> None:
    assert scrape.lacking(expression, FOUND) == missing
