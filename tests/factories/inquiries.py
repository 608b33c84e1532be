"""Inquiries for tests, made by the services."""

from datetime import datetime, timedelta
from typing import Any

from applications.models import Application, Inquiry, ScoreSheet
from applications.services import inquiries
from portal.models import User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, SubmissionFactory

ASKED = "설비의 납품 일정이 어떻게 됩니까?"
ANSWER = "6월에 납품받아 7월에 설치합니다."


def assessed(
    judges: list[User], *, program: SubProgram | None = None, **fields: Any
) -> tuple[Application, list[ScoreSheet]]:
    """Make an application with an opened sheet of each judge."""
    made = ApplicationFactory(
        sub_program=program or staff.program(**fields), assessing=True, frozen=None
    )
    SubmissionFactory(application=made, form=staff.form())
    by = staff.officer(made.sub_program)
    return made, [staff.opened(made, judge, by) for judge in judges]


def from_assessor(sheet: ScoreSheet, *, text: str = ASKED, now: datetime = NOW) -> Inquiry:
    return inquiries.ask_as_assessor(sheet, text=text, by=sheet.assessor, now=now)


def passed(sheet: ScoreSheet, *, days: int = 3, now: datetime = NOW) -> Inquiry:
    """Make an assessor's question that an officer passed to the firm."""
    made = from_assessor(sheet, now=now)
    by = staff.officer(made.application.sub_program)
    inquiries.pass_on(made, text=made.text, days=days, by=by, now=now)
    return made


def answered(sheet: ScoreSheet, *, now: datetime = NOW + timedelta(hours=1)) -> Inquiry:
    """Make an assessor's question with the firm's answer."""
    made = passed(sheet)
    inquiries.answer(made, text=ANSWER, by=made.application.created_by, now=now)
    return made
