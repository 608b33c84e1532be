"""Each of the seven sub-programmes is applied for through its pages, by its data file alone."""

import io
import re

import pytest
from django.test import Client

from applications.models import Application, Submission
from applications.queries.intake import drafting, questions
from applications.states import ApplicationState
from applications.views.intake import steps
from portal.core.clock import now
from programs.models import ProgramRound
from tests.applications.views.intake.filling import Applicant
from tests.factories import programs
from tests.portal import corpus

pytestmark = pytest.mark.django_db
SEVEN = ("build", "robot", "meister", "aftercare", "capability", "cloud", "level-check")


@pytest.fixture
def open_round() -> ProgramRound:
    return programs.load_open(now())


def paper(row: dict) -> io.BytesIO:
    """A small PDF, different for every paper."""
    code = row["document"]["code"]
    file = io.BytesIO(corpus.pdf(b"<< /Mark (%s) >>" % code.encode()))
    file.name = f"{code}.pdf"
    return file


@pytest.mark.parametrize("code", SEVEN)
def test_a_missing_answer_leads_to_the_step_that_asks_it(open_round: ProgramRound, code: str):
    applicant = Applicant(Client(), programs.program(code))
    draft = applicant.begin()
    dossier = drafting.load(draft)
    asked = {
        step: {row["label"] for row in questions.section_questions(draft, step)}
        for step in questions.SECTIONS
    }
    places = [
        (re.findall("^‘(.*)’ 항목을 입력하세요", row.message), row.step)
        for row in steps.located(dossier, drafting.missing(dossier, now=now()))
    ]
    assert [
        (label, step) for labels, step in places for label in labels if label not in asked[step]
    ] == []


@pytest.mark.parametrize("code", SEVEN)
def test_the_pages_lead_to_a_filed_application(client: Client, open_round: ProgramRound, code: str):
    applicant = Applicant(client, programs.program(code))
    draft = applicant.begin()
    applicant.fill_questions(draft)
    if applicant.program.partner_roles:
        applicant.fill_partners(draft)
    applicant.fill_documents(draft, paper)
    assert drafting.missing(drafting.load(draft), now=now()) == []
    answer = applicant.submit(draft)
    assert answer.status_code == 302
    draft = Application.objects.get(pk=draft.pk)
    assert draft.state == ApplicationState.SUBMITTED
    assert draft.number == Submission.objects.get().number
    page = client.get(answer["Location"]).content.decode()
    assert draft.number in page
