"""E-mails about an application: to the people who act for its company, and to its officers."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from applications.models import Application, Member
from applications.queries.officers.stand_ins import told_about
from applications.visibility import WRITERS, opened_sheets, own_sheets, staff_applications
from portal.access import impartiality
from portal.models import Notice, User
from portal.notices import outbox
from portal.notices import staff as staff_notices
from portal.notices.staff import StaffNotice


def _files(user: User, applications: Collection[int]) -> Collection[int]:
    """Return the applications that a member of staff sees and is not tied to."""
    seen = staff_applications(user).filter(pk__in=applications).order_by()
    keys = set(seen.values_list("pk", flat=True))
    return keys - impartiality.tied_among(user, Application.objects.filter(pk__in=keys))


def _open_sheets(user: User, sheets: Collection[int]) -> Collection[int]:
    """Return the sheets that an assessor may open."""
    return set(opened_sheets(user).filter(pk__in=sheets).values_list("pk", flat=True))


def _assessed(user: User, programs: Collection[int]) -> Collection[int]:
    """Return the sub-programmes in which an assessor has a sheet that counts."""
    rows = own_sheets(user).filter(abstained_at=None, withdrawn_at=None)
    mine = rows.filter(application__sub_program__in=programs).order_by()
    return set(mine.values_list("application__sub_program", flat=True))


STAFF_NOTICES = (
    # Until somebody decides, the assessor goes on with a sheet that may not count.
    StaffNotice("applications/sheet_tied", _files, urgent=True),
    # Nobody is to go on with a sheet that no longer counts.
    StaffNotice("applications/sheet_closed", _assessed, urgent=True),
    StaffNotice("applications/sheet_assigned", _assessed),
    StaffNotice("applications/sheet_ended", _files),
    StaffNotice("applications/company_transferred", _files),
    StaffNotice("applications/inquiry_for_staff", _files),
    StaffNotice("applications/inquiry_for_panel", _open_sheets),
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
            about=application.pk,
            key=f"{key}:{officer.pk}",
            now=now,
            application=application,
            **context,
        )
