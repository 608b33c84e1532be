"""The words of a panel: nothing tells who wrote what, and names are pointed out."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.assessment.opinions import Written, begin, gather, mentions

CRITERIA = [("need", "필요성"), ("plan", "계획")]
PEOPLE = ["홍길동", "gildong@university.example", "010-1234-5678", "한빛대학교"]
FIRMS = ["(주)달빛정밀", "다온"]
words = st.text(alphabet="가나다라 ", max_size=12)
sheets = st.lists(
    st.builds(
        Written,
        st.fixed_dictionaries({"need": words, "plan": words}),
        words,
    ),
    min_size=1,
    max_size=5,
)


def texts(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    return [row["texts"] for row in rows]


@given(sheets)
def test_the_order_of_the_sheets_makes_no_difference(panel: list[Written]) -> None:
    found = [gather(CRITERIA, order, salt="7") for order in permutations(panel)]
    assert all(row == found[0] for row in found)


@given(sheets)
def test_every_reason_is_kept_and_nothing_is_added(panel: list[Written]) -> None:
    rows = gather(CRITERIA, panel, salt="7")
    assert [row["code"] for row in rows] == ["need", "plan", ""]
    for row in rows:
        wrote = [
            (sheet.comment if not row["code"] else sheet.reasons[row["code"]]).strip()
            for sheet in panel
        ]
        assert sorted(row["texts"]) == sorted(text for text in wrote if text)


def test_the_places_of_one_writer_differ_from_part_to_part() -> None:
    many = [(f"c{n}", f"항목 {n}") for n in range(12)]
    panel = [Written({code: f"{who} {code}" for code, _ in many}, "") for who in ("가", "나", "다")]
    places = {
        who: {
            next(n for n, text in enumerate(row["texts"]) if text.startswith(who))
            for row in gather(many, panel, salt="7")[:-1]
        }
        for who in ("가", "나", "다")
    }
    assert all(len(found) > 1 for found in places.values())
    assert texts(gather(many, panel, salt="7")) != texts(gather(many, panel, salt="8"))


def test_the_text_begins_with_what_was_written() -> None:
    rows = gather(
        CRITERIA, [Written({"need": "하나"}, ""), Written({"need": "둘"}, "끝")], salt="7"
    )
    begun = begin(rows)
    assert sorted(begun[0]["text"].split("\n\n")) == ["둘", "하나"]
    assert [row["text"] for row in begun[1:]] == ["", "끝"]
    assert [row["label"] for row in begun] == ["필요성", "계획", "종합 의견"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("홍길동 위원의 생각입니다", "홍길동"),
        ("홍 길 동 위원", "홍길동"),
        ("저는 한빛대학교에서 왔습니다", "한빛대학교"),
        ("달빛정밀보다 낫습니다", "달빛정밀"),
        ("달빛 정밀(주)보다", "달빛정밀"),
        ("문의는 someone@else.example 로", "someone@else.example"),
        ("02-345-6789로 전화 주세요", "02-345-6789"),
        ("010 1234 5678", "010-1234-5678"),
        ("전화번호는010-1234-5678입니다", "010-1234-5678"),
        ("124-81-00998", "124-81-00998"),
        ("사업자등록번호 1248100998번", "1248100998"),
        ("https://blog.example/a 참고", "https://blog.example/a"),
    ],
)
def test_what_tells_of_a_person_or_firm_is_pointed_out(text: str, found: str) -> None:
    rows = mentions([{"code": "need", "label": "필요성", "text": text}], people=PEOPLE, firms=FIRMS)
    assert found in [row.words for row in rows]
    assert all(row.message.startswith("필요성: ‘") for row in rows)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021년 2월 16일까지 3,000만 원으로 30% 개선합니다.",
        "모두 다 온라인으로 합니다",  # a firm of two letters is a part of ordinary text
        "길동무처럼 돕습니다",
        "매출이 5000000000원, 예산이 1234567890 원입니다.",
        "2021.02.16부터 2021-12-31까지",
    ],
)
def test_ordinary_words_are_not_pointed_out(text: str) -> None:
    part = [{"code": "need", "label": "필요성", "text": text}]
    assert mentions(part, people=PEOPLE, firms=FIRMS) == []
