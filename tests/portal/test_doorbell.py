"""The doorbell: one call takes along all sweeps of a second, a job is called by its number."""

import pytest
from celery.exceptions import OperationalError

from portal import doorbell


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[object, ...], float | None]]:
    """Hear what is sent to the broker while the clock stands still."""
    heard: list[tuple[str, tuple[object, ...], float | None]] = []
    monkeypatch.setattr(doorbell, "_called", {})
    monkeypatch.setattr(doorbell, "_quiet_until", 0.0)
    monkeypatch.setattr(doorbell.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(
        doorbell.app,
        "send_task",
        lambda task, args, retry, countdown: heard.append((task, args, countdown)),
    )
    return heard


def test_every_job_is_called_at_once(sent: list) -> None:
    assert doorbell.ring("run", 1)
    assert doorbell.ring("run", 2)
    assert sent == [("run", (1,), None), ("run", (2,), None)]


def test_a_sweep_is_called_once_a_second_and_starts_after_the_last_that_was_not(
    sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doorbell.ring("sweep")
    assert doorbell.ring("sweep")
    assert doorbell.ring("another")
    assert sent == [("sweep", (), 1.0), ("another", (), 1.0)]
    monkeypatch.setattr(doorbell.time, "monotonic", lambda: 101.0)
    assert doorbell.ring("sweep")
    assert sent[2:] == [("sweep", (), 1.0)]


def test_a_broker_that_is_away_is_asked_again_after_a_while(
    sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: object, **more: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(doorbell.app, "send_task", fail)
    assert not doorbell.ring("sweep")
    monkeypatch.setattr(doorbell.app, "send_task", lambda *words, **more: sent.append(words))
    assert not doorbell.ring("sweep")
    monkeypatch.setattr(doorbell.time, "monotonic", lambda: 100.0 + doorbell.PAUSE_SECONDS)
    assert doorbell.ring("sweep")
    assert sent == [("sweep",)]
