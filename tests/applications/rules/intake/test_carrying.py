"""What a draft takes over from a self-check: never over what it says already."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.intake.carrying import fitting

QUESTIONS: list[dict[str, Any]] = [
    {"code": "employees", "kind": "integer", "label": "근로자", "minimum": 0},
    {"code": "robot", "kind": "yes_no", "label": "로봇을 씁니까?"},
    {
        "code": "level",
        "kind": "choice",
        "label": "수준",
        "choices": {"low": "낮음", "high": "높음"},
    },
    {"code": "built_on", "kind": "date", "label": "구축일"},
    {
        "code": "robots",
        "kind": "rows",
        "label": "로봇",
        "columns": [{"code": "model", "kind": "text", "label": "모델"}],
    },
]
ANSWERS = {
    "employees": 30, "robot": "false", "level": "low", "built_on": "2019-05-01", "robots": 2,
    "tax_arrears": "false", "partner_supplier": "true",
}  # fmt: skip


def test_all_that_is_asked_and_not_answered_is_taken() -> None:
    expected = {code: ANSWERS[code] for code in ("employees", "robot", "level", "built_on")}
    assert fitting(QUESTIONS, ANSWERS, {}) == expected


@pytest.mark.parametrize(
    ("code", "strange"),
    [("employees", "많이"), ("employees", -1), ("level", "middle"), ("built_on", "2019-02-30"),
     ("robot", "maybe"), ("employees", ""), ("level", None)],
)  # fmt: skip
def test_an_answer_that_the_form_would_refuse_is_left_out(code: str, strange: object) -> None:
    assert code not in fitting(QUESTIONS, {**ANSWERS, code: strange}, {})


@given(
    stored=st.dictionaries(
        st.sampled_from([row["code"] for row in QUESTIONS]),
        st.sampled_from([0, False, "x", [{"model": "a"}], "", None, []]),
    )
)
def test_nothing_is_taken_over_what_is_stored(stored: dict[str, Any]) -> None:
    found = fitting(QUESTIONS, ANSWERS, stored)
    for code, value in stored.items():
        said = value not in ("", None, []) or value is False or value == 0
        assert (code in found) == (not said and code != "robots")
