"""Arranging a stand-in on the staff site, and what the list of applications then shows."""

from datetime import timedelta

import pytest
from django.urls import reverse

from applications.models import StandIn
from applications.services.officers import charge
from portal.core.clock import now
from portal.core.dates import korean_day
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LIST = reverse("admin:applications_application_changelist")
START = reverse("admin:applications_standin_start")


def days(first: int, last: int) -> dict[str, str]:
    today = korean_day(now())
    return {
        "first_day": (today + timedelta(days=first)).isoformat(),
        "last_day": (today + timedelta(days=last)).isoformat(),
    }


def test_an_officer_names_a_colleague_who_then_has_the_files_among_their_own(
    desk, program, officer
) -> None:
    colleague, filed = staff.officer(program), staff.filed(program)
    charge.take(filed, by=officer, now=NOW)
    client, theirs = desk(officer), desk(colleague)
    client.post(START, {"stand_in": colleague.pk, **days(0, 3)})
    row = StandIn.objects.get()
    assert (row.officer, row.stand_in) == (officer, colleague)
    for which in ("mine", "acting"):
        page = theirs.get(LIST, {"charge": which}).content.decode()
        assert filed.number in page
        assert f"{officer} (대행 {colleague})" in page
    client.post(reverse("admin:applications_standin_act", args=[row.pk, "end"]))
    assert filed.number not in theirs.get(LIST, {"charge": "mine"}).content.decode()


def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(desk, program, officer) -> None:
    colleague, client = staff.officer(program), desk(officer)
    answer = client.post(START, {"stand_in": colleague.pk, **days(3, 1)})
    assert "마지막 날은 첫날과 같거나" in str(answer.context["form"]["last_day"].errors)
    assert answer.context["form"]["stand_in"].value() == str(colleague.pk)
    assert not StandIn.objects.exists()


def test_only_managers_choose_for_others_and_auditors_read(desk, program, officer, boss) -> None:
    colleague, other = staff.officer(program), staff.officer(program)
    assert "officer" not in desk(officer).get(START).context["form"].fields
    desk(boss).post(START, {"officer": officer.pk, "stand_in": colleague.pk, **days(0, 0)})
    row = StandIn.objects.get()
    page = reverse("admin:applications_standin_change", args=[row.pk])
    assert desk(staff.auditor()).get(page).status_code == 200
    assert desk(staff.auditor()).get(START).status_code == 404
    desk(other).post(reverse("admin:applications_standin_act", args=[row.pk, "end"]))
    row.refresh_from_db()
    assert row.ended_at is None
