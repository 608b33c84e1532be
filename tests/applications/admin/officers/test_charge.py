"""The responsible officer on the page of an application and in the list."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application
from applications.services.officers import charge
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LIST = reverse("admin:applications_application_changelist")


def act(application: Application, name: str) -> str:
    return reverse("admin:applications_application_act", args=[application.pk, name])


def page(application: Application) -> str:
    return reverse("admin:applications_application_change", args=[application.pk])


def offered(client, application: Application) -> set[str]:
    buttons = client.get(page(application)).context["buttons"]
    return {step.name for step, _ in buttons} & {"take", "take-over", "give", "let-go"}


def holder(application: Application) -> int | None:
    return Application.objects.get(pk=application.pk).officer_id


def numbers(client, **query) -> set[str]:
    return {row.number for row in client.get(LIST, query).context["cl"].result_list}


def test_each_is_offered_what_they_may_do_and_it_is_done(desk, program, officer, boss) -> None:
    filed, other = staff.filed(program), staff.officer(program)
    mine, theirs, manager = desk(officer), desk(other), desk(boss)
    assert offered(mine, filed) == {"take"}
    assert offered(manager, filed) == {"give"}
    mine.post(act(filed, "take"))
    assert holder(filed) == officer.pk
    assert offered(mine, filed) == {"give", "let-go"}
    assert offered(theirs, filed) == {"take-over"}
    assert "사유" in theirs.get(act(filed, "take-over")).content.decode()
    theirs.post(act(filed, "take-over"), {"reason": ""})
    assert holder(filed) == officer.pk
    theirs.post(act(filed, "take-over"), {"reason": "휴가 중이어서"})
    assert holder(filed) == other.pk
    manager.post(act(filed, "give"), {"to": officer.pk, "reason": "업무 조정"})
    assert holder(filed) == officer.pk
    mine.post(act(filed, "let-go"), {"reason": ""})
    assert holder(filed) is None
    shown = mine.get(page(filed), {"tab": "notes"}).content.decode()
    assert "휴가 중이어서" in shown
    assert offered(desk(staff.auditor()), filed) == set()


def test_only_officers_of_the_sub_programme_are_offered_as_successors(
    desk, program, officer
) -> None:
    filed, other, foreign = staff.filed(program), staff.officer(program), staff.officer()
    charge.take(filed, by=officer, now=NOW)
    client = desk(officer)
    choices = client.get(act(filed, "give")).context["form"].fields["to"].queryset
    assert set(choices) == {other}
    client.post(act(filed, "give"), {"to": foreign.pk})
    assert holder(filed) == officer.pk


def test_the_list_shows_the_officer_and_is_narrowed_by_them(desk, program, officer, boss) -> None:
    mine, other, nobodys = (staff.filed(program) for _ in range(3))
    charge.take(mine, by=officer, now=NOW)
    charge.take(other, by=staff.officer(program), now=NOW)
    client = desk(officer)
    assert numbers(client, charge="mine") == {mine.number}
    assert numbers(client, charge="team") == {mine.number, other.number, nobodys.number}
    assert numbers(client, charge="nobody") == {nobodys.number}
    assert numbers(client, charge="x") == set()
    assert str(officer) in client.get(LIST, {"charge": "mine"}).content.decode()
    assert numbers(desk(boss), charge="mine") == set()
    export = reverse("admin:applications_application_export")
    answer = client.get(export, {"charge": "mine"})
    header, row, *_ = b"".join(answer.streaming_content).decode().splitlines()
    assert header.endswith("담당자")
    assert row.endswith(str(officer))


def test_the_list_asks_as_often_for_many_files_of_many_officers(desk, program, officer) -> None:
    client = desk(officer)

    def queries() -> int:
        client.get(LIST)
        with CaptureQueriesContext(connection) as caught:
            client.get(LIST)
        return len(caught)

    counts = []
    for more in (2, 20):
        for _ in range(more):
            charge.take(staff.filed(program), by=staff.officer(program), now=NOW)
        counts.append(queries())
    assert counts[0] == counts[1]
