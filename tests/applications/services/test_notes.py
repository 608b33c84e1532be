"""Memos and calls: append-only, corrected by new lines, and by nobody who is tied to the firm."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from applications.models import Application, Member, StaffNote
from applications.services import notes
from applications.states import CallDirection, MemberRole, NoteKind
from portal.access.impartiality import Tied
from portal.core.errors import BadInput, MoveNotAllowed, StaleVersion
from portal.models import User
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def application() -> Application:
    return ApplicationFactory(filed=True)


@pytest.fixture
def officer(application) -> User:
    return staff.officer(application.sub_program)


def call(application: Application, by: User, **changed: Any) -> StaffNote:
    words = {
        "direction": CallDirection.OUT,
        "counterpart": "김대표",
        "happened_at": NOW - timedelta(hours=1),
        "text": "서류를 내일 보내기로 함",
        "now": NOW,
        **changed,
    }
    return notes.log_call(application, by=by, **words)


def test_a_call_keeps_who_called_whom_when_and_what_was_said(application, officer) -> None:
    row = call(application, officer)
    assert (row.kind, row.direction, row.counterpart) == (NoteKind.CALL, "out", "김대표")
    assert (row.happened_at, row.at, row.by) == (NOW - timedelta(hours=1), NOW, officer)


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("direction", {"direction": "x"}),
        ("counterpart", {"counterpart": " "}),
        ("happened_at", {"happened_at": NOW + timedelta(minutes=1)}),
        ("happened_at", {"happened_at": NOW - timedelta(days=400)}),
        ("text", {"text": " "}),
        ("text", {"text": "가" * (notes.LONGEST + 1)}),
    ],
)
def test_what_says_too_little_or_cannot_be_is_refused(application, officer, code, changed) -> None:
    with pytest.raises(BadInput) as refused:
        call(application, officer, **changed)
    assert refused.value.code == code
    assert not StaffNote.objects.exists()


def test_a_correction_is_a_new_line_and_the_old_one_stays(application, officer) -> None:
    first = call(application, officer)
    later = NOW + timedelta(days=1)
    second = notes.correct(first, text="모레 보내기로 함", by=officer, now=later)
    first.refresh_from_db()
    assert (first.text, first.correction) == ("서류를 내일 보내기로 함", second)
    assert (second.counterpart, second.happened_at, second.at) == (
        "김대표",
        first.happened_at,
        later,
    )
    with pytest.raises(StaleVersion):
        notes.correct(first, text="아님", by=officer, now=later)
    assert notes.correct(second, text="글피 보내기로 함", by=officer, now=later)


def test_the_database_changes_and_removes_no_line(application, officer) -> None:
    row = notes.write(application, text="메모", by=officer, now=NOW)
    for act in (row.delete, lambda: StaffNote.objects.update(text="고침")):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_only_staff_who_are_not_tied_write(application, officer) -> None:
    for outsider in (staff.auditor(), staff.assessors(1)[0], application.created_by):
        with pytest.raises(MoveNotAllowed):
            notes.write(application, text="메모", by=outsider, now=NOW)
    row = notes.write(application, text="메모", by=officer, now=NOW)
    Member.objects.create(
        company=application.company, user=officer, role=MemberRole.VIEWER, since=NOW
    )
    for act in (
        lambda: notes.write(application, text="메모", by=officer, now=NOW),
        lambda: notes.correct(row, text="메모", by=officer, now=NOW),
    ):
        with pytest.raises(Tied):
            act()
