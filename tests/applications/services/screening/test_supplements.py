"""A request for more is answered once, before its deadline, with what was asked for."""

import io
from datetime import timedelta

import pytest

from applications.models import Supplement
from applications.services.screening import supplements
from applications.states import SupplementState
from portal.core.errors import BadInput, Closed, MoveNotAllowed, RuleBroken
from portal.uploads import files
from tests.factories.applications import NOW, SupplementFactory
from tests.portal import corpus

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> Supplement:
    return SupplementFactory(requirements=["quote"])


def attach(asked: Supplement, mark: str = "a", code: str = "quote", now=NOW):
    upload = io.BytesIO(corpus.pdf(b"<< /Mark (%s) >>" % mark.encode()))
    upload.name = "견적서.pdf"
    by = asked.application.created_by
    return supplements.attach(asked, requirement=code, upload=upload, by=by, now=now)


def answer(asked: Supplement, words: str = "금액을 적었습니다.", now=NOW) -> Supplement:
    return supplements.answer(asked, answer=words, by=asked.application.created_by, now=now)


def test_the_answer_is_frozen_under_a_hash_with_its_files(asked: Supplement):
    kept = attach(asked)
    answered = answer(asked)
    assert (answered.state, answered.answered_at) == (SupplementState.ANSWERED, NOW)
    assert len(answered.sha256) == 64
    assert kept.supplement == asked


def test_the_hash_tells_two_answers_apart():
    one, two = SupplementFactory(), SupplementFactory()
    assert answer(one, "가").sha256 != answer(two, "나").sha256


def test_everything_that_lacks_is_said_at_once(asked: Supplement):
    with pytest.raises(RuleBroken) as refused:
        answer(asked, " ")
    codes = [row.code for row in refused.value.findings]
    assert codes == ["supplement_answer", "missing:document:quote"]


def test_at_the_instant_of_the_deadline_it_is_over(asked: Supplement):
    attach(asked)
    answered = answer(asked, now=asked.due_at - timedelta(microseconds=1))
    assert answered.state == SupplementState.ANSWERED
    late = SupplementFactory()
    with pytest.raises(Closed) as refused:
        answer(late, now=late.due_at)
    assert refused.value.code == "supplement_expired"


def test_an_answer_is_final(asked: Supplement):
    kept = attach(asked)
    answer(asked)
    by = asked.application.created_by
    for act in (
        lambda: answer(asked),
        lambda: attach(asked, "b"),
        lambda: supplements.detach(kept, by=by, now=NOW),
    ):
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "supplement_answered"


def test_a_removed_file_leaves_the_disk(asked: Supplement, django_capture_on_commit_callbacks):
    kept = attach(asked)
    with django_capture_on_commit_callbacks(execute=True):
        supplements.detach(kept, by=asked.application.created_by, now=NOW)
    assert not files.private_storage.exists(kept.file)


def test_only_what_was_asked_for_is_taken(asked: Supplement):
    with pytest.raises(BadInput) as refused:
        attach(asked, code="diary")
    assert refused.value.code == "document_unknown"


def test_count_and_repetition_are_checked(asked: Supplement):
    attach(asked, "0")
    with pytest.raises(BadInput) as refused:
        attach(asked, "0")
    assert refused.value.code == "file_repeated"
    for place in range(1, supplements.FILES_PER_DOCUMENT):
        attach(asked, str(place))
    with pytest.raises(BadInput) as refused:
        attach(asked, "x")
    assert refused.value.code == "file_count"
