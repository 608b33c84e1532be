"""The tables of KSIC: both revisions are whole, and their links lead somewhere."""

from collections import Counter

import pytest

from programs.queries import industries
from programs.rules.industries import ELEVENTH, TENTH

# As the office counted them: divisions, groups, classes, sub-classes (P14, P15).
COUNTS = {TENTH: {2: 77, 3: 232, 4: 495, 5: 1196}, ELEVENTH: {2: 77, 3: 234, 4: 501, 5: 1205}}


@pytest.mark.parametrize("revision", COUNTS)
def test_each_revision_is_whole(revision: int) -> None:
    rows = [row for row in industries.known().rows if revision in row.revisions]
    codes = [row.code for row in rows]
    assert Counter(map(len, codes)) == COUNTS[revision]
    assert len(set(codes)) == len(codes)
    assert {code[:-1] for code in codes if len(code) > 2} <= set(codes)
    assert all(row.name == row.name.strip() and "  " not in row.name for row in rows)


def test_what_moved_is_found_in_the_eleventh() -> None:
    rows = industries.known().rows
    eleventh = {row.code for row in rows if ELEVENTH in row.revisions}
    moved = [row for row in rows if row.became]
    assert moved
    assert all(TENTH in row.revisions and set(row.became) <= eleventh for row in moved)
    gone = [row for row in rows if row.revisions == (TENTH,) and len(row.code) == 5]
    assert all(row.became for row in gone)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("절삭가공", "25924 절삭가공 및 유사처리업"),
        ("25924", "25924 절삭가공 및 유사처리업"),
        ("메모리 전자집적", "26111 메모리용 전자집적회로 제조업"),
        ("풍력발전", "35115(11차) 풍력 발전업"),
        ("김치", "10301 김치류 제조업"),
    ],
)
def test_words_find_what_firms_make(typed: str, first: str) -> None:
    assert industries.find(typed).rows[0].label == first


def test_a_search_never_lists_the_whole_table() -> None:
    for typed in ("업", "1", "제조업", "C"):
        assert len(industries.find(typed).rows) <= 12
    assert industries.find("제조업").more
