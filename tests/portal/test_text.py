"""Text at the door: what people type and paste is cleaned, and what looks alike is the same."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import text

EVERYTHING = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
FORMAT = [one for one in EVERYTHING if unicodedata.category(one) == "Cf"]
SPACES = [one for one in EVERYTHING if unicodedata.category(one) == "Zs"]
DASHES = [one for one in EVERYTHING if unicodedata.category(one) == "Pd"] + ["\u2212", "ー", "ㅡ"]
FULL_WIDTH = [chr(code) for code in range(0xFF01, 0xFF5F)]
DRAWN_AS_NOTHING = [*FORMAT, "\u034f", "\u115f", "\u1160", "\u3164", "\uffa0", "\ufe0f", "\ufe00"]
SEQUENCES = [
    "👩‍🔬",  # joined
    "👨🏽‍👩🏻‍👧‍👦",
    "🏳️‍🌈",
    "❤️",
    "1️⃣",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "🇰🇷",
    "☎︎",
    "葛󠄀",  # a variant of a Hanja
    "ᄒᆞᆫ글",  # old Hangul
    "ᅟᅡ",  # a vowel alone
    "ᄀᅠ",
]

words = st.text(st.sampled_from([*"가나다 aZ9-.,\n", *FORMAT[:60], *SPACES, *DASHES, "ᄀ", "ᅡ", "ᆨ", "👩", "🔬", "\u200d", "\ufe0f", "\u00e9", "e", "\u0301"])) | st.text()  # fmt: skip


@pytest.mark.parametrize("clean", [text.clean, text.line, text.name, text.cell])
def test_what_nobody_sees_is_removed(clean) -> None:
    for letter in DRAWN_AS_NOTHING:
        assert clean(f"{letter}한빛{letter}") == "한빛", named(letter)
        if not (clean is text.line and not inside(letter)):
            assert clean(f"한{letter}빛") == "한빛", named(letter)


@pytest.mark.parametrize("clean", [text.clean, text.line, text.name, text.cell])
def test_spaces_of_every_kind_are_spaces(clean) -> None:
    for letter in SPACES:
        assert clean(f"한{letter}빛") == "한 빛", named(letter)


@pytest.mark.parametrize("clean", [text.clean, text.line, text.name, text.cell])
@pytest.mark.parametrize("drawn", SEQUENCES)
def test_what_is_drawn_stays(clean, drawn: str) -> None:
    assert clean(f"가{drawn}나") == f"가{drawn}나"


@pytest.mark.parametrize("clean", [text.clean, text.line, text.name, text.cell])
def test_decomposed_hangul_is_composed(clean) -> None:
    assert clean(unicodedata.normalize("NFD", "한빛정밀 제2공장")) == "한빛정밀 제2공장"


@given(words)
def test_cleaning_twice_changes_nothing(typed: str) -> None:
    for clean in (text.clean, text.line, text.name, text.fold, text.compact, text.key, text.cell):
        once = clean(typed)
        assert clean(once) == once
        assert unicodedata.is_normalized("NFC", once)


def test_free_text_keeps_its_lines_and_tabs() -> None:
    assert text.clean("첫째\n\t둘째\r\n\u2028셋째") == "첫째\n\t둘째\r\n\n셋째"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" 한빛\u00a0 정밀\n", "한빛 정밀"),
        ("（주）한빛　ＡＢＣ－１", "(주)한빛 ABC-1"),
        ("㈜한빛", "㈜한빛"),
        ("\u202a한빛\u202c", "한빛"),
        ("金\u200b鐵\ufeff", "金鐵"),
        ("\uf90a", "金"),  # the compatibility Hanja of old encodings
        ("\u200b\u3164", ""),
    ],
)
def test_a_name_has_one_spelling(typed: str, stored: str) -> None:
    assert text.name(typed) == stored


LOOK_ALIKE = [
    ("한빛정밀", unicodedata.normalize("NFD", "한빛정밀")),
    ("한빛 정밀", "한빛\u00a0\u200b정밀 "),
    ("(주)한빛", "㈜한빛"),
    ("(주)한빛", "（주）한빛"),
    ("제1-공장", "제1–공장"),
    ("A동", "Ａ동"),
    ("김ㆍ이", "김·이"),
    ("O'Neill", "O’Neill"),
]


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKE)
def test_names_that_look_alike_are_the_same(one: str, other: str) -> None:
    assert text.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("한빛정밀", "한빚정밀"), ("제1공장", "제2공장"), ("", "가")]
)
def test_names_that_look_different_are_not(one: str, other: str) -> None:
    assert not text.same(one, other)


def test_an_identifier_has_no_spaces_and_plain_dashes() -> None:
    for dash in DASHES:
        assert text.compact(f" 1{dash}2\n3") == "1-23", named(dash)
    for letter in [*FORMAT, *SPACES]:
        assert text.compact(f"1{letter}2") == "12", named(letter)
    for letter in FULL_WIDTH:
        assert text.compact(letter) == chr(ord(letter) - 0xFEE0), named(letter)


def test_data_is_cleaned_whole_but_for_its_field_names() -> None:
    typed = {"na\u200bme": "한\u200b빛", "rows": [{"a": "가\u00a0나"}, 3, None, True]}
    assert text.clean_all(typed) == {"na\u200bme": "한빛", "rows": [{"a": "가 나"}, 3, None, True]}


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ("а", "‘а’(U+0430)"),
        ("\u200b", "보이지 않는 글자 U+200B"),
        ("\u00a0", "보이지 않는 글자 U+00A0"),
    ],
)
def test_a_character_is_named_so_that_it_is_found(letter: str, words: str) -> None:
    assert text.named(letter) == words


def named(letter: str) -> str:
    return f"U+{ord(letter):04X}"


def inside(letter: str) -> bool:
    """Tell whether `line` removes a character between others: all but what turns the direction."""
    return not ("\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069")
