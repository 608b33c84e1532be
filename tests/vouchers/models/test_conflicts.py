"""The database itself refuses a person with an open tie to a supplier."""

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import Assignment, AssignmentRun, PanelApplication, Service, SupplierTie
from vouchers.states import AssignmentRunState, MonitorState, PanelApplicationState

pytestmark = pytest.mark.django_db


def tie(user, **fields) -> SupplierTie:
    return SupplierTie.objects.create(
        user=user, supplier=make.supplier(), code="member", reason="담당자", found_at=NOW, **fields
    )


def refused(act) -> bool:
    try:
        with transaction.atomic():
            act()
    except IntegrityError as error:
        return "tied to a supplier" in str(error)
    return False


@pytest.mark.parametrize("ended", [False, True], ids=["tied", "no longer tied"])
def test_an_application_of_the_tied_is_refused(ended: bool) -> None:
    panel, user = make.panel(), make.person()
    tie(user, ended_at=NOW if ended else None)
    assert refused(lambda: make.application(panel, user=user)) is not ended


def test_a_draft_cannot_be_filed_once_a_tie_is_known() -> None:
    draft = make.application(make.panel(), state=PanelApplicationState.DRAFT)
    tie(draft.user)
    rows = PanelApplication.objects.filter(pk=draft.pk)
    direct = {"state": "submitted", "submitted_at": NOW, "sha256": "0" * 64}
    assert refused(lambda: rows.update(**direct))
    assert not refused(lambda: rows.update(state="barred"))


def test_a_member_with_a_tie_is_refused() -> None:
    filed = make.application(make.panel(), state=PanelApplicationState.SELECTED)
    tie(filed.user)
    assert refused(lambda: make.monitor(filed.round, application=filed))


def test_an_excluded_member_does_not_come_back_while_tied() -> None:
    monitor = make.monitor(make.panel())
    rows = type(monitor).objects.filter(pk=monitor.pk)
    rows.update(state=MonitorState.EXCLUDED, excluded_at=NOW)
    tie(monitor.user)
    assert refused(lambda: rows.update(state=MonitorState.ACTIVE, excluded_at=None))


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "negative control"])
def test_an_assignment_of_the_tied_is_refused_whatever_the_service(tied: bool) -> None:
    monitor, service = make.monitor(make.panel()), make.service()
    run = AssignmentRun.objects.create(
        round=monitor.round,
        number=1,
        seed=1,
        state=AssignmentRunState.CONFIRMED,
        requested_by=make.operator(),
        requested_at=NOW,
    )
    if tied:
        tie(monitor.user)
    act = lambda: Assignment.objects.create(  # noqa: E731
        round=monitor.round, service=service, monitor=monitor, run=run, assigned_at=NOW
    )
    assert refused(act) is tied


def test_without_the_trigger_a_tied_person_would_be_accepted() -> None:
    """The negative control: it is the trigger that refuses, not something before it."""
    filed = make.application(make.panel(), state=PanelApplicationState.SELECTED)
    tie(filed.user)
    with connection.cursor() as cursor:
        name = "vouchers_monitor_untied_insert"
        on = " ON vouchers_monitor" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{on}")
    assert not refused(lambda: make.monitor(filed.round, application=filed))


def test_the_search_index_follows_changes_of_a_service() -> None:
    service = make.service(name="원격 돌봄")
    Service.objects.filter(pk=service.pk).update(search="가나다", grams="가나 나다")
    service.refresh_from_db()
    assert service.grams == "가나 나다"
