"""Bulk data is what the portal itself would have written."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Max

from applications.models import (
    Application,
    Company,
    PartnerTerms,
    Pledge,
    ScoreSheet,
    Submission,
)
from applications.queries.intake.partners import pledge_content
from applications.services.assessment import scoring
from applications.services.assessment import sheets as sheets_services
from applications.services.intake import filing
from applications.states import ApplicationState
from applications.visibility import applications_of
from bench.bulk import staff, writer
from portal.core.validators import business_number
from portal.models import Notice
from portal.records import snapshot
from programs.models import SubProgram
from programs.roles import MANAGER
from tests.factories import drafts
from tests.factories.applications import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue(settings, tmp_path) -> None:
    settings.PRIVATE_ROOT = tmp_path
    call_command("load_catalogue", stdout=StringIO())


def seed(*words: str) -> str:
    output = StringIO()
    call_command("seed_bulk", *words, stdout=output)
    return output.getvalue()


def check_what_was_filed(count: int) -> None:
    filed = Submission.objects.select_related("application__company", "application__site", "form")
    assert len(filed) == count
    for row in filed:
        application = row.application
        assert row.sha256 == snapshot.sha256(row.content)
        assert row.content["company"]["business_number"] == application.company.business_number
        assert row.content["site"]["region"] == application.region == application.site.region
        assert row.content["facts"]["region"] == application.region
        assert row.content["number"] == row.number == application.number
        assert row.number == filing.number_of(application)
        assert row.content["form_sha256"] == row.form_id == snapshot.sha256(row.form.content)
        assert row.content["submitted_at"] == snapshot.to_plain(row.submitted_at)
        assert row.content["version"] == application.version
        assert row.content["partners"] == [
            {
                "role": partner.role,
                "company_name": partner.company.name,
                "business_number": partner.company.business_number,
                "state": "accepted",
                "answered_at": row.content["partners"][0]["answered_at"],
                "terms": {
                    "part": partner.terms.part,
                    "share_won": partner.terms.share_won,
                    "quote_won": partner.terms.quote_won,
                    "confirmed_at": row.content["partners"][0]["terms"]["confirmed_at"],
                    **({"signed": True} if partner.terms.signed else {}),
                },
            }
            for partner in application.partners.order_by("pk")
        ]
    signed = PartnerTerms.objects.filter(signed=True)
    assert set(signed) == {pledge.terms for pledge in Pledge.objects.all()}
    for pledge in Pledge.objects.all():
        assert pledge.company == pledge.terms.partner.company
        assert pledge.content == pledge_content(pledge.terms, pledge.company)
        assert pledge.sha256 == snapshot.sha256_of_plain(pledge.content)


def test_fills_every_sub_programme_with_what_would_have_been_filed(catalogue) -> None:
    output = seed("--applications", "60")
    check_what_was_filed(60)
    assert "60 / " in output
    assert Pledge.objects.exists()
    assert set(Application.objects.values_list("sub_program__code", flat=True)) == set(
        SubProgram.objects.values_list("code", flat=True)
    )
    for company in Company.objects.all():
        assert business_number(company.business_number)
        assert company.name.startswith("대량 ")
    assert Notice.objects.count() == 0


@pytest.mark.postgres
def test_fills_postgresql_with_what_would_have_been_filed(catalogue) -> None:
    seed("--applications", "40", "--program", "robot", "--program", "build", "--parts")
    check_what_was_filed(40)
    seed("--applications", "1", "--program", "build", "--seed", "2")  # the sequences were advanced
    assert ApplicationFactory().pk > Application.objects.filter(number=None).count()
    assert check_moves() == 41


def check_moves() -> int:
    """Assert that every filed application's state is that of its last move; return their number."""
    filed = Application.objects.exclude(number=None).annotate(last=Max("moves__pk"))
    moved = filed.filter(moves__pk=F("last"), moves__target=F("state"))
    assert moved.count() == filed.count()
    return filed.count()


def test_the_moves_lead_to_the_state(catalogue) -> None:
    seed("--applications", "50", "--program", "level-check")
    assert check_moves() == 50
    assert Application.objects.values("state").distinct().count() >= 3


def test_the_same_seed_makes_the_same_applications(catalogue) -> None:
    seed("--applications", "5", "--program", "capability", "--seed", "7")
    seed("--applications", "5", "--program", "capability", "--seed", "7")
    answers = [row.content["answers"] for row in Submission.objects.order_by("pk")]
    assert answers[:5] == answers[5:]


def test_locked_sheets_hold_their_hash_and_can_be_scored(catalogue, monkeypatch) -> None:
    monkeypatch.setattr(writer, "CHUNK", 4)
    seed("--applications", "9", "--program", "build", "--stage", "assessing", "--sheets", "5")
    sheets = ScoreSheet.objects.exclude(locked_at=None)
    assert sheets.count() == 45
    assert all(sheet.sha256 == sheets_services.digest(sheet) for sheet in sheets)
    last = Submission.objects.aggregate(at=Max("submitted_at"))["at"] + timedelta(days=30)
    program = SubProgram.objects.get(code="build")
    run = scoring.start(program, by=UserFactory(roles=[MANAGER]), now=last)
    scoring.compute(run, now=last)
    assert run.scored == 9
    assert run.results.exclude(total=None).count() == 9


def test_a_ready_draft_of_each_sub_programme_can_be_filed(catalogue) -> None:
    seed("--applications", "30", "--stage", "draft")
    for draft in Application.objects.filter(state=ApplicationState.DRAFT):
        assert draft in applications_of(draft.created_by)
        now = draft.sub_program.window().opens_at + timedelta(days=3)
        filed = drafts.file(draft, now=now)
        assert filed.sha256 == snapshot.sha256(filed.content)
    codes = Submission.objects.values_list("application__sub_program__code", flat=True)
    assert set(codes) == set(SubProgram.objects.values_list("code", flat=True))


def test_leaves_a_database_with_real_applications_alone(catalogue) -> None:
    ApplicationFactory()
    with pytest.raises(CommandError, match="실제 신청"):
        seed("--applications", "1")
    seed("--applications", "1", "--program", "meister", "--into-used")
    assert Submission.objects.count() == 1


def test_refuses_an_unknown_programme_and_an_empty_order(catalogue) -> None:
    for words in (["3", "--program", "no-such"], ["0"]):
        with pytest.raises(CommandError):
            seed("--applications", *words)
    assert Company.objects.count() == 0


def test_leaves_nothing_of_the_prototypes_behind(catalogue) -> None:
    seed("--applications", "2", "--program", "robot", "--stage", "submitted")
    assert Application.objects.count() == 2
    assert Company.objects.count() == 2 + staff.SUPPLIERS
    counts = Application.objects.annotate(moved=Count("moves")).values_list("moved", flat=True)
    assert list(counts) == [1, 1]
