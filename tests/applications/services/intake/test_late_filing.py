"""Late filing: one company, one reason, one filing."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from applications.models import LateGrant
from applications.queries.rule_changes import late_leave
from applications.services.intake import late_filing
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
    return staff.late_leave(draft.sub_program, **(words | {"now": after} | change))


def test_a_leave_lets_one_draft_in_once(draft, after) -> None:
    with pytest.raises(Closed):
        drafts.file(draft, now=after)
    made = grant(draft, after)
    filed = drafts.file(draft, now=after)
    made.refresh_from_db()
    assert (made.application, made.used_at) == (filed.application, after)
    with pytest.raises(Closed):
        late_filing.use(made, draft, now=after)
    with pytest.raises(MoveNotAllowed):
        late_filing.cancel(made, by=staff.manager(), now=after)


def test_one_manager_alone_lets_nobody_in(draft, after) -> None:
    one = staff.manager()
    words = {"company": draft.company, "site": None, "until": after + HOUR, "now": after}
    made = late_filing.grant(draft.sub_program, reason="장애", by=one, **words)
    with pytest.raises(MoveNotAllowed) as refused:
        late_filing.approve(made, by=one, now=after)
    assert refused.value.code == "same_person"
    with pytest.raises(MoveNotAllowed):
        late_filing.approve(made, by=staff.officer(draft.sub_program), now=after)
    with pytest.raises(IntegrityError), transaction.atomic():
        LateGrant.objects.filter(pk=made.pk).update(approved_by=one, approved_at=after)
    with pytest.raises(Closed):
        drafts.file(draft, now=after)
    with pytest.raises(Closed):
        late_filing.use(made, draft, now=after)
    assert list(late_leave()) == []
    late_filing.approve(made, by=staff.manager(), now=after)
    with pytest.raises(MoveNotAllowed):
        late_filing.approve(made, by=staff.manager(), now=after)
    drafts.file(draft, now=after)
    (shown,) = late_leave()
    assert (shown.kind, shown.reason) == ("기한 뒤 접수 허용", "장애")
    assert draft.company.name not in str(shown)


def test_a_cancelled_or_late_proposal_is_not_approved(draft, after) -> None:
    words = {"company": draft.company, "site": None, "until": after + HOUR, "now": after}
    late = late_filing.grant(draft.sub_program, reason="x", by=staff.manager(), **words)
    gone = late_filing.grant(draft.sub_program, reason="x", by=staff.manager(), **words)
    late_filing.cancel(gone, by=staff.manager(), now=after)
    for made, at in ((late, after + HOUR), (gone, after)):
        with pytest.raises(MoveNotAllowed):
            late_filing.approve(made, by=staff.manager(), now=at)


def test_filing_in_time_uses_no_leave(draft, after) -> None:
    early = draft.sub_program.window().closes_at - HOUR
    made = grant(draft, after, now=early)
    drafts.file(draft, now=early)
    made.refresh_from_db()
    assert made.used_at is None


def test_it_holds_for_its_firm_site_and_time_only(draft, after) -> None:
    grant(draft, after, company=CompanyFactory(), site=None)
    grant(draft, after, until=after + HOUR / 2)
    late_filing.cancel(grant(draft, after), by=staff.manager(), now=after)
    with pytest.raises(Closed):
        drafts.file(draft, now=after + HOUR / 2)


def test_a_manager_gives_it_with_a_reason(draft, after) -> None:
    with pytest.raises(MoveNotAllowed):
        grant(draft, after, by=staff.officer(draft.sub_program))
    days = draft.sub_program.round.extension_days  # as far as an outage may move the deadline
    too_long = {"until": after + (days + 1) * 24 * HOUR}
    for wrong in ({"reason": " "}, {"until": after}, too_long, {"company": CompanyFactory()}):
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
