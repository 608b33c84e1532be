"""Controls made from questions, and answers as text."""

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from applications.forms.intake.drafting import ConsentForm
from applications.forms.intake.questions import QuestionForm, answer_text, field_of, form_value
from portal.core.errors import BadInput, Finding, RuleBroken
from portal.forms.errors import refuse, with_codes
from portal.forms.fields import PlainForm
from portal.forms.uploads import UploadForm

LEVELS = [{"code": str(n), "label": f"{n}단계"} for n in range(8)]
QUESTIONS = {
    "text": {"code": "a", "kind": "text", "label": "이름", "required": True},
    "long_text": {"code": "b", "kind": "long_text", "label": "설명"},
    "integer": {"code": "c", "kind": "integer", "label": "인원", "unit": "명"},
    "won": {"code": "d", "kind": "won", "label": "금액"},
    "date": {"code": "e", "kind": "date", "label": "날짜"},
    "choice": {"code": "f", "kind": "choice", "label": "수준", "choices": LEVELS[:3]},
    "select": {"code": "g", "kind": "choice", "label": "지역", "choices": LEVELS},
    "multi": {"code": "h", "kind": "multi", "label": "분야", "choices": LEVELS[:2]},
    "yes_no": {"code": "i", "kind": "yes_no", "label": "맞습니까?"},
    "rows": {
        "code": "j",
        "kind": "rows",
        "label": "로봇",
        "max": 3,
        "columns": [
            {"code": "model", "kind": "text", "label": "모델"},
            {"code": "price", "kind": "won", "label": "가격"},
            {"code": "kind", "kind": "choice", "label": "종류", "choices": LEVELS[:2]},
        ],
    },
}
CONTROL = {
    "text": 'type="text"',
    "long_text": "<textarea",
    "integer": 'inputmode="numeric"',
    "won": 'data-unit="원"',
    "date": 'type="date"',
    "choice": 'type="radio"',
    "select": "<select",
    "multi": 'type="checkbox"',
    "yes_no": 'value="true"',
    "rows": "<table",
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_each_kind_of_question_has_its_control(kind: str):
    form = QuestionForm([QUESTIONS[kind]], answers={}, version=0)
    field = form[f"q_{QUESTIONS[kind]['code']}"]
    assert CONTROL[kind] in str(field)
    assert field.label == QUESTIONS[kind]["label"]


def test_what_submission_needs_is_marked_and_a_draft_may_leave_it_open():
    field = field_of(QUESTIONS["text"])
    assert (field.needed, field.required) == (True, False)


@pytest.mark.parametrize(
    ("kind", "stored", "control", "words"),
    [
        ("text", "용접", "용접", "용접"),
        ("integer", 1200, 1200, "1,200명"),
        ("won", 70_000_000, "70,000,000", "70,000,000원"),
        ("date", "2021-02-16", "2021-02-16", "2021. 2. 16."),
        ("choice", "1", "1", "1단계"),
        ("multi", ["0", "1"], ["0", "1"], "0단계, 1단계"),
        ("yes_no", False, "false", "아니요"),
        ("yes_no", True, "true", "예"),
        ("integer", 0, 0, "0명"),
        ("text", "", "", ""),
        ("multi", [], [], ""),
        (
            "rows",
            [{"model": "HCR", "price": 5, "kind": "1"}],
            [{"model": "HCR", "price": 5, "kind": "1"}],
            "모델: HCR · 가격: 5원 · 종류: 1단계",
        ),
    ],
)
def test_a_stored_answer_goes_into_its_control_and_into_words(kind, stored, control, words):
    assert form_value(QUESTIONS[kind], stored) == control
    assert answer_text(QUESTIONS[kind], stored) == words


def test_a_table_offers_spare_lines_but_never_more_than_allowed():
    row = QUESTIONS["rows"]
    count = {
        filled: str(
            QuestionForm([row], answers={"j": [{"model": "x"}] * filled}, version=1)["q_j"]
        ).count("행 모델")
        for filled in (0, 1, 3)
    }
    assert count == {0: 2, 1: 3, 3: 3}


def test_a_line_left_empty_is_no_row():
    data = QueryDict(mutable=True)
    data.update({"version": "0", "shown": "j", "q_j-0-model": " ", "q_j-1-model": "HCR"})
    form = QuestionForm([QUESTIONS["rows"]], answers={}, version=0, data=data)
    assert form.is_valid()
    assert form.answers() == {"j": [{"model": "HCR", "price": "", "kind": ""}]}


def test_only_what_the_page_asked_counts_as_answered():
    data = QueryDict(mutable=True)
    data.update({"version": "0", "shown": "a", "q_a": "용접", "q_b": "몰래"})
    form = QuestionForm(
        [QUESTIONS["text"], QUESTIONS["long_text"]], answers={}, version=0, data=data
    )
    assert form.is_valid()
    assert form.answers() == {"a": "용접"}


def test_words_of_users_are_escaped_in_controls():
    page = str(QuestionForm([QUESTIONS["text"]], answers={"a": '"><script>'}, version=1)["q_a"])
    table = str(
        QuestionForm([QUESTIONS["rows"]], answers={"j": [{"model": '"><script>'}]}, version=1)[
            "q_j"
        ]
    )
    assert "<script>" not in page + table


def test_a_refusal_lands_at_its_field_with_its_code():
    form = QuestionForm(
        [QUESTIONS["integer"]], answers={}, version=0, data=QueryDict("version=0&shown=c")
    )
    assert form.is_valid()
    refuse(form, RuleBroken([Finding("invalid:c", "‘인원’ 항목: 숫자로 입력하세요.")]))
    assert with_codes(form.errors["q_c"]) == [("숫자로 입력하세요.", "invalid:c")]


def test_a_refusal_without_a_field_stands_above():
    form = PlainForm(QueryDict(""))
    assert form.is_valid()
    refuse(form, BadInput("안 됩니다.", code="nowhere"))
    assert with_codes(form.non_field_errors()) == [("안 됩니다.", "nowhere")]


def test_a_form_s_own_errors_carry_their_codes():
    form = PlainForm(QueryDict(""))
    form.full_clean()
    form.add_error(None, ValidationError("틀렸습니다.", code="wrong"))
    assert '<li data-code="wrong">틀렸습니다.</li>' in str(form.non_field_errors())


def test_consents_that_were_not_answered_are_left_alone():
    rows = [
        {"code": code, "label": code, "required": need, "version": "1"}
        for code, need in (("a", True), ("b", False), ("c", False))
    ]
    form = ConsentForm(QueryDict("c_a=yes&c_b=no"), consents=rows, given={})
    assert form.is_valid()
    assert form.answers() == {"a": True, "b": False}
    assert [row["code"] for row, _ in form.required_rows] == ["a"]
    assert [row["code"] for row, _ in form.optional_rows] == ["b", "c"]


def test_an_upload_names_kinds_and_limits():
    field = UploadForm(formats=["pdf", "hwp"], most=3).fields["files"]
    assert field.help_text == "PDF, HWP · 파일마다 20 MB까지 · 최대 3개"
    assert field.widget.attrs["accept"] == ".pdf,.hwp"
