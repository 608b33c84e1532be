"""Industry codes: as firms write them, as answers keep them, and what a search finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.rules import industries
from programs.rules.industries import Industry

TABLE = industries.table(
    [
        Industry("10", "식료품 제조업", (10, 11)),
        Industry("25", "금속 가공제품 제조업; 기계 및 가구 제외", (10, 11)),
        Industry("26", "전자 부품, 컴퓨터, 영상, 음향 및 통신장비 제조업", (10, 11)),
        Industry("2611", "전자집적회로 제조업", (10, 11)),
        Industry("26111", "메모리용 전자집적회로 제조업", (10, 11)),
        Industry("2820", "일차전지 및 축전지 제조업", (10,)),
        Industry("2820", "일차전지 및 이차전지 제조업", (11,)),
        Industry("28202", "축전지 제조업", (10,), ("28202", "28209")),
        Industry("28202", "운송장비용 이차전지 제조업", (11,)),
        Industry("28209", "기타 이차전지 제조업", (11,)),
        Industry("2928", "산업용 로봇 제조업", (10, 11)),
        Industry("29280", "산업용 로봇 제조업", (10, 11)),
    ]
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("26111", "26111"),
        ("C26111", "26111"),
        ("c26.111", "26111"),
        ("Ｃ２６１１１", "26111"),
        ("26-111", "26111"),
        ("26111 메모리용 전자집적회로 제조업", "26111"),
        ("28202", "28202"),
        ("28202(11차)", "28202(11차)"),
        ("28202(11차) 운송장비용 이차전지 제조업", "28202(11차)"),
        ("28209", "28209(11차)"),  # only the 11th has it
        ("26111(11차)", "26111"),  # the same in both
        ("99999", "99999"),  # in no table
        ("", ""),
        ("2", ""),
        ("261111", ""),
        ("3D 프린터", ""),
        ("26111(12차)", ""),
        ("이차전지", ""),
    ],
)
def test_a_code_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert industries.settled(typed, TABLE) == kept
    assert industries.settled(kept, TABLE) == kept


@pytest.mark.parametrize(
    ("kept", "label"),
    [
        ("26111", "26111 메모리용 전자집적회로 제조업"),
        ("28202", "28202 축전지 제조업"),
        ("28202(11차)", "28202(11차) 운송장비용 이차전지 제조업"),
        ("99999", "99999"),
        ("", ""),
        ("제조", "제조"),
    ],
)
def test_staff_read_code_and_name(kept: str, label: str) -> None:
    assert industries.described(kept, TABLE) == label


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("261", ["2611", "26111"]),
        ("C26.11", ["2611", "26111"]),
        ("2 6 1", ["2611", "26111"]),
        ("28202", ["28202", "28202(11차)"]),
        ("이차전지", ["28209(11차)", "28202(11차)", "2820(11차)"]),
        ("이차 전지 운송", ["28202(11차)"]),
        ("전자 집적", ["2611", "26111"]),
        ("전자집적회로제조업", ["2611", "26111"]),
        ("전자집적회로 제조업", ["2611", "26111"]),
        ("메모리용", ["26111"]),
        ("로봇", ["29280"]),  # the class above it divides no further
        ("반도체 로봇", ["29280"]),  # no name has both words
        ("가구", ["25"]),
        ("없는말", []),
        ("C", []),
        ("!?", []),
        ("", []),
    ],
)
def test_a_search_by_code_or_words(typed: str, codes: list[str]) -> None:
    assert [row.written for row in industries.find(typed, TABLE).rows] == codes


def test_a_moved_industry_says_where_it_is_now() -> None:
    notes = {row.written: row.note for row in TABLE.rows}
    assert notes["28202"] == "11차 개정에서는 28202·28209"
    assert notes["28202(11차)"] == notes["26111"] == ""


@given(typed=st.text(max_size=40), most=st.integers(1, 5))
def test_any_text_is_searched_within_bounds(typed: str, most: int) -> None:
    found = industries.find(typed, TABLE, most=most)
    assert len(found.rows) <= most
    assert len(set(found.rows)) == len(found.rows)
    assert not found.more or len(found.rows) == most


@given(row=st.sampled_from(TABLE.rows))
def test_every_row_is_found_by_its_name_and_comes_back_from_its_label(row: Industry) -> None:
    names = [found.name for found in industries.find(row.name, TABLE).rows]
    assert names[0] == row.name
    known = TABLE.row_of(*(industries.read(row.label) or ("", 0)))
    assert known == row


@given(row=st.sampled_from(TABLE.rows))
def test_a_revision_in_the_text_does_not_hide_a_hint(row: Industry) -> None:
    assert industries.starts_like(row.written, [f"C{row.code[:2]}"])
    assert not industries.starts_like("", [row.code[:2]])
