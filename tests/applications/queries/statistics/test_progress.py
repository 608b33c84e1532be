"""The stages of a round: true counts and days, each number leading to the list of what it counts."""

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.admin import ModelAdmin, site
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application, ApplicationMove
from applications.queries.statistics import charts, figures, progress
from applications.queries.statistics.figures import Table
from applications.states import ApplicationState
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db
S = ApplicationState


def moved(application: Application, name: str, at: datetime) -> None:
    step = application.MOVES[name]
    ApplicationMove.objects.create(
        thing=application, move=name, source=step.source[0], target=step.target, by=UserFactory(), at=at
    )  # fmt: skip


def filled(program: SubProgram) -> None:
    for state in (S.SUBMITTED, S.SUBMITTED, S.SCREENING, S.ASSESSING, S.CONTRACTED, S.WITHDRAWN):
        ApplicationFactory(filed=True, sub_program=program, state=state)


def line(program: SubProgram) -> progress.Line:
    (found,) = [row for row in progress.compute(program.round) if row.program == program.pk]
    return found


def test_every_stage_is_counted_and_nothing_that_was_not_filed() -> None:
    program, other = staff.program(name="시범"), staff.program()
    filled(program)
    ApplicationFactory(sub_program=program)
    ApplicationFactory(filed=True, sub_program=other)
    found = line(program)
    counts = {stage.state: stage.count for stage in found.stages if stage.count}
    assert (found.label, counts) == (
        "시범",
        {S.SUBMITTED: 2, S.SCREENING: 1, S.ASSESSING: 1, S.CONTRACTED: 1, S.WITHDRAWN: 1},
    )


def test_a_stage_says_how_many_days_it_took_in_each_sub_programme() -> None:
    quick, slow = staff.program(), staff.program()
    for program, days in ((quick, 1), (slow, 9)):
        done = ApplicationFactory(filed=True, sub_program=program, state=S.ASSESSING)
        moved(done, "submit", NOW)
        moved(done, "take_up", NOW + timedelta(days=days))
        moved(done, "qualify", NOW + timedelta(days=days + 2))
    days = {
        program.pk: {row.state: row.days for row in line(program).stages}
        for program in (quick, slow)
    }
    assert [days[quick.pk][S.SUBMITTED], days[slow.pk][S.SUBMITTED]] == [1, 9]
    assert days[slow.pk][S.SCREENING] == 2
    assert days[slow.pk][S.ASSESSING] is None


def test_the_funnel_shows_how_many_have_come_how_far() -> None:
    program = staff.program()
    filled(program)
    drawn = progress.funnel([line(program)])
    assert [row[1] for row in drawn.rows] == ["6건", "2건", "1건", "1건", "1건", "0건"]


def test_a_round_is_counted_in_as_many_queries_however_much_was_filed() -> None:
    program = staff.program()
    filled(program)
    with CaptureQueriesContext(connection) as few:
        progress.compute(program.round)
    for _ in range(3):
        filled(program)
    with CaptureQueriesContext(connection) as many:
        progress.compute(program.round)
    assert len(many) == len(few)


def test_every_number_of_the_page_leads_to_a_list_of_as_many(client: Client) -> None:
    program, other = staff.program(), staff.program()
    filled(program)
    filled(other)
    officer = staff.officer(program)
    visitor = staff.enter(client, officer)
    page = visitor.get(reverse("admin:applications_roundreport_figures")).content.decode()
    listed = reverse("admin:applications_application_changelist")
    links = re.findall(rf'<a href="({listed}[^"]+)">(\d+)</a>', page)
    assert len(links) == 5
    for link, number in links:
        assert f"program={program.pk}" in link
        request = RequestFactory().get(link.replace("&amp;", "&"))
        request.user = officer
        drawn = ModelAdmin.get_changelist_instance(site._registry[Application], request)
        assert drawn.queryset.count() == int(number)


def test_decisions_are_counted_by_week_for_staff_alone() -> None:
    program = staff.program()
    monday = NOW - timedelta(days=NOW.weekday())
    for days in (0, 1, 7):
        moved(
            ApplicationFactory(decided=True, sub_program=program),
            "decide",
            monday + timedelta(days),
        )
    (weeks,) = [row for row in figures.compute(program.round, public=False) if row.code == "weeks"]
    assert [values for _, values in weeks.rows] == [(2,), (1,)]
    public = figures.compute(program.round, public=True)
    assert [row.code for row in public if row.code == "weeks"] == []


def test_money_is_drawn_as_a_share_of_each_pot() -> None:
    rows = (("큰 사업", (400_200_000_000, 0, 0, 100_050_000_000, 300_150_000_000)),
            ("작은 사업", (1_400_000_000, 700_000_000, 0, 0, 700_000_000)),
            ("배정 전", (0, 0, 0, 0, 0)))  # fmt: skip
    money = Table("money", "사업별 예산", ("배정", "선정", "협약", "지급", "남음"), rows, unit="원")
    drawn = charts.draw(money)
    assert drawn is not None
    assert drawn.rows[0][1:] == ("0%", "0%", "25%", "75%")
    assert drawn.rows[1][1:] == ("50%", "0%", "0%", "50%")
    assert set(drawn.rows[2][1:]) == {"배정 없음"}
