"""Contexts of the PDFs: template, title and facts of each; the wording is in `templates/pdf`."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from applications.models import (
    Agreement,
    AgreementVersion,
    Application,
    IssuedDocument,
    LevelCertificate,
    Pledge,
    Submission,
)
from applications.queries.agreement import SETTLEMENT_SUFFIX, text_of
from applications.queries.application import result
from applications.queries.assessment import opinions
from applications.queries.open_data.publication import publication
from applications.queries.selection.decisions import history
from applications.queries.statistics import charts
from applications.queries.statistics import round_report as round_report_queries
from applications.rules.registries import papers_told
from applications.states import Outcome, PartnerState, SettlementState
from portal.core.money import won
from portal.paper import hwpx, pdf
from portal.templatetags.dates import kdate, kst
from programs.models import ProgramRound

CHANGED = "귀 기업의 신청에 대한 결정이 위와 같이 바뀌었음을 알려 드립니다."


STATEMENTS = {
    Outcome.SELECTED: "귀 기업의 신청이 선정되었음을 알려 드립니다.",
    Outcome.RESERVE: "귀 기업의 신청이 예비로 정해졌음을 알려 드립니다. 앞 순위에 자리나 예산이 "
    "생기면 순위에 따라 선정됩니다.",
    Outcome.REJECTED: "귀 기업의 신청이 이번에는 선정되지 않았음을 알려 드립니다.",
}


def describe(document: IssuedDocument) -> tuple[str, str, dict[str, Any]]:
    """Return template, title and context of a document."""
    filed = document.application.submission
    if document.kind == IssuedDocument.Kind.RECEIPT:
        return "pdf/applications/receipt.html", f"접수증 {filed.number}", receipt(filed)
    if document.kind == IssuedDocument.Kind.NOTICE:
        return "pdf/applications/notice.html", f"선정결과 통지서 {filed.number}", notice(document)
    if document.kind == IssuedDocument.Kind.SHEETS:
        return (
            "pdf/applications/sheets.html",
            f"평가표 {filed.number}",
            sheets(document.application),
        )
    if document.kind == IssuedDocument.Kind.CERTIFICATE:
        context = certificate(filed)
        return (
            "pdf/applications/certificate.html",
            f"수준확인서 {context['certificate'].number}",
            context,
        )
    if document.kind == IssuedDocument.Kind.PLEDGE:
        return "pdf/applications/pledge.html", f"참여확약서 {filed.number}", pledged(filed)
    if document.kind == IssuedDocument.Kind.AGREEMENT:
        agreement = document.application.agreement
        text = text_of(agreement, document.version)
        return (
            "pdf/applications/agreement.html",
            f"협약서 {agreement.number}",
            contract(agreement, text),
        )
    if document.kind == IssuedDocument.Kind.SETTLEMENT:
        agreement = document.application.agreement
        number = f"{agreement.number}{SETTLEMENT_SUFFIX}"
        return "pdf/applications/settlement.html", f"정산서 {number}", statement(agreement, number)
    if document.kind != IssuedDocument.Kind.RESULT:
        raise LookupError(f"no document of the kind {document.kind!r}")
    return "pdf/applications/result.html", f"평가 결과서 {filed.number}", outcome(filed)


def receipt(filed: Submission) -> dict[str, Any]:
    form = filed.form.content
    labels = {row["code"]: row["label"] for row in form["documents"]}
    roles = {row["role"]: row["label"] for row in form["partner_roles"]}
    return {
        "filed": filed,
        "content": filed.content,
        "program": filed.application.sub_program,
        "attachments": [
            {**row, "label": labels.get(row["requirement"], row["requirement"])}
            for row in filed.content["attachments"]
        ],
        "told": papers_told(filed.content, form),
        "partners": [
            {**row, "label": roles.get(row["role"], row["role"])}
            for row in filed.content["partners"]
            if row["state"] == PartnerState.ACCEPTED
        ],
        "qr": pdf.qr_svg(receipt_check_url(filed)),
    }


def pledged(filed: Submission) -> dict[str, Any]:
    """Return the pledges of the partners that joined, as they were signed."""
    joined = filed.application.partners.filter(state=PartnerState.ACCEPTED, terms__signed=True)
    return {"filed": filed, "pledges": Pledge.objects.filter(terms__in=joined.values("terms"))}


def receipt_check_url(filed: Submission) -> str:
    """Return the address where anyone can check number and hash of a receipt."""
    query = urlencode({"number": filed.number, "sha256": filed.sha256})
    return f"{settings.ORIGIN}{reverse('receipt_check')}?{query}"


def outcome(filed: Submission) -> dict[str, Any]:
    released = result(filed.application)
    return {
        "filed": filed,
        "content": filed.content,
        "program": filed.application.sub_program,
        "result": released,
        "distance": distance(released["gap"]) if released else "",
        "opinion": opinions.shown(filed.application),
    }


def distance(gap: Decimal | None) -> str:
    """Return in words how far the total is from the last selected; "" where there is none."""
    if gap is None:
        return ""
    if not gap:
        return "이 신청과 같은 점수"
    return f"이 신청은 {abs(gap)}점 {'높음' if gap > 0 else '낮음'}"


def sheets(application: Application) -> dict[str, Any]:
    """Return the submitted sheets, for staff; assessors are numbered, never named."""
    filed = application.submission
    criteria = {row.code: row for row in application.sub_program.criteria.all()}
    rows = []
    locked = application.sheets.filter(locked_at__isnull=False).order_by("pk")
    for number, sheet in enumerate(locked, start=1):
        marks = [
            {
                "label": criteria[code].label if code in criteria else code,
                "max_points": criteria[code].max_points if code in criteria else "",
                "points": "해당 없음" if points is None else points,
                "reason": sheet.reasons.get(code, ""),
            }
            for code, points in sheet.marks.items()
        ]
        rows.append(
            {
                "label": f"평가위원 {number}",
                "rows": marks,
                "total": sum(points for points in sheet.marks.values() if points is not None),
                "comment": sheet.comment,
                "locked_at": sheet.locked_at,
                "sha256": sheet.sha256,
                "withdrawn": sheet.withdrawn_at is not None,
            }
        )
    return {"filed": filed, "content": filed.content, "sheets": rows}


def notice(document: IssuedDocument) -> dict[str, Any]:
    """Return the notice of one decision with its reason; every later decision has its own."""
    decisions = history(document.application)
    decision = decisions[document.version - 1]
    earlier = decisions[document.version - 2] if document.version > 1 else None
    filed = document.application.submission
    lines = ["점수와 순위, 선정선은 평가 결과서와 신청 화면의 결과에 있습니다."]
    if decision.outcome == Outcome.SELECTED:
        lines.append("협약 절차와 기한은 신청 화면에서 알려 드립니다.")
    lines.append("결과에 이의가 있으면 신청 화면에 보이는 기한 안에 한 번 이의신청할 수 있습니다.")
    return {
        "filed": filed,
        "content": filed.content,
        "decision": decision,
        "changed": earlier is not None,
        "before": f"{earlier.get_outcome_display()} ({earlier.reason})" if earlier else "",
        "decided_at": decision.at or decision.selection.released_at,
        "statement": STATEMENTS.get(Outcome(decision.outcome), CHANGED),
        "lines": lines,
    }


def notice_parts(document: IssuedDocument) -> list[hwpx.Part]:
    """Return the notice for the word processor."""
    context = notice(document)
    decision, content = context["decision"], context["content"]
    rows = [
        ("접수번호", context["filed"].number),
        ("받는 곳", f"{content['company']['name']} 대표 귀하"),
        ("내역사업", f"{content['program']['name']} · {content['track']['name']}"),
        ("결과", decision.get_outcome_display()),
        ("지원금", won(decision.grant_won)) if decision.grant_won else ("지원금", "없음"),
        ("사유", decision.reason),
        *([("앞선 결정", context["before"])] if context["changed"] else []),
        ("결정 시각", kst(context["decided_at"])),
    ]
    return [
        hwpx.Heading("선정결과 통지서", 1),
        hwpx.Grid(("구분", "내용"), rows),
        hwpx.Paragraph(context["statement"]),
        *(hwpx.Paragraph(f"· {line}") for line in context["lines"]),
        hwpx.Paragraph(f"{kdate(context['decided_at'])} 중소벤처기업부"),
    ]


def contract(agreement: Agreement, text: AgreementVersion) -> dict[str, Any]:
    return {
        "agreement": agreement,
        "text": text,
        "c": text.content,
        "signatures": text.signatures.order_by("pk"),
        "wording": agreement.terms["wording"]["text"],
        "qr": pdf.qr_svg(agreement_check_url(agreement.number, text.sha256)),
    }


def agreement_check_url(number: str, sha256: str) -> str:
    """Return the address where anyone can check an agreement or a settlement."""
    query = urlencode({"number": number, "sha256": sha256})
    return f"{settings.ORIGIN}{reverse('agreement_check')}?{query}"


def certificate(filed: Submission) -> dict[str, Any]:
    issued = LevelCertificate.objects.get(deliverable__agreement__application=filed.application)
    return {
        "filed": filed,
        "content": filed.content,
        "certificate": issued,
        "steps": issued.deliverable.agreement.deliverables.filter(
            order__lte=issued.deliverable.order
        ).order_by("order"),
        "qr": pdf.qr_svg(receipt_check_url(filed)),
    }


def statement(agreement: Agreement, number: str) -> dict[str, Any]:
    settled = agreement.settlements.select_related("recovery").get(state=SettlementState.APPROVED)
    return {
        "agreement": agreement,
        "number": number,
        "settlement": settled,
        "recovery": getattr(settled, "recovery", None),
        "c": settled.content,
        "qr": pdf.qr_svg(agreement_check_url(number, settled.sha256)),
    }


def round_report(
    round: ProgramRound, rows: list[tuple[Any, ...]], most: int, now: datetime
) -> dict[str, Any]:
    figures = round_report_queries.summary(round)
    return {
        "round": round,
        "now": now,
        "figures": figures,
        "goals_chart": charts.goals(figures.goals),
        "rows": [round_report_queries.labels(row) for row in rows],
        "more": len(rows) == most,
        "most": most,
        "list_header": round_report_queries.LIST,
        "lines_header": round_report_queries.LINES,
        "rule": publication().rule,
    }


def round_report_parts(
    round: ProgramRound, rows: list[tuple[Any, ...]], most: int, now: datetime
) -> list[hwpx.Part]:
    """Return the report for the word processor, with tables instead of charts."""
    context = round_report(round, rows, most, now)
    figures: round_report_queries.Figures = context["figures"]
    parts: list[hwpx.Part] = [
        hwpx.Heading(f"{round.name} 결과 보고서", 1),
        hwpx.Paragraph(f"{kst(now)} 기준"),
        hwpx.Paragraph(f"총예산 {won(round.total_won)}, 선정 금액 {won(figures.total_won)}"),
        hwpx.Heading("선정선"),
        hwpx.Grid(round_report_queries.LINES, figures.lines),
    ]
    for row in figures.drawn:
        header = ("구분", *row.table.columns)
        lines = [(label, *(words for _, words in values)) for label, values in row.rows]
        parts += [hwpx.Heading(row.table.title), hwpx.Grid(header, lines)]
        if row.note:
            parts.append(hwpx.Paragraph(row.note))
    if figures.goals:
        goals = [(row.label, f"{row.value:,}{row.unit}", kdate(row.as_of)) for row in figures.goals]
        parts += [hwpx.Heading("전국 보급 목표"), hwpx.Grid(("항목", "값", "기준일"), goals)]
    more = f" (앞 {most:,}건까지이며, 전체는 표 파일에 있습니다)" if context["more"] else ""
    parts += [
        hwpx.Heading("선정 목록"),
        hwpx.Paragraph(f"{len(rows):,}건{more}"),
        hwpx.Grid(round_report_queries.LIST, context["rows"]),
        hwpx.Paragraph(context["rule"]),
    ]
    return parts
