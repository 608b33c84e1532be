"""Papers by the API: a whole application is filed by a program; what nobody knows is refused by name."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from applications.models import Application, Attachment
from tests.api.calling import Caller, Story
from tests.api.test_refusals import assert_refused
from tests.factories.agreements import sample

PAPER = sample("사업자등록증")
CODE = "business_registration"


def sent(caller: Caller, path: str, content: bytes = PAPER, **changes: object):
    fields = {"document": CODE, "sha256": hashlib.sha256(PAPER).hexdigest()} | changes
    upload = SimpleUploadedFile("사업자등록증.pdf", content, content_type="application/pdf")
    client = Client(headers={"authorization": f"Bearer {caller.token}"})
    return client.post(f"/api/v1/{path}", {**fields, "file": upload})


def test_a_paper_is_stored_once_however_often_it_is_sent(story: Story, owner: Caller) -> None:
    path = f"applications/{story.draft.pk}/files/"
    first, again = sent(owner, path), sent(owner, path)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["sha256"] == hashlib.sha256(PAPER).hexdigest()
    whole = owner.get(f"applications/{story.draft.pk}/").json()
    assert first.json() in whole["files"]


def test_a_paper_that_arrived_changed_is_refused(story: Story, owner: Caller) -> None:
    answer = sent(owner, f"applications/{story.draft.pk}/files/", PAPER + b" ")
    assert_refused(answer, code="file_changed")
    assert Attachment.objects.count() == 1  # of the story


@pytest.mark.parametrize(
    ("changes", "code", "finding"),
    [
        ({"document": "no-such-paper"}, "document_unknown", "document_unknown"),
        ({"sha256": "x"}, "bad_input", "invalid:sha256"),
        ({"kind": "quote"}, "bad_input", "invalid:kind"),
    ],
)
def test_what_is_wrong_with_a_paper_is_named(
    story: Story, owner: Caller, changes: dict[str, object], code: str, finding: str
) -> None:
    answer = sent(owner, f"applications/{story.draft.pk}/files/", **changes)
    assert_refused(answer, code=code)
    assert finding in [row["code"] for row in answer.json()["findings"]]


def test_only_writers_of_the_firm_send_papers_and_only_to_a_draft(
    story: Story, owner: Caller, stranger: Caller
) -> None:
    assert_refused(sent(stranger, f"applications/{story.draft.pk}/files/"), 404)
    assert_refused(sent(owner, f"applications/{story.filed.pk}/files/"), 409)


def test_a_paper_is_removed_once(story: Story, owner: Caller, stranger: Caller) -> None:
    path = f"applications/{story.draft.pk}/files/{story.paper.pk}/"
    assert_refused(stranger.send("DELETE", path), 404)
    assert owner.send("DELETE", path).status_code == 204
    assert_refused(owner.send("DELETE", path), 404)
    assert owner.get(f"applications/{story.draft.pk}/").json()["files"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", "applications/", {"program": "robot", "site": 1, "track": "x"}, "invalid:track"),
        ("PATCH", "applications/{draft}/", {"section": {}}, "invalid:section"),
        (
            "PATCH",
            "applications/{draft}/",
            {"sections": {"cost": {"version": 0, "answers": {}, "data": {}}}},
            "invalid:sections.cost.data",
        ),
        (
            "PATCH",
            "applications/{draft}/",
            {"sections": {"cost": {"version": 0, "answers": {"robots": 1}}}},
            "unknown:robots",
        ),
        ("POST", "applications/{draft}/submit/", {"seen": "0" * 64, "force": 1}, "invalid:force"),
        ("POST", "programs/robot/preview/", {"track": "cobot", "cost": 1}, "invalid:cost"),
    ],
)
def test_an_unknown_field_is_refused_by_its_name(
    story: Story, owner: Caller, method: str, path: str, body: dict[str, object], named: str
) -> None:
    before = Application.objects.values().get(pk=story.draft.pk)
    answer = owner.send(method, path.format(draft=story.draft.pk), body)
    assert answer.status_code in (400, 422), answer.content
    assert named in [row["code"] for row in answer.json()["findings"]]
    assert Application.objects.values().get(pk=story.draft.pk) == before
