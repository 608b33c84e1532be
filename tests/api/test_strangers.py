"""Objects of others get the same answer, to the byte, as objects that do not exist."""

from typing import Any

import pytest

from applications.models import Application, Section, Site
from tests.api.calling import Caller, Story

ABSENT = 987_654
CHANGE = {"sections": {"cost": {"version": 0, "answers": {"robot": 1}}}}
CALLS = [
    ("GET", "applications/{}/", None),
    ("PATCH", "applications/{}/", CHANGE),
    ("PATCH", "applications/{}/", {"sections": []}),
    ("PATCH", "applications/{}/", "not json"),
    ("GET", "applications/{}/review/", None),
    ("POST", "applications/{}/submit/", None),
    ("POST", "applications/{}/submit/", {"seen": "0" * 64}),
    ("PUT", "applications/{}/", {}),
    ("DELETE", "applications/{}/", None),
]


def told(answer: Any) -> tuple[int, bytes]:
    return answer.status_code, answer.content


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
@pytest.mark.parametrize("who", ["stranger", "officer"])
def test_a_foreign_application_answers_as_if_it_were_not(
    story: Story, request: Any, who: str, method: str, path: str, body: Any
) -> None:
    someone: Caller = request.getfixturevalue(who)
    absent = told(someone.send(method, path.format(ABSENT), body))
    assert absent[0] in {404, 405}
    for application in (story.draft, story.filed):
        assert told(someone.send(method, path.format(application.pk), body)) == absent
    assert Section.objects.count() == 0
    assert Application.objects.get(pk=story.draft.pk).version == story.draft.version


def test_a_foreign_key_is_no_way_in(story: Story, stranger: Caller) -> None:
    absent = told(stranger.post("applications/", {"program": "robot", "site": ABSENT}))
    foreign = {"program": "robot", "site": story.site.pk}
    assert absent[0] == 404
    assert told(stranger.post("applications/", foreign)) == absent
    headers = {"idempotency-key": "k"}
    assert told(stranger.post("applications/", foreign, **headers)) == absent
    assert Application.objects.count() == 3


def test_lists_hold_only_what_is_mine(story: Story, stranger: Caller, officer: Caller) -> None:
    listed = stranger.get("applications/").json()["results"]
    assert [row["id"] for row in listed] == [story.foreign.pk]
    sites = stranger.get("sites/").json()["results"]
    mine = Site.objects.filter(company=story.stranger)
    assert {row["id"] for row in sites} == {site.pk for site in mine}
    assert officer.get("applications/").json()["results"] == []


def test_no_filter_reaches_beyond_what_is_mine(story: Story, stranger: Caller) -> None:
    for query in ("program=robot", "round=2021-1", "state=submitted", "program=%25", "round='"):
        rows = stranger.get(f"applications/?{query}").json()["results"]
        assert {row["id"] for row in rows} <= {story.foreign.pk}
