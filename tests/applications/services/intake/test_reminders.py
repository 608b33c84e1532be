"""Reminders before the deadline: at 72, 24 and 3 hours, once each, to those who still draft."""

from datetime import timedelta

import pytest

from applications.services.intake import reminders
from applications.states import MemberRole
from portal.models import Job, Notice
from tests.factories import staff
from tests.factories.applications import ApplicationFactory, SubProgramFactory, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return SubProgramFactory()


def before_deadline(program, **ago):
    return program.window().closes_at - timedelta(**ago)


def remind(program, now) -> int:
    reminders.schedule(now)
    for job in Job.objects.filter(kind=reminders.JOB).order_by("pk"):
        reminders.remind(program, hours=job.args["hours"], now=now)
    return Notice.objects.filter(key__startswith="deadline:").count()


@pytest.mark.parametrize(
    ("ago", "stages"),
    [
        ({"hours": 73}, []),
        ({"hours": 72}, [72]),
        ({"hours": 25}, [72]),
        ({"hours": 24}, [24]),
        ({"hours": 3}, [3]),
        ({"seconds": 1}, [3]),
        ({"seconds": 0}, []),
    ],
)
def test_each_stage_is_due_in_its_span(program, ago, stages) -> None:
    reminders.schedule(before_deadline(program, **ago))
    assert [job.args["hours"] for job in Job.objects.all()] == stages


def test_every_writer_of_a_draft_gets_each_letter_once(program) -> None:
    draft = ApplicationFactory(sub_program=program)
    member_of(draft.company, MemberRole.EDITOR)
    member_of(draft.company, MemberRole.VIEWER)
    staff.filed(program)
    assert remind(program, before_deadline(program, hours=70)) == 2
    assert remind(program, before_deadline(program, hours=69)) == 2
    assert remind(program, before_deadline(program, hours=2)) == 4
    letter = Notice.objects.order_by("pk").last()
    assert "(KST)" in letter.body
    assert f"/applications/{draft.pk}/review/" in letter.body


def test_nobody_is_reminded_of_a_deadline_that_has_passed(program) -> None:
    ApplicationFactory(sub_program=program)
    assert reminders.remind(program, hours=3, now=before_deadline(program, seconds=0)) == 0
    assert not Notice.objects.exists()


def test_a_deadline_that_moved_is_announced_anew(program) -> None:
    ApplicationFactory(sub_program=program)
    assert remind(program, before_deadline(program, hours=70)) == 1
    program.round.closes_at += timedelta(days=2)
    program.round.save()
    assert remind(program, before_deadline(program, hours=70)) == 2
