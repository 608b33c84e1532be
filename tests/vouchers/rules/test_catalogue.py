"""Texts are compared without spaces, marks and case, by bigrams."""

from hypothesis import given
from hypothesis import strategies as st

from portal.core.text import letters
from vouchers.rules import catalogue


def test_spaces_marks_and_case_do_not_matter() -> None:
    assert letters("화상 회의 (ZOOM)") == "화상회의zoom"


def test_bigrams_never_span_two_parts() -> None:
    assert catalogue.grams(catalogue.searchable("가나", "다라")) == "가나 다라"


def test_a_word_of_one_letter_requires_no_bigrams() -> None:
    assert catalogue.required_grams(["가"]) == []
    assert catalogue.required_grams(["가나다", "나다"]) == ["가나", "나다"]


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 30), st.integers(2, 8))
def test_any_piece_of_a_text_requires_only_bigrams_of_the_text(
    name: str, summary: str, start: int, length: int
) -> None:
    searched = catalogue.searchable(name, summary)
    piece = letters(name)[start : start + length]
    assert set(catalogue.required_grams([piece])) <= set(catalogue.grams(searched).split(" "))
