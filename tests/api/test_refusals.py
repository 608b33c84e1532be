"""Bad input: the answer is a 4xx in the documented shape, quickly."""

import base64
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from portal.api.pagination import Page
from portal.api.throttling import MemberLimit, VisitorLimit
from tests.api.calling import Caller, Story

DEEP = "[" * 100_000 + "]" * 100_000
BODIES = {
    "not json": "{",
    "no text": b"\xff\xfe\x00",
    "a constant": '{"total_cost_won": NaN}',
    "infinite": '{"track": "cobot", "total_cost_won": 1e999}',
    "deep": DEEP,
    "deep object": '{"a":' * 50 + "1" + "}" * 50,
    "huge number": json.dumps({"track": "cobot", "total_cost_won": 10**40}),
    "absurd number": '{"track": "cobot", "total_cost_won": ' + "9" * 5_000 + "}",
    "nul": json.dumps({"track": "co\0bot"}),
    "nul in a name": json.dumps({"a\0b": "x", "track": "cobot"}),
    "half a character": r'{"track": "\ud800"}',
    "a list": "[]",
    "a text": '"cobot"',
    "a number": "1",
    "an object for a text": json.dumps({"track": {"a": 1}}),
    "a list for a text": json.dumps({"track": ["cobot"]}),
}
COSTS = [-1, 10**13 + 1, True, 1.5, "천만원", [], {}, "1e5", " "]


def assert_refused(answer: Any, status: int = 400, code: str = "") -> None:
    """Check the documented shape."""
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == {"code", "message", "findings"}
    assert body["code"]
    assert body["message"]
    for finding in body["findings"]:
        assert set(finding) == {"code", "message", "blocking"}
    if code:
        assert body["code"] == code


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["programs/robot/preview/", "programs/robot/self-check/"])
def test_a_bad_body_is_refused_at_once(story: Story, path: str, body: Any) -> None:
    Client().get("/api/v1/programs/")  # the first call of a process loads the portal
    began = time.process_time()
    answer = Client().post(f"/api/v1/{path}", body, content_type="application/json")
    assert time.process_time() - began < 0.5
    assert_refused(answer)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_bad_body_changes_no_application(story: Story, owner: Caller, body: Any) -> None:
    before = owner.get(f"applications/{story.draft.pk}/").json()
    assert_refused(owner.post("applications/", body))
    assert_refused(owner.patch(f"applications/{story.draft.pk}/", body))
    assert owner.get(f"applications/{story.draft.pk}/").json() == before


@pytest.mark.parametrize("cost", COSTS, ids=repr)
def test_a_bad_amount_is_named(story: Story, visitor: Caller, cost: object) -> None:
    answer = visitor.post("programs/robot/preview/", {"track": "cobot", "total_cost_won": cost})
    assert_refused(answer, code="bad_input")
    assert [row["code"] for row in answer.json()["findings"]] == ["invalid:total_cost_won"]


@pytest.mark.parametrize(
    "facts",
    [
        {"track": "no-such-track"},
        {"track": ["emergency", "growth"]},
        {"company_size": "tiny"},
        {"company_size": 3},
        {"built_on": "어제"},
        {"built_on": "2021-02-30"},
        {"closed_business": "아마도"},
        {"built_on": {"year": 2019}},
        {"anything": 1.5},
    ],
    ids=str,
)
def test_a_fact_of_the_wrong_kind_is_refused(story: Story, visitor: Caller, facts: dict) -> None:
    assert_refused(visitor.post("programs/aftercare/self-check/", facts))


@pytest.mark.parametrize(
    "change",
    [
        {"sections": []},
        {"sections": {"plan": 1}},
        {"sections": {"plan": {"version": 0}}},
        {"sections": {"plan": {"version": -1, "answers": {}}}},
        {"sections": {"plan": {"version": "x", "answers": {}}}},
        {"sections": {"plan": {"version": 0, "answers": []}}},
        {"sections": {"payment": {"version": 0, "answers": {}}}},
        {"consents": {"privacy": "maybe"}},
        {"consents": {"no-such-consent": True}},
    ],
    ids=str,
)
def test_a_bad_change_is_refused_whole(story: Story, owner: Caller, change: dict) -> None:
    good = {"sections": {"cost": {"version": 0, "answers": {"robot": 1}}}}
    mixed = {**change, "sections": {**good["sections"], **dict(change.get("sections") or {})}}
    for sent in (change, mixed if change.get("sections") != [] else change):
        assert_refused(owner.patch(f"applications/{story.draft.pk}/", sent))
    assert "cost" not in owner.get(f"applications/{story.draft.pk}/").json()["sections"]


@pytest.mark.parametrize("answer", [True, "많이", {"won": 1}, [1], -5, 10**14], ids=repr)
def test_an_answer_of_the_wrong_kind_is_named(story: Story, owner: Caller, answer: object) -> None:
    change = {"sections": {"cost": {"version": 0, "answers": {"robot": answer}}}}
    refused = owner.patch(f"applications/{story.draft.pk}/", change)
    assert_refused(refused, 422, "rule_broken")
    assert [row["code"] for row in refused.json()["findings"]] == ["invalid:robot"]


def test_a_section_that_moved_on_is_not_overwritten(story: Story, owner: Caller) -> None:
    def change(won: int) -> dict:
        return {"sections": {"cost": {"version": 0, "answers": {"robot": won}}}}

    assert owner.patch(f"applications/{story.draft.pk}/", change(1)).status_code == 200
    late = owner.patch(f"applications/{story.draft.pk}/", change(2))
    assert_refused(late, 409, "stale_version")
    kept = owner.get(f"applications/{story.draft.pk}/").json()["sections"]["cost"]
    assert kept["answers"] == {"robot": 1}


def test_a_filed_application_is_not_changed(story: Story, owner: Caller) -> None:
    change = {"sections": {"plan": {"version": 0, "answers": {"track": "cobot"}}}}
    answer = owner.patch(f"applications/{story.filed.pk}/", change)
    assert_refused(answer, 409, "already_submitted")


@pytest.mark.parametrize(
    "query",
    [
        "applications/?user__password__startswith=p",
        "applications/?company__business_number=1",
        "applications/?ordering=company",
        "applications/?limit=100000",
        "applications/?state=no-such-state",
        "applications/?state=",
        "programs/?code=robot",
        "programs/?round=",
        "programs/robot/?fields=all",
        "budget/?round=2021-1",
        "sites/?company=1",
        "receipts/x/?sha256=1&verbose=1",
        "receipts/x/",
        "receipts/x/?sha256=",
    ],
)
def test_an_unknown_or_missing_word_is_refused(story: Story, owner: Caller, query: str) -> None:
    assert_refused(owner.get(query))


@pytest.mark.parametrize("size", ["0", "00", "-1", "x", "1.5", "", "٣"])
def test_a_page_size_that_is_no_number_is_refused(story: Story, owner: Caller, size: str) -> None:
    code = "page_size" if size else "filter_empty"
    assert_refused(owner.get(f"applications/?page_size={size}"), code=code)


@pytest.mark.parametrize("size", ["101", "100000", "9" * 6_000])
def test_a_page_size_is_capped(rf: Any, size: str) -> None:
    page = Page()
    request = rf.get("/", {"page_size": size})
    request.query_params = request.GET
    assert page.get_page_size(request) == 100


@pytest.mark.parametrize("said", ["x", "o=x", "p=abc", "p=" + "9" * 30, "p=\0", "p=1'--"])
def test_a_made_up_cursor_is_refused(story: Story, owner: Caller, said: str) -> None:
    made_up = base64.b64encode(said.encode()).decode() if "=" in said else said
    answer = owner.get(f"applications/?{urlencode({'cursor': made_up})}")
    assert_refused(answer, code="cursor")


def test_a_page_leads_to_the_next(story: Story, owner: Caller) -> None:
    first = owner.get("applications/?page_size=1").json()
    assert [row["id"] for row in first["results"]] == [story.filed.pk]
    assert first["previous"] is None
    second = owner.get(first["next"].partition("/api/v1/")[2]).json()
    assert [row["id"] for row in second["results"]] == [story.draft.pk]
    assert second["next"] is None


NUL = ["programs/%00/", "programs/?round=%00", "receipts/%00/?sha256=1", "receipts/1/?sha256=%00"]


@pytest.mark.parametrize("path", NUL)
def test_a_nul_in_an_address_is_refused(story: Story, visitor: Caller, path: str) -> None:
    assert_refused(visitor.get(path))


@pytest.mark.postgres
@pytest.mark.parametrize("path", NUL)
def test_a_nul_never_reaches_postgres(story: Story, visitor: Caller, path: str) -> None:
    assert_refused(visitor.get(path))


@pytest.mark.postgres
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_reaches_postgres_broken(story: Story, owner: Caller, body: Any) -> None:
    for path in ("programs/robot/preview/", "programs/robot/self-check/", "applications/"):
        assert_refused(owner.post(path, body))


def test_pages_refuse_a_nul_as_well(client: Client, db: None) -> None:
    answer = client.get("/programs/?q=%00")
    assert answer.status_code == 400
    assert "쓸 수 없는 글자" in answer.content.decode()


def test_a_large_body_is_refused_before_it_is_read(story: Story, visitor: Caller) -> None:
    body = '{"track": "' + "a" * settings.API_MAX_BYTES + '"}'
    assert_refused(visitor.post("programs/robot/preview/", body), 413, "body_too_large")


def test_a_form_is_not_json(story: Story) -> None:
    answer = Client().post("/api/v1/programs/robot/preview/", {"track": "cobot"})
    assert_refused(answer, 415, "unsupported_media_type")


def test_a_method_that_is_not_offered_is_named(story: Story, visitor: Caller) -> None:
    for method in ("put", "delete", "options"):
        answer = visitor.send(method, "programs/")
        assert_refused(answer, 405, "method_not_allowed")
        assert "GET" in answer["Allow"]


def test_an_address_that_is_not_there_answers_in_the_shape(
    story: Story, visitor: Caller, owner: Caller
) -> None:
    assert_refused(visitor.get("no-such-thing/"), 404, "not_found")
    assert_refused(visitor.get("programs/no-such-program/"), 404, "not_found")
    assert_refused(visitor.get("programs/?round=1999-1"), 404, "not_found")
    assert_refused(owner.get(f"applications/{10**30}/"), 404, "not_found")


def test_a_fault_of_ours_answers_in_the_shape(visitor: Caller, monkeypatch: Any, story: Story):
    monkeypatch.setattr("programs.queries.kept.catalogue", lambda: 1 / 0)
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/programs/")
    assert_refused(answer, 500, "server_error")


def test_too_many_calls_are_refused_with_retry_after(
    story: Story, visitor: Caller, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VisitorLimit, "rate", "3/min", raising=False)
    monkeypatch.setattr(MemberLimit, "rate", "5/min", raising=False)
    answers = [visitor.get("programs/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert_refused(answers[-1], 429, "throttled")
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert [owner.get("sites/").status_code for _ in range(6)] == [200] * 5 + [429]


def test_an_address_that_a_client_claims_does_not_evade_the_limit(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VisitorLimit, "rate", "1/min", raising=False)
    statuses = [
        Client(headers={"x-forwarded-for": f"10.0.0.{n}"}).get("/api/v1/programs/").status_code
        for n in range(3)
    ]
    assert statuses == [200, 429, 429]
