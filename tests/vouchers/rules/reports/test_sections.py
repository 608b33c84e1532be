"""A section copied into an otherwise own report is found, wherever it was put."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vouchers.rules.reports import moderation as rules

COPIED = "화면 공유가 끊기지 않아 지방 공장과 매일 아침 회의를 하는 데 불편이 없었습니다."
OWN = {
    "features": "거래처 견적을 자동으로 모아 주어 영업부가 한 주에 하루를 벌었습니다. " * 3,
    "price": "한 달 값을 직원 수로 나누어 보니 점심 한 끼 값이었고 계약 기간도 자유로웠습니다. "
    * 3,
    "free": "다음에는 현장 태블릿에서도 시험해 볼 생각이며 동료에게도 권했습니다. " * 3,
}


@pytest.mark.parametrize("place", ["price", "inconvenience"])
def test_one_copied_section_is_found_though_the_whole_is_not_alike(place: str) -> None:
    mine = {**OWN, place: COPIED}
    theirs = rules.shingles(COPIED + "나머지는 전혀 다른 이야기를 길게 적어 둔 보고서입니다.")
    whole = rules.shingles("\n".join(mine.values()))
    assert rules.similarity(whole, theirs) < 30
    assert rules.copied_sections(mine, theirs, least=60) == {place: 100}


def test_a_short_common_phrase_is_no_copied_section() -> None:
    assert (
        rules.copied_sections({"price": "값은 적정합니다."}, rules.shingles(COPIED), least=1) == {}
    )
    short = {"price": "값은 다른 곳과 비슷하고 적정하다고 봅니다."}
    assert rules.copied_sections(short, rules.shingles(short["price"]), least=1) == {}


@given(st.dictionaries(st.sampled_from("abc"), st.text("가나다 .", max_size=90)))
def test_a_report_is_all_copied_from_itself_and_not_from_nothing(mine: dict[str, str]) -> None:
    whole = rules.shingles("\n".join(mine.values()))
    for text in mine.values():
        whole |= rules.shingles(text)
    found = rules.copied_sections(mine, whole, least=100)
    assert set(found) == {
        code
        for code, text in mine.items()
        if len("".join(text.split()).replace(".", "")) >= rules.SHORTEST_SECTION
    }
    assert rules.copied_sections(mine, frozenset(), least=1) == {}
