"""Content of a filed application for the staff page, with the labels of its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from applications.forms.intake.questions import Row, answer_text
from applications.models import Application, Attachment, Submission
from applications.queries.intake.questions import DECLARATIONS, REQUESTED
from applications.rules.registries import papers_told
from applications.rules.screening import document_labels
from applications.states import PartnerState
from applications.visibility import attachments_of
from portal.core.money import won
from portal.core.validators import format_business_number
from portal.models import User
from programs.rules.calendar import stamp
from programs.rules.facts import absent


@dataclass
class Part:
    """Section of the page: rows of label and text, and tables for answers that have rows."""

    title: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)


def parts(filed: Submission) -> list[Part]:
    content, form = filed.content, filed.form.content
    answers = content.get("answers", {})
    questions = form.get("questions", [])
    rows = [
        Part("신청기업", _company(content, form)),
        _answered("사업계획", [row for row in questions if not _declared(row)], answers),
        *costs(filed),
        _answered("확인 사항", [row for row in questions if _declared(row)], answers),
    ]
    return [part for part in rows if part.rows or part.tables]


def costs(filed: Submission) -> list[Part]:
    """Return what the project costs and how its grant was computed."""
    content = filed.content
    return [
        Part("사업비", _costs(content, filed.form.content)),
        Part("지원금 계산", [(row[0], won(row[1])) for row in _preview(content).get("rows", [])]),
    ]


def facts(filed: Submission) -> dict[str, tuple[str, str]]:
    """Return by condition the fact that it judges, in words, and where the firm stated it."""
    form, content = filed.form.content, filed.content
    answered = {
        **{
            row["code"]: ("제출한 답변", row, content.get("answers", {}))
            for row in form.get("questions", [])
        },
        **{
            row["code"]: ("기업 정보", row, content.get("profile", {}))
            for row in form.get("profile", [])
        },
    }
    found = {}
    for condition in form.get("conditions", []):
        code = condition["fact"]
        if code == "track":
            found[condition["code"]] = (content.get("track", {}).get("name", ""), "고른 지원유형")
        elif code in answered:
            place, row, values = answered[code]
            words = answer_text(row, values.get(code)) or "답하지 않음"
            found[condition["code"]] = (f"{row['label']}: {words}", place)
    return found


def consents(filed: Submission) -> list[dict[str, Any]]:
    labels = {row["code"]: row["label"] for row in filed.form.content.get("consents", [])}
    return [
        {**row, "label": labels.get(row["code"], row["code"])}
        for row in filed.content.get("consents", [])
    ]


def attachments(filed: Submission, user: User) -> list[dict[str, Any]]:
    labels = document_labels(filed.form.content)
    frozen = {row["sha256"] for row in filed.content.get("attachments", [])}
    rows = attachments_of(user).filter(application=filed.application_id).order_by("pk")
    return [_attachment(row, labels, row.sha256 in frozen) for row in rows]


def told(filed: Submission) -> list[dict[str, Any]]:
    """Return the papers that answers of agencies stood for when it was filed."""
    rows = papers_told(filed.content, filed.form.content)
    return [{**row, "at": stamp(datetime.fromisoformat(row["at"]))} for row in rows]


def bonus_answers(filed: Submission) -> dict[str, tuple[str, str]]:
    """Return by bonus item what was answered, and the guide it is judged by."""
    form, answers = filed.form.content, filed.content.get("answers", {})
    questions = {row["code"]: row for row in form.get("questions", [])}
    return {
        item["code"]: (
            answer_text(questions[item["question"]], answers.get(item["question"]))
            if item["question"] in questions
            else "",
            item["guide"],
        )
        for item in form.get("bonus_items", [])
    }


def partners(application: Application) -> list[dict[str, Any]]:
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    rows = application.partners.exclude(state=PartnerState.CANCELLED).select_related(
        "company", "terms"
    )
    return [
        {
            "role": labels.get(row.role, row.role),
            "name": row.company.name if row.company else row.company_name,
            "number": row.company.business_number if row.company else "",
            "state": row.get_state_display(),
            "at": row.answered_at,
            "terms": row.terms,
        }
        for row in rows.order_by("pk")
    ]


def _attachment(row: Attachment, labels: Mapping[str, str], frozen: bool) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "label": labels.get(row.requirement, row.requirement),
        "name": row.name,
        "file": row.file,
        "size": row.size,
        "sha256": row.sha256,
        "when": "제출본" if frozen else "보완",
    }


def _company(content: Mapping[str, Any], form: Mapping[str, Any]) -> list[tuple[str, str]]:
    company, site = content.get("company", {}), content.get("site", {})
    number = company.get("business_number", "")
    rows = [
        ("기업명", company.get("name", "")),
        ("사업자등록번호", format_business_number(number) if number else ""),
        ("대표자", company.get("representative", "")),
        ("주소", company.get("address", "")),
        ("사업장", " ".join(filter(None, [site.get("name"), site.get("address")]))),
        ("지원유형", content.get("track", {}).get("name", "")),
        *_answered("", form.get("profile", []), content.get("profile", {})).rows,
    ]
    return [(label, text) for label, text in rows if text]


def _answered(title: str, questions: Sequence[Row], answers: Mapping[str, Any]) -> Part:
    part = Part(title)
    for question in questions:
        value: Any = answers.get(question["code"])
        if absent(value):
            continue
        if question["kind"] == "rows":
            part.tables.append(_table(question, value))
        else:
            part.rows.append((question["label"], answer_text(question, value)))
    return part


def _table(question: Row, lines: Sequence[Row]) -> dict[str, Any]:
    columns = question["columns"]
    return {
        "label": question["label"],
        "columns": [column["label"] for column in columns],
        "lines": [
            [answer_text(column, line.get(column["code"])) for column in columns] for line in lines
        ],
    }


def _costs(content: Mapping[str, Any], form: Mapping[str, Any]) -> list[tuple[str, str]]:
    cost = content.get("cost", {})
    rows = [
        (item["label"], won(cost[item["code"]]))
        for item in form.get("cost_items", [])
        if cost.get(item["code"])
    ]
    if cost.get(REQUESTED):
        rows.append(("신청한 정부지원금", won(cost[REQUESTED])))
    total = _preview(content).get("total_cost_won")
    return [*rows, ("총사업비", won(total))] if total else rows


def _preview(content: Mapping[str, Any]) -> Mapping[str, Any]:
    preview: Mapping[str, Any] = content.get("preview") or {}
    return preview


def _declared(question: Row) -> bool:
    return question.get("section") == DECLARATIONS
