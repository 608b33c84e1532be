"""Thousands of applications in few statements, for tests of what is done to many."""

from applications.models import Application, ApplicationMove, Check, Company, Site, Submission
from applications.states import ApplicationState, CheckDecision
from portal.models import User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, CompanyFactory, SiteFactory


def clean(program: SubProgram, count: int, *, by: User) -> list[Application]:
    """Make applications in screening whose checks an officer has confirmed as met."""
    companies = Company.objects.bulk_create(CompanyFactory.build_batch(count))
    sites = Site.objects.bulk_create(SiteFactory.build(company=row) for row in companies)
    applications = Application.objects.bulk_create(
        Application(
            state=ApplicationState.SCREENING,
            sub_program=program,
            company=site.company,
            site=site,
            created_by=by,
            number=f"2021-많음-1차-{place:06d}",
            submitted_at=NOW,
            region="gyeonggi",
        )
        for place, site in enumerate(sites, start=1)
    )
    form = staff.form()
    Submission.objects.bulk_create(
        Submission(
            application=row,
            number=row.number,
            submitted_at=NOW,
            submitted_by=by,
            form=form,
            content={"answers": {}, "facts": {}, "profile": {}},
            sha256="0" * 64,
        )
        for row in applications
    )
    ApplicationMove.objects.bulk_create(
        ApplicationMove(
            thing=row, move="take_up", source="submitted", target="screening", by=by, at=NOW
        )
        for row in applications
    )
    Check.objects.bulk_create(
        Check(
            application=row,
            code=code,
            message=message,
            met=True,
            decision=CheckDecision.CONFIRMED,
            decided_by=by,
            decided_at=NOW,
        )
        for row in applications
        for code, message in (("small", "소기업만 신청할 수 있습니다."), ("built", "1년이 지남"))
    )
    return applications
