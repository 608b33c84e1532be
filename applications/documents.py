"""The words of each PDF: which template, which title, which facts."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from applications.models import IssuedDocument, Submission
from applications.queries import result
from applications.states import PartnerState
from portal import pdf


def describe(document: IssuedDocument) -> tuple[str, str, dict[str, Any]]:
    """Return template, title and context of a document."""
    filed = document.application.submission
    if document.kind == IssuedDocument.Kind.RECEIPT:
        return "pdf/receipt.html", f"접수증 {filed.number}", receipt(filed)
    return "pdf/result.html", f"평가 결과서 {filed.number}", outcome(filed)


def check_url(filed: Submission) -> str:
    """Where anyone can check number and hash."""
    query = urlencode({"number": filed.number, "sha256": filed.sha256})
    return f"{settings.ORIGIN}{reverse('receipt_check')}?{query}"


def receipt(filed: Submission) -> dict[str, Any]:
    """The receipt: number, time to the second, papers with hashes, where to check."""
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
        "partners": [
            {**row, "label": roles.get(row["role"], row["role"])}
            for row in filed.content["partners"]
            if row["state"] == PartnerState.ACCEPTED
        ],
        "qr": pdf.qr_svg(check_url(filed)),
    }


def outcome(filed: Submission) -> dict[str, Any]:
    """The result: the score broken down, the line, the rules."""
    found = result(filed.application)
    return {
        "filed": filed,
        "content": filed.content,
        "program": filed.application.sub_program,
        "result": found,
        "distance": distance(found["gap"]) if found else "",
    }


def distance(gap: Decimal | None) -> str:
    """Say how far the total lies from that of the last selected; nothing where there is none."""
    if gap is None:
        return ""
    if not gap:
        return "이 신청과 같은 점수"
    return f"이 신청은 {abs(gap)}점 {'높음' if gap > 0 else '낮음'}"
