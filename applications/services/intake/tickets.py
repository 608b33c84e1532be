"""Redeeming a ticket: the draft is filed with the instant at which its form came."""

from datetime import datetime

from django.db import transaction

from applications.models import Application, Submission, UsedTicket
from applications.queries.intake import tickets as tickets_queries
from applications.services.intake import filing
from portal.core.clock import KST
from portal.core.errors import Closed, MoveNotAllowed
from portal.core.tickets import Ticket
from portal.models import User
from portal.records import incidents


def redeem(
    application: Application, ticket: Ticket, *, path: str, by: User, now: datetime
) -> Submission:
    """File the draft as of the instant of the ticket, if it is still what its page showed.

    `path` is where the form of this application is sent. A ticket that was used, or whose application
    was filed otherwise, gives the same submission. Raises MoveNotAllowed (`ticket_application`,
    `ticket_person`, `ticket_early`), Closed (`ticket_expired`), and what `filing.submit` raises.
    """
    if ticket.slip.path != path:
        raise MoveNotAllowed("다른 신청의 확인표입니다.", code="ticket_application")
    if ticket.slip.person != by.pk:
        raise MoveNotAllowed(
            "다른 사람의 확인표입니다. 제출한 사람이 로그인하여 넣어 주세요.", code="ticket_person"
        )
    if ticket.came_at > now:
        raise MoveNotAllowed("확인표의 시각이 지금보다 뒤입니다.", code="ticket_early")
    filed = Submission.objects.filter(application=application).first()
    if filed is not None:
        return filed
    _check_honoured(application, ticket, now=now)
    with transaction.atomic():
        filed = filing.submit(
            application, by=by, now=ticket.came_at, seen=ticket.slip.seen, moved_at=now
        )
        if (filed.submitted_at, filed.submitted_by_id) == (ticket.came_at, by.pk):
            UsedTicket.objects.get_or_create(
                application=application,
                defaults={
                    "sha256": ticket.sha256,
                    "key": ticket.key,
                    "came_at": ticket.came_at,
                    "redeemed_at": now,
                    "redeemed_by": by,
                },
            )
    return filed


def _check_honoured(application: Application, ticket: Ticket, *, now: datetime) -> None:
    program = application.sub_program
    until = tickets_queries.honoured_until(program, ticket.came_at, now=now)
    if now > until and incidents.collect():  # what was not yet stored
        until = tickets_queries.honoured_until(program, ticket.came_at, now=now)
    if now > until:
        raise Closed(
            f"이 확인표는 {until.astimezone(KST):%Y-%m-%d %H:%M}(한국 시각)까지 쓸 수 있었습니다.",
            code="ticket_expired",
        )
