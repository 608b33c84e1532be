"""The calendar under a secret address, and the mails before something is due."""

import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from applications.states import MemberRole
from portal.access.accounts import end_access
from portal.core.clock import KST
from portal.models import Job, JobState, Notice, TodoSettings
from portal.todos import feed, icalendar, mails
from portal.todos.icalendar import Event
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    SupplementFactory,
    UserFactory,
    member_of,
)
from tests.portal.test_tokens import confirm_oneself

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


# --- iCalendar -------------------------------------------------------------------------------------


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_lines_end_with_crlf_and_hold_at_most_75_octets_of_whole_characters() -> None:
    event = Event("a@b", NOW, "가" * 200, "첫 줄\n둘째; 줄, 끝\\", "https://portal.example/")
    text = icalendar.write("이름", [event], now=NOW)
    assert text.endswith("END:VCALENDAR\r\n")
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= icalendar.LINE for line in lines)
    assert "\n" not in text.replace("\r\n", "")
    whole = unfolded(text)
    assert f"SUMMARY:{'가' * 200}" in whole
    assert "DESCRIPTION:첫 줄\\n둘째\\; 줄\\, 끝\\\\" in whole
    assert f"DTSTART:{NOW:%Y%m%dT%H%M%S}Z" in whole or NOW.utcoffset() != timedelta(0)


def test_every_event_names_what_rfc_5545_asks_for() -> None:
    row = SupplementFactory()
    text = feed.calendar_of(row.application.created_by, now=NOW)
    lines = unfolded(text)
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{icalendar.PRODUCT}"]
    for name in ("UID:", "DTSTAMP:", "DTSTART:", "SUMMARY:"):
        assert sum(line.startswith(name) for line in lines) == lines.count("BEGIN:VEVENT") > 0
    for line in lines:
        if line.startswith(("DTSTART", "DTSTAMP")):
            assert re.fullmatch(r"[A-Z]+:\d{8}T\d{6}Z", line)


# --- The address -----------------------------------------------------------------------------------


@pytest.fixture
def owner():
    caches["limits"].clear()
    return SupplementFactory().application.created_by


def asked(token: str):
    return Client().get(reverse("calendar_feed", args=[token]))


def test_the_address_alone_opens_the_calendar_until_it_is_renewed_or_revoked(owner) -> None:
    token = feed.renew(owner, now=NOW)
    assert token not in str(TodoSettings.objects.values().get())
    answer = asked(token)
    assert (answer.status_code, answer["Content-Type"]) == (200, icalendar.CONTENT_TYPE)
    assert "보완 자료 제출" in answer.content.decode().replace("\r\n ", "")
    assert not answer.cookies
    again = feed.renew(owner, now=NOW)
    assert [asked(one).status_code for one in (token, again)] == [404, 200]
    feed.revoke(owner)
    assert asked(again).status_code == 404


@pytest.mark.parametrize("end", ["locked", "password"])
def test_an_ended_account_has_no_calendar(owner, end: str) -> None:
    token = feed.renew(owner, now=NOW)
    if end == "locked":
        owner.is_active = False
        owner.save()
    else:
        end_access(owner, now=NOW)
    assert asked(token).status_code == 404


def test_a_calendar_is_read_so_often_in_an_hour_and_no_more(owner, monkeypatch) -> None:
    monkeypatch.setattr(feed, "READS_AN_HOUR", 2)
    token = feed.renew(owner, now=NOW)
    assert [asked(token).status_code for _ in range(3)] == [200, 200, 429]


def test_the_page_shows_the_address_once(client: Client, owner) -> None:
    confirm_oneself(client, owner)
    page = client.post(reverse("own_calendar"), {"act": "renew"})
    [address] = re.findall(r"http://testserver(/calendar/[^<]+)<", page.content.decode())
    assert Client().get(address).status_code == 200
    assert "/todos.ics" not in client.get(reverse("own_calendar")).content.decode()
    client.post(reverse("own_calendar"), {"act": "mails", "urgent_only": "on"})
    assert TodoSettings.objects.get().urgent_only
    client.post(reverse("own_calendar"), {"act": "revoke"})
    assert Client().get(address).status_code == 404


# --- Mails -----------------------------------------------------------------------------------------


def morning(day: int):
    """Return nine in the morning in Korea so many days after that of NOW."""
    return (NOW.astimezone(KST) + day * DAY).replace(hour=9, minute=0)


def written(day: int) -> list[Notice]:
    at = morning(day)
    before = set(Notice.objects.values_list("pk", flat=True))
    mails.write_day(at.date(), at)
    return list(Notice.objects.exclude(pk__in=before).order_by("pk"))


def due_in(days: int, **fields):
    return SupplementFactory(due_at=morning(days), **fields)


@pytest.mark.parametrize(("ahead", "told"), [(8, 0), (7, 1), (6, 0), (2, 0), (1, 1), (0, 0)])
def test_a_mail_goes_out_seven_days_and_one_day_before(ahead: int, told: int) -> None:
    due_in(ahead)
    assert len([row for row in written(0) if "보완" in row.subject]) == told


def test_one_mail_a_day_holds_all_that_is_due_and_is_written_once() -> None:
    first = due_in(1)
    firm = first.application.company
    due_in(7, application=ApplicationFactory(screening=True, company=firm))
    editor = member_of(firm, MemberRole.EDITOR)
    member_of(firm, MemberRole.VIEWER)
    letters = written(0)
    assert {row.user for row in letters} == {first.application.created_by, editor}
    assert all(row.body.count("보완 자료 제출") == 2 for row in letters)
    assert all("외 1건" in row.subject for row in letters)
    assert not written(0)


def test_what_waits_for_others_and_what_is_over_is_in_no_mail() -> None:
    ApplicationFactory(filed=True)
    row = due_in(1)
    type(row).objects.update(state="answered")
    assert not [letter for letter in written(0) if "보완" in letter.body]


def test_who_wants_urgent_mails_only_gets_that_of_the_day_before() -> None:
    person = due_in(7).application.created_by
    TodoSettings.objects.create(user=person, urgent_only=True)
    assert not written(0)
    assert len(written(6)) == 1


def test_a_day_without_mails_is_made_up_for() -> None:
    due_in(4)
    Job.objects.create(
        kind=mails.DAY_JOB, key=f"todos:{morning(0).date()}", args={}, state=JobState.DONE
    )
    # Nothing ran on days 1, 2 and 3: on day 3 the row is due the next day, as planned.
    assert len(written(3)) == 1
    due_in(10)
    assert len([row for row in written(5) if "보완" in row.subject]) == 1  # its day was day 3


def test_the_last_hours_of_an_intake_have_a_mail_of_their_own_once_for_each_closing() -> None:
    draft = ApplicationFactory()
    closes_at = draft.sub_program.window().closes_at
    for ago in (timedelta(hours=4), timedelta(hours=2), timedelta(hours=1)):
        mails.schedule(closes_at - ago)
    jobs = Job.objects.filter(kind=mails.HOUR_JOB)
    assert [job.args["code"] for job in jobs] == ["draft"]
    for _ in range(2):
        mails.write_soon("draft", closes_at, hours=3, now=closes_at - timedelta(hours=2))
    letter = Notice.objects.get(key__startswith="todos-soon:")
    assert f"/applications/{draft.pk}/review/" in letter.body
    assert mails.write_soon("draft", closes_at, hours=3, now=closes_at) == 0
    draft.sub_program.round.closes_at += 2 * DAY
    draft.sub_program.round.save()
    mails.schedule(closes_at + 2 * DAY - timedelta(hours=2))
    assert jobs.all().count() == 2


def test_a_stranger_gets_no_mail() -> None:
    UserFactory()
    due_in(1)
    assert len(written(0)) == 1


# In a process of its own: here other tests may have imported the tasks.
KNOWN = """
import django
from django.conf import settings
django.setup()
from portal.celery import app
from portal.jobs import queue
app.loader.import_default_modules()
beats = {row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()}
print(sorted(beats - set(app.tasks)), sorted(set(settings.JOB_NAMES) - queue.kinds()))
"""


def test_a_worker_knows_every_periodic_task_and_every_kind_of_job() -> None:
    found = subprocess.run(
        [sys.executable, "-c", KNOWN], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["[]", "[]"]
