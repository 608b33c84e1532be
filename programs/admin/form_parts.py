"""The parts of a form that a data file writes, as tables that people read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from programs.models import SubProgram
from programs.queries import rule_changes
from programs.rules.deadlines import POLICY_WORDS
from programs.rules.eligibility import ANSWER, BASES
from programs.rules.evidence import sources_in
from programs.states import QuestionKind
from programs.templatetags.programs import origin

Cell = Callable[[Mapping[str, Any], SubProgram], Any]
NONE = "없음"
SIDES = {"firm": "신청기업", "supplier": "공급기업", "expert": "전문가", "staff": "사업 담당자"}
TERMS = {"share": "부담금", "quote": "견적금액"}
ORIGINS = {
    "budget": "예산",
    "quota": "모집 규모",
    "agreement.papers_days": "협약 서류 기한",
    "agreement.sign_months": "협약 체결 기한",
    "agreement.period_months": "수행 기간",
    "agreement.progress_percent": "중간 보고 시점",
    "agreement.report_days": "보고 기한",
    "agreement.spending_days": "사용 내역 기한",
    "agreement.staff_days": "보고 검토 기한",
    "agreement.change_months": "변경 신청 기한",
    "agreement.recovery_days": "환수금 납부 기한",
    "agreement.remind_days": "기한 안내",
    "agreement.labour_percent": "인건비 한도",
    "agreement.overrun_percent": "비목 초과 한도",
    "agreement.done_percent": "완료 때 인정 비율",
    "agreement.diligent_percent": "성실 수행 때 인정 비율",
    "agreement.failed_percent": "불성실 수행 때 인정 비율",
}


def text(name: str) -> Cell:
    return lambda row, program: row.get(name) or ""


def yes(name: str, *, unless: bool = False) -> Cell:
    """Return a cell that says yes or no; `unless` is meant where the row says nothing."""
    return lambda row, program: "예" if row.get(name, unless) else "아니요"


def when(row: Mapping[str, Any], program: SubProgram) -> str:
    parts = row.get("when") or {}
    words = [rule_changes.condition(program, fact, values) for fact, values in parts.items()]
    return "; ".join(words) or "모두"


def source(row: Mapping[str, Any], program: SubProgram) -> str:
    return origin(str(row.get("origin") or ""))


def kind(row: Mapping[str, Any], program: SubProgram) -> str:
    return str(QuestionKind(row["kind"]).label)


def choices(row: Mapping[str, Any], program: SubProgram) -> str:
    named = row.get("choices") or row.get("columns") or ()
    return ", ".join(one["label"] for one in named)


def terms(row: Mapping[str, Any], program: SubProgram) -> str:
    asked = row.get("terms") or {}
    return ", ".join(word for name, word in TERMS.items() if asked.get(name)) or NONE


def side(name: str) -> Cell:
    return lambda row, program: SIDES.get(row.get(name, ""), "")


def days(row: Mapping[str, Any], program: SubProgram) -> str:
    return "정해지지 않음" if row.get("days") is None else f"{row['days']:,}일"


def ends(row: Mapping[str, Any], program: SubProgram) -> str:
    return POLICY_WORDS.get(row.get("due_policy", ""), "")


def follows(row: Mapping[str, Any], program: SubProgram) -> str:
    names = {each["code"]: each["label"] for each in program.delivery}
    return names.get(row.get("after", ""), "")


def wanted(row: Mapping[str, Any], program: SubProgram) -> str:
    number = row.get("wanted")
    return "하나 이상" if number is None else f"{number:,}{row.get('unit', '')}"


def basis(row: Mapping[str, Any], program: SubProgram) -> str:
    return BASES[row.get("basis", ANSWER)]


def confirmed_by(row: Mapping[str, Any], program: SubProgram) -> str:
    return sources_in(row.get("sources", ())) or "담당자의 확인"


COLUMNS: Mapping[str, Sequence[tuple[str, Cell]]] = {
    "conditions": [
        ("요건", text("label")),
        ("내용", text("message")),
        ("누구에게", when),
        ("어기면 제출 못 함", yes("blocking", unless=True)),
        ("판정의 근거", basis),
        ("사실의 출처", confirmed_by),
        ("출처", source),
    ],
    "questions": [
        ("질문", text("label")),
        ("답하는 방법", kind),
        ("꼭 답함", yes("required")),
        ("고르는 것", choices),
        ("누구에게", when),
        ("도움말", text("help")),
        ("출처", source),
    ],
    "cost_items": [("비목", text("label"))],
    "partner_roles": [
        ("역할", text("label")),
        ("적어도", lambda row, program: f"{row.get('minimum', 0)}곳"),
        ("제출 전에 수락", yes("required")),
        ("적는 금액", terms),
        ("안내", text("guide")),
        ("출처", source),
    ],
    "consents": [
        ("동의", text("label")),
        ("꼭 동의", yes("required")),
        ("목적", text("purpose")),
        ("항목", text("items")),
        ("보관 기간", text("period")),
        ("동의하지 않으면", text("refusal")),
        ("문구 판", text("version")),
    ],
    "steps": [
        ("단계", text("label")),
        ("맡는 사람", text("actor")),
        ("걸리는 날(계획)", days),
        ("끝나는 때", ends),
        ("출처", source),
    ],
    "delivery": [
        ("하는 일", text("label")),
        ("하는 쪽", side("by")),
        ("확인하는 쪽", side("accepted_by")),
        ("먼저 끝나야 하는 일", follows),
        ("채울 수", wanted),
        ("누구에게", when),
        ("안내", text("guide")),
        ("출처", source),
    ],
}


def table(label: str, heads: Iterable[str], rows: Sequence[Sequence[Any]]) -> SafeString | str:
    """Return rows as an HTML table whose first cells head their rows, "없음" without rows."""
    if not rows:
        return NONE
    head = format_html_join("", '<th scope="col">{}</th>', ((each,) for each in heads))
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (first, format_html_join("", "<td>{}</td>", ((cell,) for cell in rest)))
            for first, *rest in rows
        ),
    )
    return format_html(
        '<div class="table-region form-part" role="region" aria-label="{}" tabindex="0">'
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        label,
        head,
        body,
    )


def part(program: SubProgram, name: str) -> SafeString | str:
    """Return one of the lists of a form as a table."""
    columns, label = COLUMNS[name], rule_changes.label(SubProgram, name)
    rows = [[cell(row, program) for _, cell in columns] for row in getattr(program, name)]
    return table(label, [head for head, _ in columns], rows)


def origins(program: SubProgram) -> SafeString | str:
    """Return where each figure of a sub-programme comes from as a table."""
    names = {each.name: str(each.verbose_name) for each in SubProgram._meta.concrete_fields}
    words = names | ORIGINS
    rows = [[words.get(name, name), origin(value)] for name, value in program.origins.items()]
    return table("출처", ["값", "출처"], rows)


class FormParts:
    """Readonly columns of the staff page of a sub-programme: what a data file writes."""

    names = (
        "conditions_shown", "questions_shown", "cost_items_shown", "partner_roles_shown",
        "consents_shown", "steps_shown", "delivery_shown", "origins_shown",
    )  # fmt: skip

    @admin.display(description="신청 요건")
    def conditions_shown(self, program: SubProgram) -> str:
        return part(program, "conditions")

    @admin.display(description="질문")
    def questions_shown(self, program: SubProgram) -> str:
        return part(program, "questions")

    @admin.display(description="비목")
    def cost_items_shown(self, program: SubProgram) -> str:
        return part(program, "cost_items")

    @admin.display(description="참여기업 역할")
    def partner_roles_shown(self, program: SubProgram) -> str:
        return part(program, "partner_roles")

    @admin.display(description="동의")
    def consents_shown(self, program: SubProgram) -> str:
        return part(program, "consents")

    @admin.display(description="절차")
    def steps_shown(self, program: SubProgram) -> str:
        return part(program, "steps")

    @admin.display(description="수행")
    def delivery_shown(self, program: SubProgram) -> str:
        return part(program, "delivery")

    @admin.display(description="출처")
    def origins_shown(self, program: SubProgram) -> str:
        return origins(program)
