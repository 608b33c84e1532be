"""Content of an application as text: the draft, or exactly what was filed."""

from collections.abc import Mapping
from typing import Any

from applications.forms.intake.questions import answer_text
from applications.models import Submission
from applications.queries.intake import questions
from applications.queries.intake.drafting import Dossier, applicable_questions
from applications.views.intake.steps import LABELS, steps_of, url_of
from portal.core.money import won
from portal.core.validators import format_business_number

EMPTY = "아직 입력하지 않았습니다"
Group = dict[str, Any]


def draft(dossier: Dossier) -> list[Group]:
    application = dossier.application
    groups = []
    for step in steps_of(application):
        if step not in questions.SECTIONS:
            continue
        answers = dossier.profile if step == questions.COMPANY else dossier.sections.get(step, {})
        rows = [
            (row["label"], answer_text(row, answers.get(row["code"])) or EMPTY)
            for row in applicable_questions(dossier, step)
        ]
        if step == questions.COMPANY:
            rows = _company(vars(application.company), vars(application.site)) + rows
        if step == questions.PLAN:
            rows.insert(0, ("지원유형", application.track.name if application.track else EMPTY))
        if step == questions.COST:
            rows.append(("총사업비", won(dossier.total_cost_won)))
        groups.append({"title": LABELS[step], "url": url_of(application, step), "rows": rows})
    return groups


def filed(submission: Submission) -> list[Group]:
    """Group what was filed, with the labels of the form it was filed under."""
    content, form = submission.content, submission.form.content
    answers = content.get("answers", {})
    about = [
        *_company(content.get("company", {}), content.get("site", {})),
        *_answered(form.get("profile", ()), content.get("profile", {})),
    ]
    plan = [
        row for row in form.get("questions", ()) if row.get("section") != questions.DECLARATIONS
    ]
    rest = [
        row for row in form.get("questions", ()) if row.get("section") == questions.DECLARATIONS
    ]
    cost = content.get("cost", {})
    lines = [(row["label"], won(cost[row["code"]])) for row in form.get("cost_items", ())
             if cost.get(row["code"])]  # fmt: skip
    if cost.get(questions.REQUESTED):
        lines.append((questions.REQUESTED_QUESTION["label"], won(cost[questions.REQUESTED])))
    track = ("지원유형", content.get("track", {}).get("name", ""))
    groups = [
        {"title": LABELS["company"], "rows": about},
        {"title": LABELS["plan"], "rows": [track, *_answered(plan, answers)]},
        {"title": LABELS["cost"], "rows": lines},
        {"title": LABELS["declarations"], "rows": _answered(rest, answers)},
    ]
    return [group for group in groups if group["rows"]]


def _company(company: Mapping[str, Any], site: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is frozen of the firm and its site, as far as it is known."""
    number = company.get("business_number", "")
    rows = [
        ("기업명", company.get("name", "")),
        ("사업자등록번호", format_business_number(number) if number else ""),
        ("대표자", company.get("representative", "")),
        ("주소", company.get("address", "")),
        ("전화번호", company.get("phone", "")),
        ("사업장", site.get("name", "")),
        ("사업장 주소", site.get("address", "")),
    ]
    return [row for row in rows if row[1]]


def _answered(rows: Any, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    texts = ((row["label"], answer_text(row, answers.get(row["code"]))) for row in rows)
    return [(label, text) for label, text in texts if text]
