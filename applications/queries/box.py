"""The papers of a firm's document box: which can be used, and for which documents of a draft."""

from datetime import date, datetime

from django.db.models import F, Q, QuerySet

from applications.models import BoxPaper
from applications.queries.intake.drafting import Dossier, applicable_documents
from portal.core.dates import korean_day
from programs.queries import papers


def kept(company_id: int) -> QuerySet[BoxPaper]:
    """Return the papers in the box of a firm, the one that is good for longest first."""
    rows = BoxPaper.objects.filter(company=company_id, removed_at=None)
    return rows.order_by(F("valid_until").desc(nulls_first=True), "-issued_on", "-pk")


def is_usable(paper: BoxPaper, on: date) -> bool:
    """Return whether a paper is in the box and good on this day."""
    return paper.removed_at is None and (paper.valid_until is None or on <= paper.valid_until)


def offers(dossier: Dossier, *, now: datetime) -> dict[str, list[BoxPaper]]:
    """Return by document the usable papers that have not been attached to it yet, best first."""
    codes = {row["code"] for row in applicable_documents(dossier)} & set(papers.kinds())
    if not codes:
        return {}
    usable = kept(dossier.application.company_id).filter(
        Q(valid_until=None) | Q(valid_until__gte=korean_day(now)), kind__in=codes
    )
    attached = {(row.requirement, row.sha256) for row in dossier.attachments}
    found: dict[str, list[BoxPaper]] = {}
    for paper in usable.select_related("uploaded_by"):
        if (paper.kind, paper.sha256) not in attached:
            found.setdefault(paper.kind, []).append(paper)
    return found
