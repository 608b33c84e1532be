"""Agreements in force, with deliverables planned from the real catalogue."""

from datetime import timedelta
from itertools import count
from typing import Any

from applications.models import Agreement, Application, Deliverable, Expert
from applications.services.delivery import planning
from applications.states import AgreementState, ApplicationState, ExpertState
from portal.core.clock import KST
from portal.models import User
from programs.models import Track
from tests.factories import drafts, programs, staff
from tests.factories.applications import NOW, UserFactory

_places = count(1)
TODAY = NOW.astimezone(KST).date()


def under_way(code: str, *, track: str = "", **company: Any) -> Agreement:
    """Make an agreement in force of a filed application, its deliverables planned."""
    program = programs.program(code)
    draft = drafts.complete(program, track=track, **company)
    filed = drafts.file(draft)
    Application.objects.filter(pk=draft.pk).update(**{"state": ApplicationState.CONTRACTED})
    chosen: Track = Application.objects.get(pk=draft.pk).track
    won = filed.support_won or chosen.planning_won or 1_000_000
    agreement = Agreement.objects.create(
        application_id=draft.pk,
        company=draft.company,
        number=f"협약-{draft.pk}",
        kind=chosen.grant_kind,
        state=AgreementState.ACTIVE,
        award_won=won,
        grant_won=won,
        in_force=1,
        starts_on=TODAY - timedelta(days=120),
        ends_on=TODAY + timedelta(days=180),
        drafted_at=NOW,
        papers_due_at=NOW,
        sign_due_at=NOW,
        concluded_at=NOW,
    )
    planning.plan(agreement, now=NOW)
    return Agreement.objects.select_related("application").get(pk=agreement.pk)


def part(agreement: Agreement, code: str) -> Deliverable:
    return Deliverable.objects.select_related("agreement__application").get(
        agreement=agreement, code=code
    )


def loner() -> User:
    """Make a person whose address and telephone nobody else has."""
    place = next(_places)
    return UserFactory(
        email=f"pro{place}@expert{place}.example", phone=f"010-7{place % 1000:03d}-{place:04d}"
    )


def expert(pool: str = "meister", **changes: Any) -> Expert:
    """Make a verified expert without ties."""
    fields: dict[str, Any] = {
        "user": changes.pop("user", None) or loner(),
        "pool": pool,
        "route": "large_plant",
        "years": 20,
        "fields": ["quality"],
        "regions": ["gyeonggi"],
        "capacity": 2,
        "file_name": "경력증명서.pdf",
        "file_sha256": "0" * 64,
        "content_type": "application/pdf",
        "state": ExpertState.VERIFIED,
        "checked_by": staff.manager(),
        "checked_at": NOW,
    }
    return Expert.objects.create(**{**fields, **changes})


def officer_of(agreement: Agreement) -> User:
    return staff.officer(agreement.application.sub_program)
