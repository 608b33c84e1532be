"""Automatic checks of a report's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vouchers.rules.reports import moderation as rules

LONG = "화면 공유가 끊기지 않아 지방 공장과 매일 아침 회의를 하는 데 불편이 없었습니다. "


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("제 번호는 010-1234-5678입니다", ["phone"]),
        ("02 555 1234로 전화했습니다", ["phone"]),
        ("hong@example.kr로 보내 주세요", ["email"]),
        ("900101-1234567", ["resident_number"]),
        ("1234-5678-9012-3456", ["card"]),
        ("카톡 아이디: honggd77", ["address"]),
        ("버전 2.10.12에서 2021-02-16에 고쳤고 값은 1,757,000원", []),
        ("사업자등록번호 124-81-00998인 회사", []),
    ],
)
def test_personal_data_is_found(text: str, codes: list[str]) -> None:
    assert [flag.code for flag in rules.personal_data(text)] == codes


def test_an_insult_is_found_however_it_is_spaced() -> None:
    assert [flag.words for flag in rules.insults("이런 쓰 레.기 서비스", ["쓰레기", "바보"])] == [
        "쓰레기"
    ]
    assert rules.insults("쓰레드가 기다린다", ["쓰레기"]) == []


def test_a_copied_text_is_alike_whatever_its_spacing() -> None:
    mine, other = rules.shingles(LONG), rules.shingles(LONG.replace(" ", "  ").replace(".", "!"))
    assert rules.similarity(mine, other) == 100
    assert (
        rules.similarity(mine, rules.shingles("전혀 다른 이야기를 길게 적어 둔 보고서입니다.")) == 0
    )
    assert rules.similarity(rules.shingles("짧다"), mine) == 0


def test_half_a_text_copied_is_about_half_alike() -> None:
    own = "결재 문서를 휴대전화로 처리할 수 있어 출장 중에도 일이 밀리지 않아 좋았다고 느낍니다."
    percent = rules.similarity(rules.shingles(LONG + own), rules.shingles(LONG))
    assert 40 <= percent <= 60


@given(st.text(max_size=80), st.text(max_size=80))
def test_joined_shared_runs_are_the_text(text: str, other: str) -> None:
    assert "".join(run for run, _ in rules.shared_runs(text, other)) == text


def test_shared_runs_mark_what_both_texts_contain() -> None:
    runs = rules.shared_runs("앞부분은 제 글입니다. " + LONG, LONG)
    assert runs[0] == ("앞부분은 제 글입니다. ", False)
    assert runs[1][1]
    assert "화면 공유가" in runs[1][0]
