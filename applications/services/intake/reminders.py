"""Reminders 72, 24 and 3 hours before the deadline, once each, to the companies that still draft."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from applications.models import Application, Member
from applications.states import ApplicationState
from applications.visibility import WRITERS
from portal.jobs import broker, queue
from portal.models import Notice
from portal.notices import outbox
from programs.models import SubProgram

JOB = "applications.remind"
HOURS = (3, 24, 72)
BATCH = 500


def schedule(now: datetime) -> int:
    """Enqueue one job per deadline and stage that is due; safe to repeat.

    A changed deadline gets new reminders. Returns the number of stages due now.
    """
    due = 0
    for program in SubProgram.objects.filter(round__announced=True).select_related("round"):
        closes_at = program.window().closes_at
        if closes_at is None or not now < closes_at <= now + timedelta(hours=HOURS[-1]):
            continue
        hours = next(h for h in HOURS if closes_at <= now + timedelta(hours=h))
        stamp = f"{closes_at:%Y%m%d%H%M}"
        queue.enqueue(
            JOB, key=f"remind:{program.pk}:{stamp}:{hours}", program=program.pk, hours=hours
        )
        due += 1
    return due


def remind(program: SubProgram, *, hours: int, now: datetime) -> int:
    """Write to everybody who may file a draft of this sub-programme; return how many e-mails.

    Writes none once the deadline has passed. Safe to repeat.
    """
    closes_at = program.window().closes_at
    if closes_at is None or closes_at <= now:
        return 0
    written, last = 0, 0
    drafts = Application.objects.filter(sub_program=program, state=ApplicationState.DRAFT)
    while batch := list(drafts.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        companies = {draft.company_id: draft for draft in batch}
        members = Member.objects.filter(
            company__in=companies, role__in=WRITERS, user__is_active=True
        ).select_related("user")
        written += _write_reminders(program, members, batch, hours, closes_at, now)
    if written:
        broker.notify("portal.notices.tasks.send_notices")
    return written


def _write_reminders(
    program: SubProgram,
    members: Iterable[Member],
    drafts: Sequence[Application],
    hours: int,
    closes_at: datetime,
    now: datetime,
) -> int:
    people: dict[int, list[Member]] = {}
    for member in members:
        people.setdefault(member.company_id, []).append(member)
    reminders = {
        f"deadline:{draft.pk}:{closes_at:%Y%m%d%H%M}:{hours}:{member.user_id}": (draft, member)
        for draft in drafts
        for member in people.get(draft.company_id, ())
    }
    existing = set(Notice.objects.filter(key__in=list(reminders)).values_list("key", flat=True))
    new = {key: row for key, row in reminders.items() if key not in existing}
    Notice.objects.bulk_create(
        (
            Notice(
                key=key,
                **outbox.compose(
                    "applications/deadline",
                    to_email=member.user.email,
                    user=member.user,
                    now=now,
                    program=program,
                    application=draft,
                    hours=hours,
                    closes_at=closes_at,
                ),
            )
            for key, (draft, member) in new.items()
        ),
        ignore_conflicts=True,
    )
    return len(new)
