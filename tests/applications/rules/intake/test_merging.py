"""Two people in one step: every answer is merged by itself."""

import pytest

from applications.rules.intake.merging import digest, merge, rebased

OLD, MINE, THEIRS = "처음", "내 글", "동료의 글"


@pytest.mark.parametrize(
    ("before", "sent", "stored", "kept", "clashes"),
    [
        (OLD, OLD, OLD, {"f": OLD}, set()),
        (OLD, MINE, OLD, {"f": MINE}, set()),
        (OLD, OLD, THEIRS, {}, set()),  # left as it was: the newer one stays
        (OLD, MINE, THEIRS, {}, {"f"}),
        (OLD, THEIRS, THEIRS, {"f": THEIRS}, set()),
        (OLD, None, OLD, {"f": None}, set()),
        (OLD, None, THEIRS, {}, {"f"}),
        (OLD, MINE, None, {}, {"f"}),
        (None, MINE, None, {"f": MINE}, set()),
        (None, None, THEIRS, {}, set()),
        (None, MINE, THEIRS, {}, {"f"}),
    ],
)
def test_only_an_answer_that_both_changed_asks(
    before: str | None, sent: str | None, stored: str | None, kept: dict, clashes: set
) -> None:
    merged = merge({"f": sent}, {"f": stored}, {"f": digest(before)})
    assert (merged.values, merged.clashes) == (kept, clashes)


def test_an_answer_of_a_question_that_the_page_did_not_show_is_taken() -> None:
    assert merge({"f": MINE}, {"f": THEIRS}, {}).values == {"f": MINE}


@pytest.mark.parametrize("nothing", [None, "", [], ()])
def test_no_answer_has_one_digest(nothing: object) -> None:
    assert digest(nothing) == ""


def test_equal_answers_have_one_digest_and_types_differ() -> None:
    assert digest([{"a": 1, "b": 2}]) == digest([{"b": 2, "a": 1}])
    assert len({digest(value) for value in (True, 1, "1", False, 0)}) == 5


def test_a_page_is_based_anew_only_on_what_it_shows() -> None:
    before = {"same": digest(OLD), "newer": digest(OLD), "unseen": digest(OLD)}
    sent = {"same": MINE, "newer": OLD}
    stored = {"same": MINE, "newer": THEIRS, "unseen": THEIRS}
    assert rebased(before, sent, stored) == {**before, "same": digest(MINE)}
