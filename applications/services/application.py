"""E-mails about an application: to the people who act for its company, and to its officers."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from applications.models import Application, Member
from applications.queries.officers.stand_ins import told_about
from applications.visibility import WRITERS
from portal.models import Notice, User
from portal.notices import outbox
from portal.notices import staff as staff_notices
from portal.notices.staff import StaffNotice

STAFF_NOTICES = (
    # Until somebody decides, the assessor goes on with a sheet that may not count.
    StaffNotice("applications/sheet_tied", urgent=True),
    # Nobody is to go on with a sheet that no longer counts.
    StaffNotice("applications/sheet_closed", urgent=True),
    StaffNotice("applications/sheet_assigned"),
    StaffNotice("applications/sheet_ended"),
    StaffNotice("applications/company_transferred"),
    StaffNotice("applications/inquiry_for_staff"),
    StaffNotice("applications/inquiry_for_panel"),
)


def notify_applicant(
    application: Application, template: str, *, key: str, now: datetime, **context: Any
) -> None:
    """Write one e-mail to every owner and editor of the company, once per `key`."""
    members = application.company.members.filter(role__in=WRITERS).select_related("user")
    for member in members:
        outbox.write(
            template,
            to_email=member.user.email,
            user=member.user,
            key=f"{key}:{member.user_id}",
            now=now,
            application=application,
            **context,
        )


def notify_applicants(
    template: str, news: Mapping[int, tuple[str, Mapping[str, Any]]], *, now: datetime
) -> None:
    """Write to the same people as `notify_applicant` about many applications, in few statements.

    `news` has by application the key of its e-mails and the context of their text.
    """
    applications = Application.objects.select_related("company", "sub_program").in_bulk(list(news))
    firms = {row.company_id for row in applications.values()}
    people: dict[int, list[User]] = defaultdict(list)
    members = Member.objects.filter(company__in=firms, role__in=WRITERS).select_related("user")
    for member in members.order_by("pk"):
        people[member.company_id].append(member.user)
    outbox.write_many(
        Notice(
            key=f"{key}:{person.pk}",
            **outbox.compose(
                template,
                to_email=person.email,
                user=person,
                now=now,
                application=applications[pk],
                **context,
            ),
        )
        for pk, (key, context) in news.items()
        for person in people[applications[pk].company_id]
    )


def notify_officers(
    application: Application, template: str, *, key: str, now: datetime, **context: Any
) -> None:
    """Tell the responsible officer, or all of a file that is nobody's, once per `key`.

    By a mail at once where its kind is urgent, else in their mail of the day.
    """
    for officer in told_about(application, now):
        staff_notices.tell(
            template,
            user=officer,
            key=f"{key}:{officer.pk}",
            now=now,
            application=application,
            **context,
        )
