"""Incidents: the portal counts its own failures, even while the database does not answer."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from portal.models import IncidentMinute
from portal.records import incidents
from portal.web.middleware import IncidentRecorder

AT = timezone.now().replace(second=30, microsecond=0)


@pytest.fixture
def counter(tmp_path, settings) -> incidents.Counter:
    settings.DATA_DIR = tmp_path
    return incidents.Counter()


def answering(status: int):
    return IncidentRecorder(lambda request: HttpResponse(status=status))


@pytest.mark.parametrize(("status", "kind"), [(500, "error"), (502, "error"), (503, "unavailable")])
def test_failed_answers_are_counted(monkeypatch, status: int, kind: str) -> None:
    noted = []
    monkeypatch.setattr(incidents, "record", lambda about, what: noted.append((about, what)))
    answering(status)(RequestFactory().get("/"))
    assert noted == [("portal", kind)]


@pytest.mark.parametrize("status", [200, 302, 404, 409])
def test_a_successful_answer_is_not_counted(monkeypatch, status: int) -> None:
    monkeypatch.setattr(incidents, "record", lambda *what: pytest.fail("counted"))
    answering(status)(RequestFactory().get("/"))


def test_a_slow_answer_is_counted(monkeypatch, settings) -> None:
    settings.INCIDENTS = {**settings.INCIDENTS, "slow_seconds": 0}
    noted = []
    monkeypatch.setattr(incidents, "record", lambda about, what: noted.append(what))
    answering(200)(RequestFactory().get("/"))
    assert noted == ["slow"]


def test_counting_asks_no_database(counter) -> None:
    """Outside `django_db` every query is refused, and none is made."""
    for _ in range(5):
        counter.note("2021-1/build", incidents.ERROR, AT)
    counter.flush()
    [file] = incidents.folder().glob("*.jsonl")
    assert file.read_text().splitlines()[-1].endswith("5]")


def test_a_full_disk_does_not_lose_the_count(counter, monkeypatch, tmp_path, settings) -> None:
    (tmp_path / "incidents").write_text("in the way")
    counter.note("portal", incidents.ERROR, AT)
    counter.flush()
    (tmp_path / "incidents").unlink()
    counter.flush()
    assert len(list(incidents.folder().glob("*.jsonl"))) == 1


@pytest.mark.django_db
def test_the_files_become_rows_per_minute_and_twice_changes_nothing(counter, monkeypatch) -> None:
    counter.note("2021-1/build", incidents.ERROR, AT)
    counter.note("2021-1/build", incidents.ERROR, AT)
    counter.note("2021-1/build", incidents.CLOSED, AT + timedelta(minutes=1))
    counter.note("application:999999", incidents.ERROR, AT)
    counter.flush()
    copies = {path.name: path.read_text() for path in incidents.folder().glob("*.jsonl")}
    monkeypatch.setattr(incidents, "flush", lambda: None)
    assert incidents.collect() == 3
    for name, text in copies.items():  # as if the sweep had died before it took the file away
        (incidents.folder() / name).write_text(text)
    incidents.collect()
    rows = IncidentMinute.objects.order_by("scope", "kind").values_list("scope", "kind", "count")
    assert list(rows) == [
        ("2021-1/build", "closed", 1), ("2021-1/build", "error", 2), ("portal", "error", 1),
    ]  # fmt: skip
    assert list(incidents.folder().iterdir()) == []


@pytest.mark.django_db
def test_a_sweep_that_finds_no_database_leaves_the_files(counter, monkeypatch) -> None:
    counter.note("portal", incidents.ERROR, AT)
    counter.flush()
    monkeypatch.setattr(incidents, "flush", lambda: None)

    def down(*given: object) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(incidents, "_store", down)
        with pytest.raises(OperationalError):
            incidents.collect()
    assert incidents.collect() == 1
    assert IncidentMinute.objects.get().count == 1


@pytest.mark.django_db
def test_minutes_are_those_of_the_scope_and_of_the_whole_portal(counter) -> None:
    for scope, minute, kind in (
        ("2021-1/build", 10, "error"),
        ("portal", 11, "unavailable"),
        ("2021-2/build", 12, "error"),
        ("2021-1/build", 13, "closed"),
        ("2021-1/build", 90, "error"),
    ):
        IncidentMinute.objects.create(
            scope=scope, minute=AT + timedelta(minutes=minute), kind=kind, source="a", count=1
        )
    found = incidents.minutes(["2021-1/build"], since=AT, until=AT + timedelta(hours=1))
    assert [(row.scope, row.kind) for row in found] == [
        ("2021-1/build", "error"), ("portal", "unavailable"),
    ]  # fmt: skip
