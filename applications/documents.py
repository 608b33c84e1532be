"""The words of each PDF: which template, which title, which facts."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from applications.models import IssuedDocument, Submission
from applications.queries import result
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
    labels = {row["code"]: row["label"] for row in filed.form.content["documents"]}
    return {
        "filed": filed,
        "content": filed.content,
        "program": filed.application.sub_program,
        "attachments": [
            {**row, "label": labels.get(row["requirement"], row["requirement"])}
            for row in filed.content["attachments"]
        ],
        "check_url": check_url(filed),
        "qr": pdf.qr_svg(check_url(filed)),
    }


def outcome(filed: Submission) -> dict[str, Any]:
    """The result: the score broken down, the line, the rules."""
    return {
        "filed": filed,
        "content": filed.content,
        "program": filed.application.sub_program,
        "result": result(filed.application),
        "check_url": check_url(filed),
        "qr": pdf.qr_svg(check_url(filed)),
    }
