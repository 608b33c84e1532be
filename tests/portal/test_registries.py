"""The registries of agencies: a real server that follows the contract, and every way it can fail."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.agency import Agency, agency
from portal.models import Failure, RegistryAnswer, RegistryRecord
from portal.registries import calling, gateway, nts
from portal.registries.answers import Answer, NotAnswered, Question
from portal.registries.declared import Registry, registries
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db
STATUS, IDENTITY = registries()["business_status"], registries()["business_identity"]
NUMBERS = [f"{number:010}" for number in range(1, 251)]


@pytest.fixture
def nts_server(settings: Any) -> Iterator[Agency]:
    with agency() as one:
        settings.REGISTRIES = one.options("BusinessStatus") | one.options("BusinessIdentity")
        yield one


def ask(numbers: list[str]) -> gateway.Tally:
    return gateway.ask(STATUS, [Question(number) for number in numbers], sleep=lambda seconds: None)


def facts() -> dict[str, tuple[bool, Any]]:
    rows = RegistryRecord.objects.exclude(answer=None).select_related("answer")
    return {row.subject: (row.answer.found, row.answer.facts.get("status")) for row in rows}


def test_every_firm_is_answered_in_as_few_calls_as_the_agency_allows(nts_server: Agency) -> None:
    nts_server.closed[NUMBERS[3]] = "20200131"
    nts_server.unknown.add(NUMBERS[4])
    tally = ask(NUMBERS)
    assert (tally.calls, tally.answered, tally.changed) == (3, 250, 0)
    assert tally.first_failure is None
    known = facts()
    assert known.pop(NUMBERS[3]) == (True, "03")
    assert known.pop(NUMBERS[4]) == (False, None)
    assert set(known.values()) == {(True, "01")}


def test_a_second_time_nothing_is_added_but_what_changed(nts_server: Agency) -> None:
    ask(NUMBERS[:5])
    first = {row.subject: row.confirmed_at for row in RegistryRecord.objects.all()}
    nts_server.closed[NUMBERS[0]] = "20211130"
    assert ask(NUMBERS[:5]).changed == 1
    assert all(row.confirmed_at > first[row.subject] for row in RegistryRecord.objects.all())
    [new] = RegistryAnswer.objects.filter(changed=True)
    assert (new.subject, new.facts["closed_on"]) == (NUMBERS[0], "20211130")
    assert new.previous is not None
    assert new.previous.facts["status"] == "01"
    assert RegistryAnswer.objects.count() == 6


@pytest.mark.parametrize(
    ("fault", "failure", "calls"),
    [
        ("key", Failure.KEY, 1),
        ("limit", Failure.LIMIT, 1),
        ("down", Failure.DOWN, 3),
        ("cut", Failure.DOWN, 3),
        ("garbled", Failure.UNREADABLE, 3),
        ("slow", Failure.SLOW, 3),
    ],
)
def test_no_failure_is_taken_for_an_answer(
    nts_server: Agency,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    failure: Failure,
    calls: int,
) -> None:
    """Two hundred firms: what may pass is tried again; either way the next hundred are not sent."""
    nts_server.fault, nts_server.slow_seconds = fault, 0.3
    monkeypatch.setattr(calling, "ANSWER_SECONDS", 0.1)
    tally = ask(NUMBERS[:200])
    failed = 200 if calls == 1 else 100
    assert (tally.calls, tally.answered, dict(tally.failed)) == (calls, 0, {failure: failed})
    assert tally.left == 200 - failed
    rows = RegistryRecord.objects.all()
    assert rows.count() == failed  # what was left is not marked as tried
    assert {(row.failure, row.answer, row.confirmed_at) for row in rows} == {(failure, None, None)}
    assert not RegistryAnswer.objects.exists()


def test_a_failure_leaves_the_answer_that_is_known_and_says_so(nts_server: Agency) -> None:
    ask(NUMBERS[:1])
    [before] = RegistryRecord.objects.all()
    nts_server.fault = "down"
    ask(NUMBERS[:1])
    [after] = RegistryRecord.objects.all()
    assert (after.answer, after.confirmed_at) == (before.answer, before.confirmed_at)
    assert after.failure == Failure.DOWN
    assert after.tried_at > before.tried_at


def test_of_half_an_answer_the_other_half_is_not_answered(nts_server: Agency) -> None:
    nts_server.fault = "half"
    tally = ask(NUMBERS[:10])
    assert (tally.answered, dict(tally.failed)) == (5, {Failure.PARTIAL: 5})
    failed = RegistryRecord.objects.filter(failure=Failure.PARTIAL).values_list(
        "subject", flat=True
    )
    assert set(failed) == set(NUMBERS[5:10])


def test_an_answer_about_a_firm_that_was_not_asked_about_counts_for_nothing(
    nts_server: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(NUMBERS[:1])
    [before] = RegistryRecord.objects.all()
    other = NUMBERS[1]
    told = {number: Answer(found=True, facts={"status": "03"}) for number in NUMBERS[:2]}
    monkeypatch.setattr(nts.BusinessStatus, "ask", lambda self, questions: told)
    assert (ask([other]).answered, ask([other]).changed) == (1, 0)
    assert RegistryRecord.objects.get(subject=NUMBERS[0]).confirmed_at == before.confirmed_at


def test_a_fault_that_passes_costs_a_try(nts_server: Agency) -> None:
    nts_server.fault, nts_server.until = "down", 2
    tally = ask(NUMBERS[:5])
    assert (tally.calls, tally.answered) == (3, 5)


def test_a_registry_that_nobody_connected_is_not_asked() -> None:
    tally = ask(NUMBERS[:2])
    assert (tally.calls, dict(tally.failed)) == (0, {Failure.UNCONNECTED: 2})


def test_the_key_stands_in_no_error(nts_server: Agency) -> None:
    nts_server.fault = "cut"
    service = nts.BusinessStatus(nts_server.address, "a-secret-key")
    with pytest.raises(NotAnswered) as refusal:
        service.ask([Question(NUMBERS[0])])
    chain: BaseException | None = refusal.value
    while chain is not None:
        assert "a-secret-key" not in repr(chain)
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_a_run_asks_no_more_when_its_time_is_over(
    nts_server: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "RUN_SECONDS", -1.0)
    tally = ask(NUMBERS)
    assert (tally.calls, tally.left, RegistryRecord.objects.count()) == (0, 250, 0)


def test_what_may_be_asked_is_looked_up_before_each_call(nts_server: Agency) -> None:
    refused: set[str] = set()

    def still(batch: Sequence[Question]) -> list[Question]:
        kept = [question for question in batch if question.subject not in refused]
        refused.update(NUMBERS[150:])  # they withdraw while the first call is under way
        return kept

    questions = [Question(number) for number in NUMBERS]
    tally = gateway.ask(STATUS, questions, still=still, sleep=lambda seconds: None)
    assert (tally.calls, tally.answered, tally.left) == (2, 150, 0)
    assert set(nts_server.asked) == set(NUMBERS[:150])


def test_another_representative_is_another_question(nts_server: Agency) -> None:
    nts_server.owners[NUMBERS[0]] = ("김하나", "20100102")
    for name, matches in [("김하나", True), ("김두리", False)]:
        details = {"representative": name, "opened_on": "20100102"}
        gateway.ask(IDENTITY, [Question(NUMBERS[0], details)])
        [row] = RegistryRecord.objects.select_related("answer")
        assert row.answer is not None
        assert row.answer.facts == {"matches": matches}


def test_calls_keep_the_pace_of_the_agency(nts_server: Agency) -> None:
    waited: list[float] = []
    questions = [Question(number) for number in NUMBERS]
    gateway.ask(replace(STATUS, calls_per_minute=1), questions, sleep=waited.append)
    assert len(waited) == 2  # after each call but the last
    assert all(30 < seconds <= 60 for seconds in waited)


@pytest.mark.parametrize("count", [3, 90])
def test_a_call_is_stored_by_as_many_statements_however_many_firms(
    nts_server: Agency, count: int
) -> None:
    ask(NUMBERS[:count])
    nts_server.closed = dict.fromkeys(NUMBERS, "20210101")
    with CaptureQueriesContext(
        connection,
    ) as found:
        ask(NUMBERS[:count])
    statements = [row["sql"].split()[0] for row in found.captured_queries]
    assert statements.count("INSERT") == 2  # missing records, and answers that changed
    assert statements.count("UPDATE") == 2  # the answers that changed, and the instants of all


def ask_by_two(numbers: list[str]) -> None:
    def run() -> None:
        try:
            ask(numbers)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("locked", "answers"), [(True, 50), (False, 100)])
def test_two_jobs_that_ask_at_once_write_one_answer(
    nts_server: Agency, monkeypatch: pytest.MonkeyPatch, locked: bool, answers: int
) -> None:
    """With its control: both read before either writes, and write the same answers twice."""
    both = threading.Barrier(2, timeout=PATIENCE)
    answered = nts.BusinessStatus.ask

    def unlocked(registry: Registry, subjects: list[str]) -> dict[str, RegistryRecord]:
        rows = RegistryRecord.objects.filter(subject__in=subjects).select_related("answer")
        found = {row.subject: row for row in rows}
        both.wait()
        return found

    def asked_together(
        service: nts.BusinessStatus, questions: list[Question]
    ) -> Mapping[str, Answer]:
        told = answered(service, questions)
        both.wait()
        return told

    RegistryRecord.objects.bulk_create(
        RegistryRecord(registry=STATUS.code, subject=number) for number in NUMBERS[:50]
    )

    monkeypatch.setattr(nts.BusinessStatus, "ask", asked_together)
    if not locked:
        monkeypatch.setattr(gateway, "_locked_records", unlocked)
    ask_by_two(NUMBERS[:50])
    assert RegistryRecord.objects.count() == 50
    assert RegistryAnswer.objects.count() == answers
