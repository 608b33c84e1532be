"""The exact shapes that other systems rely on."""

from datetime import datetime

from applications.models import Submission
from portal.core.clock import KST
from tests.api.calling import Caller, Story

BALANCE = {"appropriated_won", "reserved_won", "committed_won", "paid_won", "available_won"}


def test_the_list_has_the_agreed_shape(story: Story, visitor: Caller) -> None:
    answer = visitor.get("programs/")
    assert answer.status_code == 200
    assert set(answer.json()) == {"results"}
    rows = {row["code"]: row for row in answer.json()["results"]}
    assert list(rows) == [
        "build",
        "robot",
        "meister",
        "aftercare",
        "capability",
        "cloud",
        "level-check",
    ]
    assert sum(row["budget_won"] for row in rows.values()) == 437_600_000_000
    for row in rows.values():
        assert set(row) == {"code", "name", "budget_won", "quota", "tracks", "balance"}
        assert set(row["quota"]) == {"count", "kind"}
        assert row["quota"]["kind"] in {"about", "at_least", "exact", "none"}
        assert set(row["balance"]) == BALANCE
        for track in row["tracks"]:
            assert set(track) == {"code", "name", "cap_won", "share_percent", "days", "months"}
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


def test_the_detail_adds_to_the_list(story: Story, visitor: Caller) -> None:
    (row,) = (r for r in visitor.get("programs/").json()["results"] if r["code"] == "robot")
    detail = visitor.get("programs/robot/").json()
    tracks = detail.pop("tracks")
    assert row.pop("tracks")[0].items() <= tracks[0].items()
    assert row.items() <= detail.items()
    assert detail["open"] is True
    assert detail["closes_at"].endswith("+09:00")


def test_a_self_check_gives_every_reason_at_once(story: Story, visitor: Caller) -> None:
    facts = {"track": "emergency", "company_kind": "association", "company_size": "medium"}
    answer = visitor.post("programs/aftercare/self-check/", facts)
    assert answer.status_code == 200
    assert set(answer.json()) == {"eligible", "findings", "standing", "unanswered"}
    assert answer.json()["eligible"] is False
    for finding in answer.json()["findings"]:
        assert set(finding) == {"code", "message", "blocking"}
    blocking = {row["code"] for row in answer.json()["findings"] if row["blocking"]}
    assert {"is_company", "small_only"} <= blocking


def test_a_self_check_without_answers_does_not_guess(story: Story, visitor: Caller) -> None:
    assert visitor.post("programs/aftercare/self-check/", {}).json()["eligible"] is None


def test_a_preview_is_the_reckoning_that_decides(story: Story, visitor: Caller) -> None:
    cost = {"track": "cobot", "total_cost_won": 700_000_000}
    answer = visitor.post("programs/robot/preview/", cost)
    assert answer.status_code == 200
    assert set(answer.json()) == {"support_won", "own_won", "rows"}
    assert (answer.json()["support_won"], answer.json()["own_won"]) == (300_000_000, 400_000_000)
    for row in answer.json()["rows"]:
        assert set(row) == {"label", "won", "reason"}


def test_an_unknown_figure_is_null(story: Story, visitor: Caller) -> None:
    answer = visitor.post("programs/robot/preview/", {"track": "cobot"}).json()
    assert answer["support_won"] is None
    assert answer["own_won"] is None


def test_a_receipt_is_valid_or_not_and_nothing_else(story: Story, visitor: Caller) -> None:
    filed = Submission.objects.get(application=story.filed)
    right = visitor.get(f"receipts/{filed.number}/?sha256={filed.sha256}")
    assert right.status_code == 200
    assert right.json() == {"valid": True, "withdrawn_at": None}
    wrong = visitor.get(f"receipts/{filed.number}/?sha256={'0' * 64}")
    absent = visitor.get(f"receipts/2021-없음-1차-000001/?sha256={filed.sha256}")
    for answer in (wrong, absent):
        assert answer.status_code == 200
        assert answer.content == b'{"valid":false,"withdrawn_at":null}'


def test_both_amounts_of_money_agree(story: Story, visitor: Caller) -> None:
    answer = visitor.get("budget/").json()
    assert answer["total"]["appropriated_won"] == 437_600_000_000
    for pot in answer["results"]:
        assert set(pot["balance"]) == set(pot["recomputed"]) == BALANCE
        assert pot["balance"] == pot["recomputed"]
        assert pot["agrees"] is True


def test_own_applications_are_listed_newest_first(story: Story, owner: Caller) -> None:
    answer = owner.get("applications/").json()
    assert set(answer) == {"next", "previous", "results"}
    assert [row["id"] for row in answer["results"]] == [story.filed.pk, story.draft.pk]


def test_a_decision_is_not_shown_before_its_release(story: Story, owner: Caller) -> None:
    type(story.filed).objects.filter(pk=story.filed.pk).update(state="decided")
    answer = owner.get(f"applications/{story.filed.pk}/").json()
    assert (answer["state"], answer["state_label"]) == ("assessing", "평가 중")
    listed = owner.get("applications/?state=assessing").json()["results"]
    assert [row["id"] for row in listed] == [story.filed.pk]
    assert owner.get("applications/?state=decided").status_code == 400


def test_a_draft_is_begun_filled_and_read_back(story: Story, owner: Caller) -> None:
    sites = owner.get("sites/").json()["results"]
    assert {row["company"]["name"] for row in sites} == {"한빛정밀"}
    begun = owner.post("applications/", {"program": "robot", "site": story.site.pk})
    assert begun.status_code == 201
    assert begun.json()["id"] == story.draft.pk
    change = {
        "sections": {
            "plan": {"version": 0, "answers": {"track": "cobot"}},
            "cost": {"version": 0, "answers": {"robot": 520_000_000}},
        }
    }
    saved = owner.patch(f"applications/{story.draft.pk}/", change)
    assert saved.status_code == 200
    body = owner.get(f"applications/{story.draft.pk}/").json()
    assert body == saved.json()
    assert body["track"] == "cobot"
    assert body["sections"]["cost"]["answers"] == {"robot": 520_000_000}
    assert body["preview"]["support_won"] == 260_000_000
    assert "missing:document:quote" in {row["code"] for row in body["missing"]}
    saved_at = datetime.fromisoformat(body["sections"]["cost"]["saved_at"])
    assert saved_at.utcoffset() == KST.utcoffset(saved_at)


def test_an_incomplete_draft_is_refused_with_every_reason(story: Story, owner: Caller) -> None:
    review = owner.get(f"applications/{story.draft.pk}/review/").json()
    answer = owner.post(f"applications/{story.draft.pk}/submit/", {"seen": review["seen"]})
    assert answer.status_code == 422
    assert answer.json()["code"] == "rule_broken"
    missing = owner.get(f"applications/{story.draft.pk}/").json()["missing"]
    assert answer.json()["findings"] == [row for row in missing if row["blocking"]]
    assert review["missing"] == missing


def test_what_was_not_reviewed_is_not_filed(story: Story, owner: Caller) -> None:
    path = f"applications/{story.draft.pk}"
    seen = owner.get(f"{path}/review/").json()["seen"]
    change = {"cost": {"version": 0, "answers": {"robot": 520_000_000}}}
    assert owner.patch(f"{path}/", {"sections": change}).status_code == 200
    for body, told in (
        ({"seen": seen}, [("사업비", "로봇 본체", "없음", "520,000,000원")]),
        ({"seen": "0" * 64}, []),
        ({}, []),
        (None, []),
    ):
        answer = owner.post(f"{path}/submit/", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_since_review")
        changes = {tuple(row.values()) for row in answer.json()["changes"]}
        assert changes >= set(told)
        assert answer.json()["seen"] == owner.get(f"{path}/review/").json()["seen"] != seen
    assert not Submission.objects.filter(pk=story.draft.pk).exists()


def test_a_filed_application_answers_its_receipt_again(story: Story, owner: Caller) -> None:
    answer = owner.post(f"applications/{story.filed.pk}/submit/")
    assert answer.status_code == 200
    assert set(answer.json()) == {"number", "submitted_at", "sha256"}
    assert answer.json()["number"] == story.filed.number
