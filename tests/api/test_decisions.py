"""What the API shows an applicant of its decision: nothing before the release, then everything."""

import pytest

from applications.services import objection
from applications.services.selection import changes, proposals
from portal.core.clock import now
from tests.api.calling import caller
from tests.factories import staff

DECISION = {"outcome", "label", "kind", "reason", "grant_won", "rank", "at"}


@pytest.mark.django_db
def test_a_released_decision_is_shown_with_its_changes_and_times(monkeypatch) -> None:
    at = now()
    monkeypatch.setattr(staff, "NOW", at)
    program, boss = staff.program(money=50_000_000), staff.manager()
    made = [
        staff.judged(program, marks, judges=staff.assessors(3))
        for marks in ((28, 36, 28), (26, 34, 26))
    ]
    mine = made[1]
    own = caller(mine.created_by)
    chosen = staff.decided(staff.proposed(program, staff.officer(program)), by=boss)
    before = own.get(f"applications/{mine.pk}/").json()
    assert (before["decision"], before["changes"], before["objection"]) == (None, [], None)

    proposals.release(chosen, by=boss, now=at)
    body = own.get(f"applications/{mine.pk}/").json()
    assert set(body["decision"]) == DECISION
    assert (body["decision"]["outcome"], body["decision"]["rank"]) == ("reserve", 2)
    assert (body["objection"]["open"], body["objection"]["state"]) == (True, None)
    assert body["objection"]["due_at"].endswith("T00:00:00+09:00")

    mine.refresh_from_db()
    case = objection.file(mine, text="이의", by=mine.created_by, now=at)
    body = own.get(f"applications/{mine.pk}/").json()["objection"]
    assert (body["open"], body["state"], body["answer"]) == (False, "filed", None)
    assert body["answer_due_at"]
    objection.dismiss(case, note="점수를 다시 보았습니다.", by=staff.manager(), now=at)
    body = own.get(f"applications/{mine.pk}/").json()["objection"]
    assert (body["state"], body["answer"]) == ("dismissed", "점수를 다시 보았습니다.")
    assert body["answer_due_at"] is None

    changes.decline(mine, note="사정", by=mine.created_by, now=at)
    body = own.get(f"applications/{mine.pk}/").json()
    assert [row["kind"] for row in body["changes"]] == ["", "decline"]
    assert body["decision"] == body["changes"][-1]
    assert body["decision"]["outcome"] == "declined"
    assert caller(made[0].created_by).get(f"applications/{mine.pk}/").status_code == 404
