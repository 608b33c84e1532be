"""Genuineness of receipts."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.crypto import constant_time_compare

from applications.models import Application, IssuedDocument, Submission
from applications.states import ApplicationState
from portal.core import validators
from portal.core.errors import BadInput


@dataclass(frozen=True)
class Receipt:
    """What the public check tells of a genuine receipt; `withdrawn_at` is set after a withdrawal."""

    number: str
    withdrawn_at: datetime | None


def genuine_receipt(number: str, sha256: str) -> Receipt | None:
    """Return the receipt with this number if it carries this hash; None reveals nothing else."""
    try:
        claimed = validators.sha256(sha256)
    except BadInput:
        return None
    filed = Submission.objects.filter(number=validators.document_number(number))
    known = filed.select_related("application").first()
    if known is None or not constant_time_compare(known.sha256, claimed):
        return None
    return Receipt(known.number, withdrawn_at(known.application))


def genuine_file(sha256: str) -> Receipt | None:
    """Return the receipt that was issued as a file of this SHA-256; None for any other file."""
    issued = IssuedDocument.objects.filter(
        kind=IssuedDocument.Kind.RECEIPT, issued_at__isnull=False, sha256=sha256
    )
    known = issued.select_related("application").first()
    if known is None or known.application.number is None:
        return None
    return Receipt(known.application.number, withdrawn_at(known.application))


def withdrawn_at(application: Application) -> datetime | None:
    """Return when the application was withdrawn; None unless it is."""
    if application.state != ApplicationState.WITHDRAWN:
        return None
    last = application.moves.filter(target=ApplicationState.WITHDRAWN).order_by("-pk").first()
    return last.at if last else None
