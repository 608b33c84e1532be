"""What is typed is read in every way it can be meant; every part of a name begins one of its keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.search import LONGEST, SHORTEST, Term, keys, read
from portal.core import text as texts

NUMBER = "2021-구축-1차-000031"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (NUMBER, Term(number=NUMBER)),
        (f"접수번호: {NUMBER.replace('-', ' – ')}", Term(number=NUMBER)),
        ("31", Term(serial=31, tail="000031", letters="31")),
        ("000031", Term(serial=31, tail="000031", letters="000031")),
        ("7", Term(serial=7, tail="000007")),
        ("구축-1차-000031", Term(serial=31, tail="구축-1차-000031", letters="구축1차000031")),
        ("124-81-00998", Term(serial=None, letters="1248100998")),
        (
            "１２４ ８１ ００９９８",
            Term(serial=1248100998, tail="1248100998", letters="1248100998"),
        ),
        ("010-1234-5678", Term(phone="010-1234-5678", letters="01012345678")),
        ("+82 10 1234 5678", Term(phone="010-1234-5678", letters="01012345678")),
        ("Kim@Example.KR", Term(email="kim@example.kr")),
        ("kim@", Term(email="kim@")),
        ("한빛 정밀", Term(letters="한빛정밀")),
        ("㈜한빛", Term(letters="주한빛")),
        ("ＡＢＣ", Term(letters="abc")),
        ("빛", Term()),
        ("", Term()),
    ],
)
def test_a_search_is_read_in_every_way_it_can_be_meant(typed: str, meant: Term) -> None:
    assert read(typed) == meant


@pytest.mark.parametrize(
    ("typed", "short"), [("빛", True), ("·", True), ("7", False), ("가나", False)]
)
def test_one_letter_is_too_short_unless_it_is_a_number(typed: str, short: bool) -> None:
    assert read(typed).too_short is short


@given(st.text(min_size=1, max_size=40), st.data())
def test_any_part_of_a_name_begins_a_key(name: str, data: st.DataObject) -> None:
    letters = texts.letters(name)
    if len(letters) < SHORTEST:
        return
    start = data.draw(st.integers(0, len(letters) - SHORTEST))
    part = letters[start : start + data.draw(st.integers(SHORTEST, LONGEST))]
    assert any(key.startswith(part) for key in keys([name], []))


def test_no_key_spans_two_names() -> None:
    assert not any(key.startswith("밀김") for key in keys(["한빛정밀", "김대표"], []))


def test_numbers_are_kept_whole_and_without_marks() -> None:
    assert keys([], ["1248100998", "031-123-4567", ""]) == {"1248100998", "0311234567"}
