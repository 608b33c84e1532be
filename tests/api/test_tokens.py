"""A token permits what its owner and its scope allow, until it expires."""

from datetime import timedelta

import pytest
from django.test import Client

from applications.models import Application, Site
from portal.models import ApiToken
from tests.api.calling import READ, Caller, Story, caller
from tests.api.test_refusals import assert_refused

SIGNED_IN = [
    ("GET", "sites/"),
    ("GET", "applications/"),
    ("POST", "applications/"),
    ("GET", "applications/1/"),
    ("PATCH", "applications/1/"),
    ("GET", "applications/1/review/"),
    ("POST", "applications/1/submit/"),
]
PUBLIC = ["programs/", "programs/robot/", "budget/", f"receipts/x/?sha256={'0' * 64}"]


@pytest.mark.parametrize(("method", "path"), SIGNED_IN)
def test_nobody_comes_in_without_a_token(story: Story, method: str, path: str) -> None:
    answer = Caller().send(method, path, {} if method != "GET" else None)
    assert_refused(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), SIGNED_IN)
@pytest.mark.parametrize("token", ["wrong", "two words", "'; --", "ü", "a" * 5_000])
def test_a_wrong_token_is_refused(story: Story, method: str, path: str, token: str) -> None:
    answer = Caller(token).send(method, path, {} if method != "GET" else None)
    assert_refused(answer, 401, "authentication_failed")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_calls_need_no_token_but_a_wrong_one_is_refused(story: Story, path: str) -> None:
    assert Caller().get(path).status_code == 200
    assert_refused(Caller("wrong").get(path), 401)


def test_an_expired_token_is_refused(story: Story, owner: Caller) -> None:
    assert owner.get("applications/").status_code == 200
    token = ApiToken.objects.get()
    ApiToken.objects.update(expires_at=token.created_at - timedelta(seconds=1))
    assert_refused(owner.get("applications/"), 401, "authentication_failed")


def test_a_revoked_token_is_refused_at_once(story: Story, owner: Caller, client: Client) -> None:
    client.force_login(story.draft.created_by)
    client.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert_refused(owner.get("applications/"), 401, "authentication_failed")


def test_a_token_of_a_disabled_account_is_refused(story: Story, owner: Caller) -> None:
    type(story.draft.created_by).objects.update(is_active=False)
    assert_refused(owner.get("applications/"), 401, "authentication_failed")


def test_somebody_else_cannot_revoke_my_token(story: Story, owner: Caller, client: Client) -> None:
    client.force_login(story.foreign.created_by)
    answer = client.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert answer.status_code == 404
    assert owner.get("applications/").status_code == 200


def test_a_token_is_kept_only_as_a_hash(story: Story, owner: Caller) -> None:
    kept = ApiToken.objects.values().get()
    assert owner.token not in {str(value) for value in kept.values()}


def test_a_reading_token_reads_and_writes_nothing(story: Story) -> None:
    reader = caller(story.draft.created_by, READ)
    path = f"applications/{story.draft.pk}/"
    before = reader.get(path).json()
    started = {"program": "build", "site": story.site.pk}
    for answer in (
        reader.post("applications/", started),
        reader.patch(path, {"sections": {"cost": {"version": 0, "answers": {"robot": 1}}}}),
        reader.post(f"{path}submit/"),
    ):
        assert_refused(answer, 403, "permission_denied")
    assert reader.get(path).json() == before
    assert Application.objects.count() == 3


def test_a_reading_token_may_still_ask_the_public_questions(story: Story) -> None:
    reader = caller(story.draft.created_by, READ)
    cost = {"track": "cobot", "total_cost_won": 1_000_000}
    assert reader.post("programs/robot/preview/", cost).status_code in {200, 403}


def test_a_viewer_reads_and_writes_nothing(story: Story, viewer: Caller) -> None:
    path = f"applications/{story.draft.pk}/"
    assert viewer.get(path).status_code == 200
    assert viewer.get("sites/").json() == {"results": []}
    for answer in (
        viewer.post("applications/", {"program": "robot", "site": story.site.pk}),
        viewer.patch(path, {"sections": {}}),
        viewer.post(f"{path}submit/"),
    ):
        assert_refused(answer, 404, "not_found")


def test_a_session_writes_only_with_its_csrf_token(story: Story) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(story.draft.created_by)
    body = {"program": "robot", "site": Site.objects.first().pk}
    answer = client.post("/api/v1/applications/", body, content_type="application/json")
    assert_refused(answer, 403, "permission_denied")
    assert client.get("/api/v1/applications/").status_code == 200


def test_answers_to_a_person_are_kept_by_no_cache(story: Story, owner: Caller) -> None:
    assert "no-store" in owner.get("applications/")["Cache-Control"]
