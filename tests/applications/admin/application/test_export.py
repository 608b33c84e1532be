"""Exports: complete, counted, harmless in a spreadsheet, and logged."""

import csv
from io import StringIO

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from tests.factories import staff
from tests.factories.applications import CompanyFactory

pytestmark = pytest.mark.django_db
DESK = reverse("admin:applications_application_export")


def read(answer) -> list[list[str]]:
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    body = b"".join(answer.streaming_content).decode()
    assert body.startswith("\ufeff")
    return list(csv.reader(StringIO(body.removeprefix("\ufeff"))))


def test_the_desk_is_taken_away_as_filtered_and_counted(desk, program, officer) -> None:
    staff.filed(program, region="seoul", company=CompanyFactory(name='=HYPERLINK("x")'))
    staff.filed(program, region="jeju")
    staff.filed(staff.program(), region="seoul")
    rows = read(desk(officer).get(DESK, {"region": "seoul"}))
    assert len(rows) == 3
    assert rows[1][4] == '\'=HYPERLINK("x")'
    assert rows[-1] == ["합계", "1건"]
    kept = LogEntry.objects.get(action=LogEntry.Action.ACCESS)
    assert kept.actor == officer
    assert "region=seoul" in str(kept.changes)


def test_the_desk_is_searched_for_the_table_as_for_the_page(desk, program, officer) -> None:
    mine = staff.filed(program)
    staff.filed(program)
    rows = read(desk(officer).get(DESK, {"q": mine.number}))
    assert [row[0] for row in rows[1:]] == [mine.number, "합계"]


def test_the_ranked_list_is_taken_away_whole(desk, program, officer, judges) -> None:
    for place in range(3):
        staff.judged(program, (20 + place, 32, 24), judges=judges, support=400_000_000)
    made = staff.proposed(program, officer)
    rows = read(desk(officer).get(reverse("admin:applications_selection_export", args=[made.pk])))
    assert [row[0] for row in rows] == ["순위", "1", "2", "3", "합계"]
    assert [row[9] for row in rows[1:4]] == ["400000000", "800000000", ""]
    assert [row[10] for row in rows[1:4]] == ["선정", "선정", "예비"]
    assert rows[-1][1] == f"{made.cut['counted']}건"


@pytest.mark.parametrize("role", ["assessor", "operator"])
def test_nobody_without_a_desk_takes_anything_away(desk, program, role) -> None:
    staff.filed(program)
    assert desk(staff.staff(role)).get(DESK).status_code == 404
