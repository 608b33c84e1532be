"""A supplement request is answered once, before its deadline, with the requested documents."""

import io
from datetime import timedelta
from functools import partial

import pytest

from applications.models import Supplement
from applications.services.screening import checks, supplements
from applications.states import SupplementState
from portal.core.errors import BadInput, Closed, MoveNotAllowed, RuleBroken
from portal.models import Notice
from portal.uploads import files
from programs.queries.calendar import holidays
from tests.factories import staff
from tests.factories.applications import NOW, SupplementFactory
from tests.portal import corpus

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplement() -> Supplement:
    return SupplementFactory(requirements=["quote"])


def attach(supplement: Supplement, mark: str = "a", code: str = "quote", now=NOW):
    upload = io.BytesIO(corpus.pdf(b"<< /Mark (%s) >>" % mark.encode()))
    upload.name = "견적서.pdf"
    by = supplement.application.created_by
    return supplements.attach(supplement, requirement=code, upload=upload, by=by, now=now)


def answer(supplement: Supplement, words: str = "금액을 적었습니다.", now=NOW) -> Supplement:
    return supplements.answer(
        supplement, answer=words, by=supplement.application.created_by, now=now
    )


def test_the_answer_is_frozen_under_a_hash_with_its_files(supplement: Supplement):
    kept = attach(supplement)
    answered = answer(supplement)
    assert (answered.state, answered.answered_at) == (SupplementState.ANSWERED, NOW)
    assert len(answered.sha256) == 64
    assert kept.supplement == supplement


def test_the_hash_tells_two_answers_apart():
    one, two = SupplementFactory(), SupplementFactory()
    assert answer(one, "가").sha256 != answer(two, "나").sha256


def test_everything_that_lacks_is_said_at_once(supplement: Supplement):
    with pytest.raises(RuleBroken) as refused:
        answer(supplement, " ")
    codes = [row.code for row in refused.value.findings]
    assert codes == ["supplement_answer", "missing:document:quote"]


def test_at_the_instant_of_the_deadline_it_is_over(supplement: Supplement):
    attach(supplement)
    answered = answer(supplement, now=supplement.due_at - timedelta(microseconds=1))
    assert answered.state == SupplementState.ANSWERED
    late = SupplementFactory()
    with pytest.raises(Closed) as refused:
        answer(late, now=late.due_at)
    assert refused.value.code == "supplement_expired"


def test_an_answer_is_final(supplement: Supplement):
    kept = attach(supplement)
    answer(supplement)
    by = supplement.application.created_by
    for act in (
        lambda: answer(supplement),
        lambda: attach(supplement, "b"),
        lambda: supplements.detach(kept, by=by, now=NOW),
    ):
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "supplement_answered"


def test_a_removed_file_leaves_the_disk(supplement: Supplement, django_capture_on_commit_callbacks):
    kept = attach(supplement)
    with django_capture_on_commit_callbacks(execute=True):
        supplements.detach(kept, by=supplement.application.created_by, now=NOW)
    assert not files.is_kept(kept.file)


def test_only_what_was_asked_for_is_taken(supplement: Supplement):
    with pytest.raises(BadInput) as refused:
        attach(supplement, code="diary")
    assert refused.value.code == "document_unknown"


def test_count_and_repetition_are_checked(supplement: Supplement):
    attach(supplement, "0")
    with pytest.raises(BadInput) as refused:
        attach(supplement, "0")
    assert refused.value.code == "file_repeated"
    for place in range(1, supplements.FILES_PER_DOCUMENT):
        attach(supplement, str(place))
    with pytest.raises(BadInput) as refused:
        attach(supplement, "x")
    assert refused.value.code == "file_count"


# --- Taken back, or given another deadline -------------------------------------------------------


@pytest.fixture
def asked(db: None) -> Supplement:
    """Asked at NOW, with the seven days of the sub-programme."""
    program = staff.program()
    application = staff.filed(program)
    checks.take_up(application, by=staff.officer(program), now=NOW)
    by = staff.officer(program)
    return supplements.request(application, message="견적서를 다시 내 주세요.", by=by, now=NOW)


def told(key: str) -> list[str]:
    return list(Notice.objects.filter(key__startswith=key).values_list("body", flat=True))


def test_a_request_taken_back_is_told_and_waits_for_nothing(asked: Supplement):
    by = staff.officer(asked.application.sub_program)
    supplements.withdraw(asked, reason="이미 낸 서류였습니다.", by=by, now=NOW)
    assert asked.state == SupplementState.WITHDRAWN
    assert ["이미 낸 서류였습니다." in body for body in told("supplement-withdrawn")] == [True]
    last = asked.application.moves.latest("pk")
    assert (last.move, last.note) == ("withdraw_ask", "이미 낸 서류였습니다.")
    assert "supplement_open" not in {row.code for row in checks.open_findings(asked.application)}
    for again in (supplements.withdraw, partial(supplements.move_due, days=20)):
        with pytest.raises(MoveNotAllowed):
            again(asked, reason="다시", by=by, now=NOW)
    with pytest.raises(MoveNotAllowed):
        supplements.answer(asked, answer="답", by=asked.application.created_by, now=NOW)
    supplements.request(asked.application, message="다른 요청", by=by, now=NOW)


def test_another_deadline_follows_the_policy_and_is_told_with_its_reason(asked: Supplement):
    by = staff.officer(asked.application.sub_program)
    before = asked.due_at
    supplements.move_due(asked, days=14, reason="연휴가 끼었습니다.", by=by, now=NOW)
    program = asked.application.sub_program
    assert asked.due_at == program.due_after("supplement_days", NOW, holidays(), days=14)
    assert asked.due_at > before
    (body,) = told("supplement-moved")
    assert "연휴가 끼었습니다." in body
    note = asked.application.moves.latest("pk").note
    assert "→" in note
    assert "연휴가 끼었습니다." in note
    # Back to the programme's own days, and no further.
    supplements.move_due(asked, days=program.supplement_days, reason="착오", by=by, now=NOW)
    assert asked.due_at == before
    for days, code in ((3, "days"), (program.supplement_days, "days"), (61, "days")):
        with pytest.raises(BadInput) as refused:
            supplements.move_due(asked, days=days, reason="착오", by=by, now=NOW)
        assert refused.value.code == code
    with pytest.raises(MoveNotAllowed):
        supplements.move_due(asked, days=20, reason=" ", by=by, now=NOW)
    with pytest.raises(Closed):
        supplements.move_due(asked, days=20, reason="늦음", by=by, now=before)
