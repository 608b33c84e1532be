"""Statistics: true, in a fixed number of queries, and small numbers left out for the public."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.models import Application, ApplicationMove
from applications.queries.open_data.publication import publication
from applications.queries.statistics import figures
from applications.queries.statistics.figures import Part, Table
from applications.services.selection import proposals
from applications.visibility import open_selections
from programs.models import NationalGoal, SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db


def table(code: str, tables: list[figures.Table]) -> dict[str, tuple[int | None, ...]]:
    (found,) = [each for each in tables if each.code == code]
    return dict(found.rows)


def released(program: SubProgram, count: int = 7) -> None:
    judges, boss = staff.assessors(3), staff.manager()
    for place in range(count):
        staff.judged(program, (30 - place, 40, 30), judges=judges)
    chosen = staff.decided(staff.proposed(program, boss, places=6), by=boss)
    proposals.release(chosen, by=boss, now=NOW)


def test_applications_and_selections_are_counted_by_programme_region_and_size() -> None:
    program = staff.program(name="시범")
    released(program)
    ApplicationFactory(sub_program=program)  # a draft is nobody's number
    Application.objects.update(region="busan", size="small")
    tables = figures.compute(program.round, public=False)
    assert table("programs", tables)["시범"] == (7, 6)
    assert table("region", tables)["부산"] == (7, 6)
    assert table("region", tables)["서울"] == (0, 0)
    assert table("size", tables)["소기업"] == (7, 6)
    assert table("days", tables) == {"2021-02-10": (7,)}
    assert table("money", tables)["시범"][:2] == (1_000_000_000, 300_000_000)


def test_a_decision_counts_for_the_public_once_it_is_released() -> None:
    program = staff.program(name="시범")
    boss, judges = staff.manager(), staff.assessors(3)
    for _ in range(6):
        staff.judged(program, judges=judges)
    chosen = staff.decided(staff.proposed(program, boss), by=boss)
    assert table("programs", figures.compute(program.round, public=False))["시범"] == (6, 6)
    public = figures.compute(program.round, public=True)
    assert table("programs", public)["시범"] == (6, 0)
    assert table("money", public)["시범"][1] == 0
    proposals.release(chosen, by=boss, now=NOW)
    public = figures.compute(program.round, public=True)
    assert table("programs", public)["시범"] == (6, 6)
    assert table("money", public)["시범"][1] == 300_000_000


def test_small_numbers_are_left_out_for_the_public_alone() -> None:
    program = staff.program(name="시범")
    released(program, count=8)
    Application.objects.update(region="seoul")
    some = list(Application.objects.values_list("pk", flat=True)[:2])
    Application.objects.filter(pk__in=some).update(region="jeju")
    assert table("region", figures.compute(program.round, public=False))["제주"] == (2, 2)
    public = table("region", figures.compute(program.round, public=True))
    assert public["제주"] == (None, None)
    assert public["서울"] == (None, None)  # or the sum would give the other away
    assert public["부산"] == (0, 0)


def test_a_whole_programme_is_published_and_its_small_parts_are_not() -> None:
    program = staff.program(name="시범")
    released(program, count=3)
    Application.objects.update(region="jeju")
    public = figures.compute(program.round, public=True)
    assert table("programs", public)["시범"] == (3, 3)
    assert open_selections().get().cut["selected_count"] == 3
    assert table("region", public)["제주"] == (None, None)


def test_what_one_table_leaves_out_follows_from_no_other() -> None:
    programs = Table("programs", "", ("신청",), (("가", (40,)), ("나", (9,)), ("다", (3,))))
    rows = (("가 1", (2,)), ("가 2", (38,)), ("나 1", (9,)), ("다 1", (3,)))
    part = Part("programs", 0, ("가", "가", "나", "다"))
    tracks = Table("tracks", "", ("신청",), rows, parts=(part,))
    shown = {row.code: dict(row.rows) for row in figures.without_small([programs, tracks])}
    assert shown["programs"] == {"가": (40,), "나": (None,), "다": (None,)}
    # 40 less 38 would be the two, 9 would give the three away.
    assert shown["tracks"] == dict.fromkeys(("가 1", "가 2", "나 1", "다 1"), (None,))


def test_the_tables_of_a_round_are_linked_to_those_they_divide() -> None:
    program = staff.program()
    for _ in range(3):
        staff.filed(program)
    tables = {row.code: row for row in figures.compute(program.round, public=False)}
    for row in tables.values():
        for place, part in enumerate(row.parts):
            assert len(row.parts) == len(row.columns)
            assert len(part.groups) == len(row.rows)
            whole = {name: values[part.column] for name, values in tables[part.table].rows}
            for group in part.groups:
                found = [v[place] for (_, v), one in zip(row.rows, part.groups, strict=True)
                         if one == group]  # fmt: skip
                if row.code == "tracks":
                    assert sum(found) == whole[group]
    assert tables["tracks"].parts


def test_new_build_and_levels_come_from_what_was_filed() -> None:
    rule = publication().new_build
    program = staff.program(code=rule["program"])
    levels = [{"code": "none", "label": "ICT 미적용"}, {"code": "basic", "label": "기초"}]
    program.questions = [{"code": "current_level", "choices": levels}]
    program.save()
    for before, after in (("none", "basic"), ("none", "basic"), ("basic", "basic")):
        staff.filed(program, facts={"current_level": before, "target_level": after})
    tables = figures.compute(program.round, public=False)
    assert table("new-or-upgrade", tables) == {
        "신규 구축(지금 ICT 미적용)": (2, 0),
        "고도화": (1, 0),
    }
    assert table("levels", tables)["ICT 미적용"] == (2, 0, 0, 0)
    assert table("levels", tables)["기초"] == (1, 3, 0, 0)


def test_days_per_step_have_a_middle_and_a_tail() -> None:
    program, boss = staff.program(), staff.manager()
    for days in (1, 2, 3, 4, 30):
        made = staff.filed(program)
        for name, at in (("submit", NOW), ("take_up", NOW + timedelta(days=days, hours=5))):
            ApplicationMove.objects.create(
                thing=made, move=name, source="draft", target="submitted", by=boss, at=at
            )
    found = table("steps", figures.compute(program.round, public=False))
    assert found["접수부터 요건검토 시작까지"] == (5, 3, 30)
    assert found["결정부터 발표까지"] == (0, None, None)
    public = table("steps", figures.compute(program.round, public=True))
    assert public["접수부터 요건검토 시작까지"] == (0, None, None)


def test_the_number_of_queries_is_fixed() -> None:
    program = staff.program()
    queries = []
    for count in (2, 9):
        released(program, count)
        with CaptureQueriesContext(connection) as found:
            figures.compute(program.round, public=True)
        queries.append(len(found))
        staff.program()  # one more sub-programme, one more pot
    assert queries[0] == queries[1]


def test_figures_are_kept_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    program = staff.program(name="시범")
    assert table("programs", figures.figures(program.round, public=False))["시범"] == (0, 0)
    staff.filed(program)
    assert table("programs", figures.figures(program.round, public=False))["시범"] == (0, 0)
    later = figures.time.time() + 10_000
    monkeypatch.setattr(figures.time, "time", lambda: later)
    assert table("programs", figures.figures(program.round, public=False))["시범"] == (1, 0)


def test_while_one_reckons_the_others_show_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    program = staff.program(name="시범")
    figures.figures(program.round, public=False)
    staff.filed(program)
    later = figures.time.time() + 10_000
    monkeypatch.setattr(figures.time, "time", lambda: later)
    cache.add(f"statistics:{program.round.pk}:False:busy", 1, 60)
    assert table("programs", figures.figures(program.round, public=False))["시범"] == (0, 0)


def test_the_page_shows_charts_beside_tables_and_quotes_the_goals(client: Client) -> None:
    program = staff.program(name="시범")
    released(program)
    for code, value in (("plan", 17_800), ("actual", 19_799), ("target", 30_000)):
        NationalGoal.objects.create(
            code=code, label=f"목표 {code}", value=value, unit="개", kind=code, origin="source S6"
        )
    page = client.get("/statistics/").content.decode()
    for words in ("30,000", "19,799", "17,800", "시범", "내역사업별 신청과 선정", "<svg"):
        assert words in page
    assert "10,201" not in page  # nobody subtracts what the source does not
    assert "111" not in page
    assert page.count('<svg class="chart__svg"') >= 7
    assert client.get("/statistics/?round=none").status_code == 200


def test_the_page_says_so_when_there_is_no_round(client: Client) -> None:
    assert "공고한 회차가 없습니다" in client.get("/statistics/").content.decode()
