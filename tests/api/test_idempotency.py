"""The same key gives the same answer, once; also when two calls arrive together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from applications.models import Application, Submission
from portal.api.tasks import forget_answers
from portal.core.clock import now
from portal.models import IdempotentCall
from tests.api.calling import Caller, Story, caller, open_catalogue, tell_story
from tests.api.test_refusals import assert_refused
from tests.patience import PATIENCE

KEY = {"idempotency-key": "0b6f3c1e-6a0e-4d0e-9d5f-5f6c0a1f7a52"}


def start(story: Story, program: str = "build") -> dict:
    return {"program": program, "site": story.site.pk}


def test_a_repeat_gets_the_first_answer(story: Story, owner: Caller) -> None:
    first = owner.post("applications/", start(story), **KEY)
    assert first.status_code == 201
    made = first.json()["id"]
    Application.objects.filter(pk=made).update(version=9)
    again = owner.post("applications/", start(story), **KEY)
    assert (again.status_code, again.json()) == (201, first.json())
    assert Application.objects.count() == 4


def test_the_same_key_with_other_data_is_refused_without_effect(
    story: Story, owner: Caller
) -> None:
    owner.post("applications/", start(story), **KEY)
    for other in (start(story, "meister"), {**start(story), "round": "2021-1"}):
        answer = owner.post("applications/", other, **KEY)
        assert_refused(answer, 409, "idempotency_mismatch")
    elsewhere = owner.post(f"applications/{story.filed.pk}/submit/", **KEY)
    assert_refused(elsewhere, 409, "idempotency_mismatch")
    assert Application.objects.count() == 4


def test_a_refused_call_leaves_its_key_unused(story: Story, owner: Caller) -> None:
    path = f"applications/{story.draft.pk}"
    seen = owner.get(f"{path}/review/").json()["seen"]
    refused = owner.post(f"{path}/submit/", {"seen": seen}, **KEY)
    assert_refused(refused, 422, "rule_broken")
    assert not IdempotentCall.objects.exists()
    assert owner.post("applications/", start(story), **KEY).status_code == 201


def test_a_key_is_its_owners_alone(story: Story, owner: Caller, stranger: Caller) -> None:
    first = owner.post("applications/", start(story), **KEY).json()
    theirs = {"program": "build", "site": story.foreign.site_id}
    second = stranger.post("applications/", theirs, **KEY)
    assert second.status_code == 201
    assert second.json()["id"] != first["id"]


def test_an_answer_is_kept_a_week(story: Story, owner: Caller) -> None:
    first = owner.post("applications/", start(story), **KEY).json()
    IdempotentCall.objects.update(created_at=now() - timedelta(days=6))
    assert forget_answers() == 0
    assert owner.post("applications/", start(story), **KEY).json() == first
    IdempotentCall.objects.update(created_at=now() - IdempotentCall.KEPT - timedelta(minutes=1))
    assert forget_answers() == 1
    assert not IdempotentCall.objects.exists()


def test_without_a_key_the_call_is_still_made_once(story: Story, owner: Caller) -> None:
    first = owner.post("applications/", start(story)).json()
    assert owner.post("applications/", start(story)).json()["id"] == first["id"]
    assert not IdempotentCall.objects.exists()


@pytest.mark.parametrize("key", ["k" * 256, "a\tb", "a\x7fb"])
def test_a_key_has_at_most_255_printable_characters(story: Story, owner: Caller, key: str) -> None:
    answer = owner.post("applications/", start(story), **{"idempotency-key": key})
    assert_refused(answer, 400, "idempotency_key")
    assert Application.objects.count() == 3


def together(calls: list) -> list:
    """Make all calls at the same moment, each on a connection of its own."""
    barrier = Barrier(len(calls))

    def one(call):
        barrier.wait(timeout=PATIENCE)
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_first_calls_at_the_same_moment_have_one_effect() -> None:
    open_catalogue()
    story = tell_story()
    owner = caller(story.draft.created_by)
    answers = together([lambda: owner.post("applications/", start(story), **KEY)] * 8)
    assert {answer.status_code for answer in answers} == {201}
    bodies = [answer.json() for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert Application.objects.filter(sub_program__code="build").count() == 1
    assert IdempotentCall.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_key_for_two_things_at_the_same_moment_does_one() -> None:
    open_catalogue()
    story = tell_story()
    owner = caller(story.draft.created_by)
    codes = ["build", "meister", "cloud", "capability"]
    answers = together(
        [lambda code=code: owner.post("applications/", start(story, code), **KEY) for code in codes]
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, 409, 409, 409]
    assert Application.objects.filter(sub_program__code__in=codes).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_filing_again_at_the_same_moment_gives_one_receipt() -> None:
    open_catalogue()
    story = tell_story()
    owner = caller(story.draft.created_by)
    path = f"applications/{story.filed.pk}/submit/"
    answers = together([lambda: owner.post(path, **KEY)] * 4 + [lambda: owner.post(path)] * 4)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert Submission.objects.filter(application=story.filed).count() == 1
