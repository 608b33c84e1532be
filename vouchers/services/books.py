"""Books of published reports: asked for by staff, made once by a job, dated and numbered."""

from datetime import datetime

from django.db import IntegrityError, transaction

from portal.access.roles import roles_of
from portal.core.errors import BadInput, MoveNotAllowed, StaleVersion
from portal.jobs import queue
from portal.models import User
from portal.paper import issued
from portal.records import snapshot
from vouchers import pdf_contexts
from vouchers.models import PanelRound, ReportBook
from vouchers.roles import PANEL_OPERATOR
from vouchers.states import Category
from vouchers.visibility import public_reports

JOB = "vouchers.report_book"


def request_book(round: PanelRound, *, category: str, by: User, now: datetime) -> ReportBook:
    """Ask for a book of what is published now; the same content is not printed twice.

    Raises MoveNotAllowed (`role`), BadInput (`no_reports`).
    """
    if PANEL_OPERATOR not in roles_of(by):
        raise MoveNotAllowed("보고서집을 만들 권한이 없습니다.", code="role")
    category = Category(category)
    rows = public_reports().filter(assignment__round=round, assignment__service__category=category)
    reports = list(rows.select_related("filed", "assignment__monitor").order_by("pk"))
    if not reports:
        raise BadInput("이 분야에는 공개된 보고서가 아직 없습니다.", code="no_reports")
    content = snapshot.sha256(
        [
            [row.pk, row.filed.sha256, row.assignment.monitor.state]
            for row in reports
            if row.filed is not None
        ]
    )
    last = ReportBook.objects.filter(round=round, category=category).order_by("-number").first()
    if last is not None and last.content_sha256 == content:
        return last
    try:
        with transaction.atomic():
            book = ReportBook.objects.create(
                round=round,
                category=category,
                number=last.number + 1 if last else 1,
                content_sha256=content,
                reports=len(reports),
                requested_by=by,
                requested_at=now,
            )
            book.included.set(reports)
            queue.enqueue(JOB, key=f"report-book:{book.pk}", by=by, new=True, book=book.pk)
    except IntegrityError as taken:  # somebody else asked in this very moment
        raise StaleVersion from taken
    return book


def render_book(book: ReportBook, *, now: datetime) -> ReportBook:
    """Make the book's PDF if it is not there yet; raises as `portal.paper.issued.issue` does."""
    if book.issued_at is not None:
        return book
    template, title, context = pdf_contexts.book(book)
    return issued.issue(book, template=template, title=title, context=context, now=now)
