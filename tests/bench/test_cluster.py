"""What the cluster's benchmark takes for acknowledged, and that it tells when one was lost."""

from types import SimpleNamespace

import pytest

from bench.load import LoadResult
from bench.parts import cluster

ANSWERS = LoadResult(
    statuses=[302, 302, 302, 503, 200],
    locations=["/applications/7/", "https://h/applications/8/", "/accounts/login/", "", ""],
    seconds=[0.1] * 5,
)


def test_only_who_is_led_to_the_filed_application_was_acknowledged() -> None:
    assert cluster.acknowledged([ANSWERS]) == {7, 8}


@pytest.mark.parametrize(("stored", "passed"), [({7, 8}, True), ({7}, False), ({7, 9}, False)])
def test_an_acknowledged_filing_that_is_not_stored_is_a_miss(
    monkeypatch: pytest.MonkeyPatch, stored: set[int], passed: bool
) -> None:
    monkeypatch.setattr(cluster, "filed", lambda running: stored)
    monkeypatch.setattr(cluster, "query", lambda running, statement: [(2, 2)])
    monkeypatch.setattr(cluster, "manage", lambda *words: "")
    running = SimpleNamespace(names=["web"])
    rows = cluster.filed_rows(running, [ANSWERS], cluster.Killed(["web"]), firms=2)
    assert rows[1].passed is passed
