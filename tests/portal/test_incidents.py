"""Incidents: the portal counts its own failures, even while the database does not answer."""

import json
import os
import threading
from datetime import timedelta
from pathlib import Path

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


def test_every_kind_has_its_words() -> None:
    assert dict(IncidentMinute.Kind.choices) == incidents.WORDS


def test_a_slow_answer_is_counted(monkeypatch, settings) -> None:
    settings.INCIDENTS = {**settings.INCIDENTS, "slow_seconds": 0}
    noted = []
    monkeypatch.setattr(incidents, "record", lambda about, what: noted.append(what))
    answering(200)(RequestFactory().get("/"))
    assert noted == ["slow"]


def rows() -> list[tuple[str, str, int]]:
    return list(
        IncidentMinute.objects.order_by("scope", "kind").values_list("scope", "kind", "count")
    )


def left_by_a_dead_process(counter: incidents.Counter) -> Path:
    """Write the counts to the file and let go of it, as a killed process does."""
    counter.write()
    [file] = incidents.folder().glob("*.jsonl")
    counter.file.close()
    return file


# --- Counting ------------------------------------------------------------------------------------


def test_counting_asks_no_database(counter) -> None:
    """Outside `django_db` every query is refused, and none is made."""
    for _ in range(5):
        counter.note("2021-1/build", incidents.ERROR, AT)
    counter.write()
    [file] = incidents.folder().glob("*.jsonl")
    assert file.read_text().splitlines()[-1].endswith("5]")


def test_a_full_disk_does_not_lose_the_count(counter, tmp_path) -> None:
    (tmp_path / "incidents").write_text("in the way")
    counter.note("portal", incidents.ERROR, AT)
    counter.write()
    (tmp_path / "incidents").unlink()
    counter.write()
    [file] = incidents.folder().glob("*.jsonl")
    assert file.read_text().endswith("1]\n")


def test_invented_addresses_fill_no_memory(counter, monkeypatch) -> None:
    monkeypatch.setattr(incidents, "MOST_COUNTS", 3)
    for pk in range(10):
        counter.note(f"application:{pk}", incidents.UNAVAILABLE, AT)
    assert len(counter.counts) == 4
    assert sum(counter.counts.values()) == 10


def test_a_forked_process_begins_anew(counter, monkeypatch) -> None:
    """As gunicorn and Celery fork: the child has its own source, file and thread, and no count."""
    monkeypatch.setattr(incidents, "_counter", counter)
    counter.note("portal", incidents.ERROR, AT)
    counter.write()
    of_parent, read_end, write_end = counter.source, *os.pipe()
    child = os.fork()
    if not child:
        counter.begin()
        counter.note("portal", incidents.ERROR, AT)
        counter.write()
        told = [counter.source, sorted(counter.counts.values())]
        os.write(write_end, json.dumps(told).encode())
        os._exit(0)
    os.waitpid(child, 0)
    source, counts = json.loads(os.read(read_end, 1_000))
    assert source != of_parent
    assert counts == [1]
    assert {path.stem for path in incidents.folder().glob("*.jsonl")} == {of_parent, source}
    os.close(read_end)
    os.close(write_end)


def test_the_hook_of_a_fork_is_that_of_this_process_s_counter() -> None:
    before, (read_end, write_end) = incidents._counter.source, os.pipe()
    child = os.fork()
    if not child:
        os.write(write_end, incidents._counter.source.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read_end, 200).decode() != before == incidents._counter.source
    os.close(read_end)
    os.close(write_end)


# --- Delivering ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_counts_become_rows_per_minute_and_twice_changes_nothing(counter) -> None:
    counter.note("2021-1/build", incidents.ERROR, AT)
    counter.note("2021-1/build", incidents.ERROR, AT)
    counter.note("2021-1/build", incidents.CLOSED, AT + timedelta(minutes=1))
    counter.note("application:999999", incidents.ERROR, AT)
    stored = [("2021-1/build", "closed", 1), ("2021-1/build", "error", 2), ("portal", "error", 1)]
    assert counter.deliver() == 3
    assert rows() == stored
    assert counter.deliver() == 0
    left_by_a_dead_process(counter)
    assert incidents.collect_left() == 3
    assert rows() == stored
    assert list(incidents.folder().iterdir()) == []


@pytest.mark.django_db
def test_what_belongs_to_one_scope_is_summed_however_often_it_is_delivered(counter) -> None:
    """Two applications of one scope, noted in the same minute, before and after a delivery."""
    for pk in (999_998, 999_999):
        counter.note(f"application:{pk}", incidents.ERROR, AT)
        counter.deliver()
    assert rows() == [("portal", "error", 2)]
    left_by_a_dead_process(counter)
    assert incidents.collect_left() == 2
    assert rows() == [("portal", "error", 2)]


@pytest.mark.django_db
def test_what_the_database_does_not_take_is_kept(counter, monkeypatch) -> None:
    counter.note("portal", incidents.ERROR, AT)

    def down(*given: object) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(incidents, "_store", down)
        with pytest.raises(OperationalError):
            counter.deliver()
    counter.note("portal", incidents.ERROR, AT)
    assert counter.deliver() == 1
    assert rows() == [("portal", "error", 2)]


@pytest.mark.django_db
def test_what_is_noted_while_it_is_delivered_goes_with_the_next_delivery(
    counter, monkeypatch
) -> None:
    counter.note("portal", incidents.ERROR, AT)
    store = incidents._store

    def noted_meanwhile(*given: object) -> None:
        store(*given)
        counter.note("portal", incidents.ERROR, AT)

    with monkeypatch.context() as slow:
        slow.setattr(incidents, "_store", noted_meanwhile)
        counter.deliver()
    assert rows() == [("portal", "error", 1)]
    assert counter.undelivered
    counter.deliver()
    assert rows() == [("portal", "error", 2)]


@pytest.mark.django_db
def test_old_minutes_are_forgotten_once_they_are_stored(counter) -> None:
    for minute in range(10):
        counter.note("portal", incidents.ERROR, AT + timedelta(minutes=minute))
    assert len(counter.counts) == 10
    counter.deliver()
    assert len(counter.counts) == incidents.KEPT_MINUTES
    assert IncidentMinute.objects.count() == 10
    [file] = incidents.folder().glob("*.jsonl")
    assert len(file.read_text().splitlines()) == incidents.KEPT_MINUTES


@pytest.mark.django_db
def test_a_process_that_ends_stores_all_and_leaves_no_file(counter, settings) -> None:
    settings.INCIDENTS = {**settings.INCIDENTS, "deliver_seconds": 20}
    counter.thread = threading.current_thread()  # one that has begun already
    counter.note("portal", incidents.ERROR, AT)
    counter.write()
    counter.end()
    assert rows() == [("portal", "error", 1)]
    assert list(incidents.folder().iterdir()) == []


# --- What dead processes left --------------------------------------------------------------------


@pytest.mark.django_db
def test_what_a_killed_process_counted_is_stored_by_another_one(counter) -> None:
    counter.note("2021-1/build", incidents.ERROR, AT)
    file = left_by_a_dead_process(counter)
    with file.open("a") as cut:
        cut.write('["portal", "2021-')  # it was killed while it wrote
    assert incidents.collect() == 1
    assert rows() == [("2021-1/build", "error", 1)]
    assert list(incidents.folder().iterdir()) == []


@pytest.mark.django_db
def test_the_file_of_a_living_process_is_left_to_it(counter) -> None:
    counter.note("portal", incidents.ERROR, AT)
    counter.write()
    assert incidents.collect_left() == 0
    assert IncidentMinute.objects.count() == 0
    counter.file.close()
    assert incidents.collect_left() == 1


@pytest.mark.django_db
def test_a_file_stays_until_the_database_has_it(counter, monkeypatch) -> None:
    counter.note("portal", incidents.ERROR, AT)
    left_by_a_dead_process(counter)

    def down(*given: object) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(incidents, "_store", down)
        with pytest.raises(OperationalError):
            incidents.collect_left()
    assert incidents.collect_left() == 1


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
