"""Missing and wrong answers, costs, documents and consents, all reported together."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.intake.drafting import add_up, check_consents, check_documents, sum_of
from applications.rules.intake.questions import parse_answer, read_questions, review
from portal.core.errors import BadInput
from portal.records import snapshot

FORM: list[dict[str, Any]] = [
    {"code": "process", "label": "개선할 공정", "kind": "text", "required": True, "max_length": 10},
    {"code": "trouble", "label": "현장 애로", "kind": "long_text", "required": True, "min": 5},
    {
        "code": "workers",
        "label": "상시근로자",
        "kind": "integer",
        "required": True,
        "min": 1,
        "max": 999,
    },
    {"code": "cost", "label": "총사업비", "kind": "won", "required": True},
    {"code": "built_on", "label": "구축일", "kind": "date", "required": True, "max": "2021-12-31"},
    {
        "code": "lead_kind",
        "label": "신청 주체",
        "kind": "choice",
        "required": True,
        "choices": [{"code": "association", "label": "협·단체"}, ["group", "다수 기업"]],
    },
    {
        "code": "levels",
        "label": "수준",
        "kind": "multi",
        "choices": {"a": "기초", "b": "중간1"},
        "max": 1,
    },
    {"code": "kamp", "label": "KAMP 연계", "kind": "yes_no", "required": True, "help": "설명"},
    {
        "code": "members",
        "label": "참여기업 목록",
        "kind": "rows",
        "required": True,
        "when": {"lead_kind": ["group"]},
        "min": 2,
        "columns": [
            {"code": "name", "label": "기업명", "kind": "text", "required": True},
            {"code": "sales", "label": "매출", "kind": "won"},
        ],
    },
]
FULL: dict[str, Any] = {
    "process": " 용접 ",
    "trouble": "설비가\r\n자주 섭니다",
    "workers": "１0명",
    "cost": "70,000,000원",
    "built_on": "2020. 2. 29.",
    "lead_kind": "group",
    "levels": ["b"],
    "kamp": "예",
    "members": [{"name": "하나", "sales": "1,000"}, {"name": ""}, {"name": "둘", "sales": None}],
}


def codes(answers: dict[str, Any], **options: Any) -> list[str]:
    return [finding.code for finding in review(FORM, answers, **options).findings]


def question(kind: str, **extra: Any) -> dict[str, Any]:
    return {"code": "q", "label": "문항", "kind": kind, **extra}


def test_a_full_application_has_no_finding_and_typed_values() -> None:
    result = review(FORM, FULL)
    assert result.findings == ()
    assert result.values == {
        "process": "용접",
        "trouble": "설비가\n자주 섭니다",
        "workers": 10,
        "cost": 70_000_000,
        "built_on": date(2020, 2, 29),
        "lead_kind": "group",
        "levels": ["b"],
        "kamp": True,
        "members": [{"name": "하나", "sales": 1_000}, {"name": "둘", "sales": None}],
    }


def test_an_empty_application_lists_everything_that_is_missing() -> None:
    assert codes({}) == [
        f"missing:{code}"
        for code in ("process", "trouble", "workers", "cost", "built_on", "lead_kind", "kamp")
    ]


def test_missing_and_wrong_are_told_apart_and_all_given_at_once() -> None:
    wrong = {**FULL, "process": "가" * 11, "workers": "0", "cost": "1,00", "kamp": None}
    assert codes(wrong) == ["invalid:process", "invalid:workers", "invalid:cost", "missing:kamp"]


def test_a_no_and_a_zero_are_answers() -> None:
    assert codes({**FULL, "kamp": False, "cost": 0}) == []


def test_gaps_and_bounds_are_allowed_while_drafting_but_not_wrong_types() -> None:
    assert codes({}, drafting=True) == []
    assert codes({"trouble": "짧음", "members": [{"sales": 1}]}, drafting=True) == []
    assert codes({"workers": "많음", "built_on": "2021-02-30"}, drafting=True) == [
        "invalid:workers",
        "invalid:built_on",
    ]


def test_a_question_that_does_not_apply_is_neither_asked_nor_kept() -> None:
    result = review(FORM, {**FULL, "lead_kind": "association"})
    assert result.findings == ()
    assert "members" not in result.values


def test_s20_a_group_must_list_at_least_two_firms() -> None:
    assert codes({**FULL, "members": []}) == ["missing:members"]
    assert codes({**FULL, "members": [{"name": "하나"}]}) == ["invalid:members"]


def test_a_question_may_depend_on_a_known_fact() -> None:
    form = [question("text", required=True, when={"track": ["growth"]})]
    assert [f.code for f in review(form, {}, facts={"track": "growth"}).findings] == ["missing:q"]
    assert review(form, {}, facts={"track": "emergency"}).findings == ()
    assert review(form, {}).findings == ()


def test_a_hidden_answer_does_not_open_another_question() -> None:
    form = [
        {**question("yes_no"), "code": "a"},
        {**question("yes_no", when={"a": [True]}), "code": "b"},
        {**question("text", required=True, when={"b": [True]}), "code": "c"},
    ]
    assert review(form, {"a": False, "b": True}).findings == ()
    assert [f.code for f in review(form, {"a": True, "b": True}).findings] == ["missing:c"]


def test_every_faulty_cell_of_a_table_is_named() -> None:
    rows = [{"name": "하나", "sales": "많음"}, {"sales": "5"}]
    finding = next(f for f in review(FORM, {**FULL, "members": rows}).findings)
    assert "1행 매출" in finding.message
    assert "2행 기업명" in finding.message


@pytest.mark.parametrize(
    ("asked", "raw", "value"),
    [
        (question("integer"), "-5", -5),
        (question("integer", minimum=-5, maximum=-5), "-5", -5),
        (question("choice", choices=[{"value": "a", "label": "가"}]), "a", "a"),
        (question("integer"), "１２", 12),
        (question("won"), 10**13, 10**13),
        (question("date"), "20210216", date(2021, 2, 16)),
        (question("date"), date(2021, 2, 16), date(2021, 2, 16)),
        (question("multi", choices=["a", "b"]), ["b", "a", "b"], ["a", "b"]),
        (question("multi", choices=["a", "b"]), "a", ["a"]),
        (question("yes_no"), "아니요", False),
        (question("text"), "한글", "한글"),
        (question("text"), "   ", None),
        (question("rows", columns=[question("text")]), [{"q": ""}, {}], None),
    ],
)
def test_reads_an_answer(asked: dict[str, Any], raw: object, value: object) -> None:
    answer = parse_answer(asked, raw)
    assert answer == value
    assert type(answer) is type(value)


@pytest.mark.parametrize(
    ("asked", "raw"),
    [
        (question("text"), 5),
        (question("text"), "두\n줄"),
        (question("text"), "a\x00b"),
        (question("text"), "가" * 201),
        (question("long_text"), "가" * 4_001),
        (question("long_text", min=5), "짧음"),
        (question("integer"), "1.5"),
        (question("integer"), 1.5),
        (question("integer"), True),
        (question("integer"), "9" * 5_000),
        (question("integer", max=5), 6),
        (question("integer", maximum=5), 6),
        (question("rows", columns=[question("text")], min_rows=2), [{"q": "하나"}]),
        (question("won"), -1),
        (question("won"), 10**13 + 1),
        (question("won"), "1,00"),
        (question("won"), "1억 2000"),
        (question("integer"), "1,00"),
        (question("date"), "2021-13-01"),
        (question("date"), "0001-01-01"),
        (question("date"), "어제"),
        (question("date"), 20210216),
        (question("date", min="2021-01-01"), "2020-12-31"),
        (question("choice", choices=["a"]), "b"),
        (question("choice", choices=["a"]), ["a"]),
        (question("multi", choices=["a"]), ["b"]),
        (question("multi", choices=["a"]), [{"a": 1}]),
        (question("multi", choices=["a", "b"], max=1), ["a", "b"]),
        (question("yes_no"), "아마"),
        (question("rows", columns=[question("text")]), "표"),
        (question("rows", columns=[question("text")]), [{"q": "x"}] * 101),
        (question("rows", columns=[question("text")]), ["행"]),
    ],
)
def test_refuses_an_answer_that_does_not_fit(asked: dict[str, Any], raw: object) -> None:
    with pytest.raises(BadInput) as refused:
        parse_answer(asked, raw)
    assert refused.value.code == "invalid:q"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "sales", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([row["code"] for row in FORM]), anything), st.booleans())
def test_whatever_is_sent_gives_findings_and_values_that_can_be_frozen(
    answers: dict[str, Any], drafting: bool
) -> None:
    result = review(FORM, answers, drafting=drafting)
    wrong = {finding.code.partition(":")[2] for finding in result.findings}
    assert not wrong & set(result.values)
    assert len(snapshot.sha256(result.values)) == 64


@given(st.dictionaries(st.sampled_from([row["code"] for row in FORM]), anything))
def test_cleaning_twice_changes_nothing(answers: dict[str, Any]) -> None:
    once = review(FORM, answers, drafting=True).values
    assert review(FORM, once, drafting=True).values == once


@pytest.mark.parametrize(
    "row",
    [
        question("essay"),
        {"code": "q", "kind": "text"},
        question("choice"),
        question("text", choices=["a"]),
        question("choice", choices=[1.5]),
        question("rows"),
        question("text", columns=[question("text")]),
        question("rows", columns=[question("rows", columns=[question("text")])]),
        question("integer", min="one"),
        question("date", max=20210101),
        question("text", max_length=0),
        question("text", when={"track": "a"}),
    ],
)
def test_refuses_a_faulty_question(row: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        review([row], {})
    assert refused.value.code == "question"


def test_refuses_a_form_that_repeats_or_looks_ahead() -> None:
    assert len(read_questions(FORM)) == len(FORM)
    with pytest.raises(BadInput, match="두 번"):
        read_questions([question("text"), question("text")])
    with pytest.raises(BadInput, match="뒤에 나오는"):
        read_questions([question("text", when={"z": ["a"]}), {**question("text"), "code": "z"}])


def test_a_cost_sheet_is_added_exactly() -> None:
    items = [{"label": "로봇", "won": 400_000_000}, {"label": "설치", "won": 1}]
    costs = add_up(items, declared_total_won=400_000_001, required=True)
    assert (costs.total_won, costs.findings) == (400_000_001, ())


def test_a_cost_sheet_that_does_not_add_up_is_reported() -> None:
    costs = add_up([{"label": "로봇", "won": 5}], declared_total_won=6)
    assert [f.code for f in costs.findings] == ["invalid:total_cost"]


def test_cost_lines_with_gaps_or_nonsense_are_reported() -> None:
    assert [f.code for f in add_up([], required=True).findings] == ["missing:cost_items"]
    costs = add_up([{"label": "", "won": 5}, {"label": "가", "won": -1}, {"label": "나"}])
    assert [f.code for f in costs.findings] == [
        "missing:cost_items",
        "invalid:cost_items",
        "missing:cost_items",
    ]
    assert costs.total_won is None
    assert add_up([{"label": "", "won": None}], drafting=True).findings == ()


DOCUMENTS = [
    {"code": "plan", "label": "사업계획서", "max_files": 1},
    {"code": "licence", "label": "허가증", "when": {"covid": [True]}},
    {"code": "photo", "label": "사진", "required": False},
]


def test_required_documents_are_asked_for_when_they_apply() -> None:
    assert [f.code for f in check_documents(DOCUMENTS, {})] == ["missing:document:plan"]
    findings = check_documents(DOCUMENTS, {"plan": 2}, facts={"covid": True})
    assert [f.code for f in findings] == ["invalid:document:plan", "missing:document:licence"]
    assert check_documents(DOCUMENTS, {"plan": 1}, facts={"covid": False}) == []


CONSENTS = [
    {"code": "privacy", "label": "개인정보 수집·이용", "version": "2021-1"},
    {"code": "news", "label": "소식 수신", "required": False, "version": "1"},
]


def test_a_required_consent_to_this_version_is_needed_and_an_optional_one_is_not() -> None:
    assert [f.code for f in check_consents(CONSENTS, {})] == ["missing:consent:privacy"]
    stale = check_consents(CONSENTS, {"privacy": "2020-1"})
    assert [f.code for f in stale] == ["invalid:consent:privacy"]
    assert check_consents(CONSENTS, {"privacy": "2021-1"}) == []


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ([{"count": 2, "price": 30}, {"count": 1, "price": 5}], 65),
        ([{"count": 2, "price": 30}, {"count": 1}], None),
        ([{"count": 2, "price": "30"}], None),
        ([], None),
        (None, None),
    ],
)
def test_a_line_follows_from_the_rows_of_a_table(rows, total) -> None:
    assert sum_of(rows, ["count", "price"]) == total
