"""The public API: exact shapes, unknown figures null, every error in the one shape."""

from typing import Any

import pytest
from django.test import Client

from programs.models import Budget
from programs.services import ledger
from tests.factories.programs import NOW

pytestmark = pytest.mark.usefixtures("round_2021")
LIST = "/api/v1/programs/"
SEVEN = ["build", "robot", "meister", "aftercare", "capability", "cloud", "level-check"]


def get(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status, response.content
    return response.json()


def post(client: Client, path: str, body: object, status: int = 200) -> Any:
    response = client.post(path, body, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def is_error(body: dict) -> bool:
    return set(body) == {"code", "message", "findings"} and bool(body["code"] and body["message"])


def test_the_list_has_exactly_the_shape_that_was_promised(client: Client) -> None:
    body = get(client, LIST)
    assert set(body) == {"results"}
    assert [row["code"] for row in body["results"]] == SEVEN
    for row in body["results"]:
        assert set(row) == {"code", "name", "budget_won", "quota", "tracks", "balance"}
        assert set(row["quota"]) == {"count", "kind"}
        for track in row["tracks"]:
            assert set(track) == {"code", "name", "cap_won", "share_percent", "days", "months"}
        names = ["appropriated", "reserved", "committed", "paid", "available"]
        assert set(row["balance"]) == {f"{name}_won" for name in names}


def test_the_list_carries_the_figures(client: Client) -> None:
    rows = {row["code"]: row for row in get(client, LIST)["results"]}
    assert sum(row["budget_won"] for row in rows.values()) == 437_600_000_000
    assert rows["build"]["quota"] == {"count": 6000, "kind": "at_least"}
    assert rows["cloud"]["quota"] == {"count": None, "kind": "none"}
    assert rows["robot"]["tracks"] == [
        {
            "code": "cobot",
            "name": "협업로봇 공정개선",
            "cap_won": 300_000_000,
            "share_percent": 50,
            "days": None,
            "months": None,
        }
    ]
    caps = {track["code"]: track["cap_won"] for track in rows["build"]["tracks"]}
    assert caps == {
        "basic": 70_000_000,
        "upgrade1": 200_000_000,
        "upgrade2": 400_000_000,
        "kamp-cloud": 70_000_000,
        "digital-cluster": None,
    }
    days = {track["code"]: track["days"] for track in rows["capability"]["tracks"]}
    assert days == {"basic": 5, "advanced": 10, "one-point": None}
    assert {track["cap_won"] for track in rows["level-check"]["tracks"]} == {800_000}


def test_the_balance_follows_the_ledger(client: Client) -> None:
    pot = Budget.objects.get(code="2021/robot")
    ledger.reserve(pot, ledger.Booking(amount=100, reference="a", subject="s"), by=None, now=NOW)
    row = get(client, LIST)["results"][1]["balance"]
    assert row == {
        "appropriated_won": 18_100_000_000,
        "reserved_won": 100,
        "committed_won": 0,
        "paid_won": 0,
        "available_won": 18_099_999_900,
    }


def test_the_list_costs_the_same_for_all_programmes(
    client: Client, django_assert_max_num_queries
) -> None:
    get(client, LIST)  # the catalogue is read once per process
    with django_assert_max_num_queries(4):
        get(client, LIST)


@pytest.mark.parametrize("code", SEVEN)
def test_one_programme_returns_every_part(client: Client, code: str) -> None:
    body = get(client, f"{LIST}{code}/")
    assert body["round"] == "2021-1"
    assert body["conditions"]
    assert body["self_check"]
    assert sum(row["max_points"] for row in body["criteria"]) == 100
    assert len(body["form_version"]) == 64
    assert body["open"] is (code == "aftercare")
    assert body["closes_at"] == (None if code == "aftercare" else "2021-02-25T18:00:00+09:00")
    assert all("origins" in track for track in body["tracks"])


def test_a_round_may_be_named(client: Client) -> None:
    assert get(client, f"{LIST}?round=2021-1")["results"]
    assert is_error(get(client, f"{LIST}?round=2099-1", 404))
    assert is_error(get(client, f"{LIST}build/?round=2099-1", 404))


@pytest.mark.parametrize("path", ["nothing/", "nothing/preview/", "nothing/self-check/"])
def test_what_is_not_there_is_404_in_the_one_shape(client: Client, path: str) -> None:
    if path == "nothing/":
        assert is_error(get(client, f"{LIST}{path}", 404))
    else:
        assert is_error(post(client, f"{LIST}{path}", {"track": "x"}, 404))


def test_the_preview_reckons_line_by_line(client: Client) -> None:
    body = post(client, f"{LIST}robot/preview/", {"track": "cobot", "total_cost_won": 900_000_001})
    assert set(body) == {"support_won", "own_won", "rows"}
    assert (body["support_won"], body["own_won"]) == (300_000_000, 600_000_001)
    for row in body["rows"]:
        assert set(row) == {"label", "won", "reason"}


@pytest.mark.parametrize(
    ("code", "body", "support", "own"),
    [
        ("level-check", {"track": "self-built"}, 800_000, None),
        ("meister", {"track": "dispatch", "total_cost_won": 1}, 8_750_000, None),
        ("cloud", {"track": "shared-solution", "total_cost_won": 100}, None, None),
        (
            "cloud",
            {"track": "shared-solution", "total_cost_won": 5_000_000, "requested_won": 2_000_000},
            2_000_000,
            3_000_000,
        ),
        ("build", {"track": "digital-cluster", "total_cost_won": 10_000}, 5_000, 5_000),
        ("build", {"track": "upgrade1", "total_cost_won": None}, None, None),
        ("aftercare", {"track": "emergency", "total_cost_won": "3000000"}, 1_500_000, 1_500_000),
    ],
)
def test_each_way_of_paying(
    client: Client, code: str, body: dict, support: int | None, own: int | None
) -> None:
    answer = post(client, f"{LIST}{code}/preview/", body)
    assert (answer["support_won"], answer["own_won"]) == (support, own)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"track": "premium", "total_cost_won": 1},
        {"track": "cobot", "total_cost_won": -1},
        {"track": "cobot", "total_cost_won": 1.5},
        {"track": "cobot", "total_cost_won": True},
        {"track": "cobot", "total_cost_won": "많이"},
        {"track": "cobot", "total_cost_won": 10**20},
        {"track": ["cobot"], "total_cost_won": 1},
        [],
        "cobot",
    ],
)
def test_an_unreadable_preview_is_400_in_the_one_shape(client: Client, body: object) -> None:
    assert is_error(post(client, f"{LIST}robot/preview/", body, 400))


def test_broken_json_is_400_in_the_one_shape(client: Client) -> None:
    response = client.post(f"{LIST}robot/preview/", "{", content_type="application/json")
    assert response.status_code == 400
    assert is_error(response.json())


def test_the_self_check_answers_with_every_reason(client: Client) -> None:
    body = post(
        client,
        f"{LIST}aftercare/self-check/",
        {"track": "emergency", "company_size": "mid", "built_on": "2100-01-01"},
    )
    assert set(body) == {"eligible", "standing", "unanswered", "findings"}
    assert body["eligible"] is False
    assert body["standing"] == "blocked"
    assert {
        "fact": "banned",
        "label": "접수 마감일 현재 정부 지원사업 참여 제한을 받고 있습니까?",
    } in (body["unanswered"])
    for finding in body["findings"]:
        assert set(finding) == {"code", "message", "blocking"}
    blocking = {row["code"] for row in body["findings"] if row["blocking"]}
    assert blocking == {"small_only", "one_year_old"}


def test_a_self_check_without_answers_is_neither_yes_nor_no(client: Client) -> None:
    body = post(client, f"{LIST}build/self-check/", {})
    assert body["eligible"] is None
    assert body["standing"] == "open"
    assert body["unanswered"][0] == {"fact": "track", "label": "지원유형"}
    assert not any(row["blocking"] for row in body["findings"])


def test_a_complete_self_check_is_eligible(client: Client) -> None:
    asked = get(client, f"{LIST}meister/")["self_check"]
    facts: dict[str, object] = {"track": "dispatch"}
    for question in asked:
        facts[question["fact"]] = False if question["kind"] == "yes_no" else None
    facts |= {"company_kind": "company", "company_size": "mid"}
    fitting = post(client, f"{LIST}meister/self-check/", facts)
    assert (fitting["eligible"], fitting["standing"]) == (True, "fits")
    late = post(client, f"{LIST}meister/self-check/", {**facts, "tax_arrears": True})
    assert (late["eligible"], late["standing"]) == (True, "curable")
    blank = post(client, f"{LIST}meister/self-check/", {**facts, "tax_arrears": None})
    assert (blank["eligible"], blank["standing"]) == (True, "open")


@pytest.mark.parametrize(
    "body", [{"track": "x"}, {"company_size": "giant"}, {"built_on": "soon"}, [], "x", {"a": {}}]
)
def test_an_unreadable_self_check_is_400_in_the_one_shape(client: Client, body: object) -> None:
    assert is_error(post(client, f"{LIST}aftercare/self-check/", body, 400))


def test_the_budget_shows_stored_and_recomputed_side_by_side(client: Client) -> None:
    body = get(client, "/api/v1/budget/")
    assert len(body["results"]) == 7
    assert body["total"]["appropriated_won"] == 437_600_000_000
    for row in body["results"]:
        assert set(row) == {"code", "name", "balance", "recomputed", "agrees", "in_total"}
        assert row["agrees"] is True
        assert row["in_total"] is True
        assert row["balance"] == row["recomputed"]


def test_reading_needs_no_sign_in_and_writing_is_not_offered(client: Client) -> None:
    assert client.post(LIST).status_code == 405
    assert client.delete(f"{LIST}build/").status_code == 405
