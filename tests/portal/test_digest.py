"""The mail of the day: one for who has something to do, once a day; urgent mails leave at once."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError
from django.template.loader import get_template

from applications.models import Application, Member, ScoreSheet
from applications.services.application import STAFF_NOTICES, notify_officers
from applications.services.assessment import sheets
from applications.states import ApplicationState, MemberRole
from portal.access import granting
from portal.core.clock import KST
from portal.jobs import queue
from portal.models import Job, JobState, News, Notice, User
from portal.notices import outbox
from portal.notices import staff as staff_notices
from portal.staff import digest
from programs.roles import OFFICER
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, UserFactory
from tests.factories.vouchers import moderator
from tests.faults.together import at_once

pytestmark = pytest.mark.django_db

MORNING = datetime(2021, 3, 5, digest.HOUR, tzinfo=KST)
DAY = MORNING.date()


def waiting(**fields: object) -> Application:
    return ApplicationFactory(filed=True, sub_program=staff.program(), **fields)


def tell(person: User, key: str, subject: str = "[스마트공장 포털] 자리가 비었습니다") -> News:
    return News.objects.create(key=key, user=person, subject=subject, body="사유: 회피\n", at=NOW)


def mails(person: User) -> list[Notice]:
    return list(Notice.objects.filter(user=person).order_by("pk"))


# --- Who gets it, and when -------------------------------------------------------------------------


def test_only_who_has_something_to_do_gets_the_mail() -> None:
    application = waiting()
    officer, other = staff.officer(application.sub_program), staff.officer(staff.program())
    locked = staff.officer(application.sub_program)
    User.objects.filter(pk=locked.pk).update(is_active=False)
    assert digest.write_all(DAY, MORNING) == 1
    assert [len(mails(person)) for person in (officer, other, locked, moderator())] == [1, 0, 0, 0]


def test_nobody_gets_a_second_mail_on_one_day() -> None:
    application = waiting()
    officer = staff.officer(application.sub_program)
    assert digest.write_all(DAY, MORNING) == 1
    tell(officer, "a")
    assert digest.write_all(DAY, MORNING + timedelta(hours=3)) == 0
    assert News.objects.get().told_at is None  # it waits for the mail of the next day
    assert digest.write_all(DAY + timedelta(days=1), MORNING + timedelta(days=1)) == 1
    assert len(mails(officer)) == 2


def test_what_only_others_act_on_is_no_reason_for_a_mail() -> None:
    application = waiting(state=ApplicationState.ASSESSING)
    staff.officer(application.sub_program)
    assert digest.write_all(DAY, MORNING) == 0


@pytest.mark.parametrize(
    ("hours", "started"), [(-1, 0), (0, 1), (15, 1)], ids=["before", "at", "in the evening"]
)
def test_the_mails_of_a_day_are_started_once(hours: int, started: int) -> None:
    at = MORNING + timedelta(hours=hours)
    for minutes in (0, 10, 20):
        digest.schedule(at + timedelta(minutes=minutes))
    assert Job.objects.filter(kind=digest.JOB).count() == started


def test_the_job_writes_the_mails() -> None:
    application = waiting()
    officer = staff.officer(application.sub_program)
    digest.schedule(MORNING)
    job = Job.objects.get(kind=digest.JOB)
    queue.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.DONE, {"written": 1})
    assert len(mails(officer)) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_write_one_mail() -> None:
    application = waiting()
    officer = staff.officer(application.sub_program)
    tell(officer, "a")
    written = at_once(2, lambda _: digest.write(officer, DAY, MORNING))
    assert sorted(map(str, written)) == ["False", "True"]
    assert len(mails(officer)) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_key_the_second_worker_would_write_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: with a key for each worker both mails are written."""
    application = waiting()
    officer = staff.officer(application.sub_program)
    keys = iter(range(10))
    real = outbox.write
    monkeypatch.setattr(
        outbox, "write", lambda *args, **named: real(*args, **{**named, "key": f"k{next(keys)}"})
    )
    at_once(2, lambda _: digest.write(officer, DAY, MORNING))
    assert len(mails(officer)) == 2


# --- What it says ----------------------------------------------------------------------------------


def test_the_mail_names_what_waits_with_count_age_and_address() -> None:
    application = waiting(submitted_at=MORNING - timedelta(days=4))
    officer = staff.officer(application.sub_program)
    tell(officer, "a")
    digest.write_all(DAY, MORNING)
    (mail,) = mails(officer)
    assert mail.subject.startswith("[스마트공장 포털] 오늘 할 일: ")
    assert "- 요건검토를 시작할 신청: 1건, 가장 오래된 것 4일째" in mail.body
    assert "/admin/applications/application/?state=submitted\n" in mail.body
    assert "- 자리가 비었습니다 (" in mail.body
    assert "사유: 회피" in mail.body
    assert (News.objects.get().told_at, News.objects.get().body) == (MORNING, "")


def test_of_many_news_the_mail_shows_the_first_and_counts_the_rest() -> None:
    officer = staff.officer(staff.program())
    for number in range(digest.SHOWN + 3):
        tell(officer, f"{number}", f"일 {number}")
    digest.write_all(DAY, MORNING)
    (mail,) = mails(officer)
    assert mail.subject == f"[스마트공장 포털] 새 소식 {digest.SHOWN + 3}건"
    assert mail.body.count("사유: 회피") == digest.SHOWN
    assert "그 밖에 소식 3건" in mail.body
    assert not staff_notices.untold(officer).exists()


# --- Urgent or not ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STAFF_NOTICES, ids=lambda kind: kind.template)
def test_every_declared_kind_has_its_text(kind: staff_notices.StaffNotice) -> None:
    for part in ("subject", "body"):
        get_template(f"emails/{kind.template}.{part}.txt")


@pytest.mark.parametrize("urgent", [True, False])
def test_an_urgent_mail_leaves_at_once_and_others_wait(
    monkeypatch: pytest.MonkeyPatch, urgent: bool
) -> None:
    template = "applications/company_transferred"
    kind = staff_notices.StaffNotice(template, lambda user, keys: keys, urgent=urgent)
    monkeypatch.setattr(staff_notices, "declared", lambda: {template: kind})
    application = waiting()
    officer = staff.officer(application.sub_program)
    for _ in range(2):
        notify_officers(application, template, key="a", now=NOW)
    assert (len(mails(officer)), News.objects.count()) == ((1, 0) if urgent else (0, 1))


def leave(person: User, application: Application, how: str) -> None:
    if how == "role":
        granting.take(person, OFFICER, reason="전출", by=staff.manager(), now=NOW)
    elif how == "part":
        person.sub_programs.clear()
    else:
        Member.objects.create(
            company=application.company, user=person, role=MemberRole.VIEWER, since=NOW
        )


@pytest.mark.parametrize("how", ["role", "part", "tie"])
def test_who_may_read_it_no_longer_is_not_told(how: str) -> None:
    application, other = waiting(), waiting()
    officer = staff.officer(application.sub_program, other.sub_program)
    template = "applications/company_transferred"
    notify_officers(application, template, key="a", now=NOW)
    leave(officer, application, how)
    digest.write(officer, DAY, MORNING)
    assert not News.objects.exists()
    assert not any("넘어갔습니다" in mail.body for mail in mails(officer))


def test_who_may_still_read_it_is_told_once() -> None:
    application = waiting()
    officer = staff.officer(application.sub_program)
    notify_officers(application, "applications/company_transferred", key="a", now=NOW)
    assert digest.write(officer, DAY, MORNING)
    assert News.objects.get().told_at == MORNING
    assert "넘어갔습니다" in mails(officer)[-1].body


def test_an_assessor_is_told_of_sheets_while_one_is_theirs() -> None:
    program = staff.program()
    officer, (stays, left) = staff.officer(program), staff.assessors(2)
    case = staff.judged(program, judges=[])
    for judge in (stays, left):
        sheets.assign(case, assessor=judge, by=officer, now=NOW)
    ScoreSheet.objects.filter(assessor=left).update(withdrawn_at=NOW, end_reason="교체")
    for judge in (stays, left):
        digest.write(judge, DAY, MORNING)
    assert [row.user for row in News.objects.all()] == [stays]


def test_a_kind_that_no_app_declares_is_refused() -> None:
    with pytest.raises(KeyError):
        staff_notices.tell("applications/receipt", user=UserFactory(), about=1, key="a", now=NOW)


def test_what_was_told_long_ago_is_deleted_and_what_waits_stays() -> None:
    person, locked = UserFactory(), UserFactory(is_active=False)
    tell(person, "waits")
    tell(locked, "for nobody")
    old, fresh = tell(person, "old"), tell(person, "fresh")
    staff_notices.mark_told([old], MORNING - staff_notices.KEPT)
    staff_notices.mark_told([fresh], MORNING)
    staff_notices.forget(MORNING)
    assert set(News.objects.values_list("key", flat=True)) == {"waits", "fresh"}


def test_a_day_may_not_hold_two_mails_of_one_person() -> None:
    outbox.write("portal/digest", to_email="a@b.example", key="a", now=NOW, at=NOW)
    with pytest.raises(IntegrityError):
        outbox.write("portal/digest", to_email="a@b.example", key="a", now=NOW, at=NOW, new=True)
