"""Late filing: one company, one reason, one filing."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from applications.models import LateGrant
from applications.services.intake import filing, late_filing
from portal.core.errors import BadInput, Closed, MoveNotAllowed
from tests.factories import drafts, programs, staff
from tests.factories.applications import CompanyFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def draft():
    programs.load()
    return drafts.complete(programs.program("robot"))


@pytest.fixture
def after(draft):
    """An hour after the deadline."""
    return draft.sub_program.window().closes_at + HOUR


def grant(draft, after, **change) -> LateGrant:
    words = {"company": draft.company, "site": draft.site, "until": after + HOUR}
    words |= {"reason": "장애로 제출하지 못함", "by": staff.manager(), "now": after}
    return late_filing.grant(draft.sub_program, **(words | change))


def test_a_leave_lets_one_draft_in_once(draft, after) -> None:
    with pytest.raises(Closed):
        filing.submit(draft, by=draft.created_by, now=after)
    made = grant(draft, after)
    filed = filing.submit(draft, by=draft.created_by, now=after)
    made.refresh_from_db()
    assert (made.application, made.used_at) == (filed.application, after)
    with pytest.raises(Closed):
        late_filing.use(made, draft, now=after)
    with pytest.raises(MoveNotAllowed):
        late_filing.cancel(made, by=staff.manager(), now=after)


def test_filing_in_time_uses_no_leave(draft, after) -> None:
    early = draft.sub_program.window().closes_at - HOUR
    made = grant(draft, after, now=early)
    filing.submit(draft, by=draft.created_by, now=early)
    made.refresh_from_db()
    assert made.used_at is None


def test_it_holds_for_its_firm_site_and_time_only(draft, after) -> None:
    grant(draft, after, company=CompanyFactory(), site=None)
    grant(draft, after, until=after + HOUR / 2)
    late_filing.cancel(grant(draft, after), by=staff.manager(), now=after)
    with pytest.raises(Closed):
        filing.submit(draft, by=draft.created_by, now=after + HOUR / 2)


def test_a_manager_gives_it_with_a_reason(draft, after) -> None:
    with pytest.raises(MoveNotAllowed):
        grant(draft, after, by=staff.officer(draft.sub_program))
    for wrong in ({"reason": " "}, {"until": after}, {"company": CompanyFactory()}):
        with pytest.raises(BadInput):
            grant(draft, after, **wrong)


def test_the_database_holds_the_single_use(draft, after) -> None:
    made = grant(draft, after)
    rows = LateGrant.objects.filter(pk=made.pk)
    for broken in (
        {"used_at": after},
        {"application": draft},
        {"used_at": made.until, "application": draft},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**broken)
