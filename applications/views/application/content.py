"""An application written out in words: the draft as it stands, or exactly what was filed."""

from collections.abc import Mapping
from typing import Any

from applications.forms.intake.questions import read_aloud
from applications.models import Application, Submission
from applications.queries import Dossier
from applications.services.intake import drafting
from applications.views.intake.steps import LABELS, steps_of, url_of
from portal.core.money import won
from portal.core.validators import format_business_number
from programs.rules.facts import applies, parse_when

EMPTY = "아직 입력하지 않았습니다"
Group = dict[str, Any]


def draft(read: Dossier) -> list[Group]:
    """Group the answers of a draft by step, each with the page where it is changed."""
    application = read.application
    known = {**read.facts}
    groups = []
    for step in steps_of(application):
        if step not in drafting.SECTIONS:
            continue
        answers = read.profile if step == drafting.COMPANY else read.sections.get(step, {})
        rows = [
            (row["label"], read_aloud(row, answers.get(row["code"])) or EMPTY)
            for row in drafting.questions_of(application, step)
            if applies(parse_when(row.get("when")), known) is True
        ]
        if step == drafting.COMPANY:
            rows = _company(application) + rows
        if step == drafting.PLAN:
            rows.insert(0, ("지원유형", application.track.name if application.track else EMPTY))
        if step == drafting.COST:
            rows.append(("총사업비", won(read.total_cost_won)))
        groups.append({"title": LABELS[step], "url": url_of(application, step), "rows": rows})
    return groups


def filed(submission: Submission) -> list[Group]:
    """Group what was filed, in the words of the form it was filed under."""
    content, form = submission.content, submission.form.content
    answers = content.get("answers", {})
    company = content.get("company", {})
    number = company.get("business_number", "")
    about = [
        ("기업명", company.get("name", "")),
        ("사업자등록번호", format_business_number(number) if number else ""),
        ("대표자", company.get("representative", "")),
        ("사업장", content.get("site", {}).get("name", "")),
        *_said(form.get("profile", ()), content.get("profile", {})),
    ]
    plan = [row for row in form.get("questions", ()) if row.get("section") != drafting.DECLARATIONS]
    rest = [row for row in form.get("questions", ()) if row.get("section") == drafting.DECLARATIONS]
    cost = content.get("cost", {})
    lines = [(row["label"], won(cost[row["code"]])) for row in form.get("cost_items", ())
             if cost.get(row["code"])]  # fmt: skip
    if cost.get(drafting.REQUESTED["code"]):
        lines.append((drafting.REQUESTED["label"], won(cost[drafting.REQUESTED["code"]])))
    track = ("지원유형", content.get("track", {}).get("name", ""))
    groups = [
        {"title": LABELS["company"], "rows": [row for row in about if row[1]]},
        {"title": LABELS["plan"], "rows": [track, *_said(plan, answers)]},
        {"title": LABELS["cost"], "rows": lines},
        {"title": LABELS["declarations"], "rows": _said(rest, answers)},
    ]
    return [group for group in groups if group["rows"]]


def _company(application: Application) -> list[tuple[str, str]]:
    company = application.company
    return [
        ("기업명", company.name),
        ("사업자등록번호", format_business_number(company.business_number)),
        ("사업장", application.site.name),
    ]


def _said(questions: Any, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    words = ((row["label"], read_aloud(row, answers.get(row["code"]))) for row in questions)
    return [(label, text) for label, text in words if text]
