"""The rubric is frozen when scoring begins; a change is a new version, linked to the old."""

import pytest
from django.db import DatabaseError, transaction

from applications.models import RubricVersion
from applications.services.assessment import rubrics, scoring, sheets
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from programs.models import Criterion
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def boss():
    return staff.manager()


@pytest.fixture
def sheet(program, officer):
    row = staff.judged(program, judges=[])
    return staff.opened(row, staff.assessors(1)[0], officer)


def codes(error: pytest.ExceptionInfo) -> set[str]:
    return {finding.code for finding in error.value.findings}


def test_the_first_assignment_freezes_the_rubric(sheet, program) -> None:
    version = RubricVersion.objects.get()
    assert (version.number, version.previous, sheet.rubric) == (1, None, version)
    assert rubrics.read(version) == rubrics.rubric_of(program)
    assert not rubrics.changed(program)


def test_a_changed_catalogue_does_not_change_an_open_sheet(sheet, program) -> None:
    before = rubrics.of_sheet(sheet)
    Criterion.objects.filter(code="need").update(max_points=10, label="다른 항목")
    program.refresh_from_db()
    assert rubrics.changed(program)
    assert rubrics.of_sheet(sheet) == before
    sheets.save(
        sheet, marks={"need": 30}, reasons={}, comment="", version=1, by=sheet.assessor, now=NOW
    )
    assert sheet.marks == {"need": 30}


def test_a_new_version_names_the_old_and_open_sheets_go_on_under_it(sheet, program, boss) -> None:
    Criterion.objects.filter(code="need").update(guide="새 안내")
    made = rubrics.renew(program, reason="안내 보완", by=boss, now=NOW)
    sheet.refresh_from_db()
    assert (made.number, made.previous.number, sheet.rubric) == (2, 1, made)
    assert rubrics.guides_of(sheet)["need"] == "새 안내"
    assert made.sha256 != made.previous.sha256


def test_a_new_version_needs_a_manager_a_reason_and_a_difference(
    sheet, program, officer, boss
) -> None:
    with pytest.raises(MoveNotAllowed):
        rubrics.renew(program, reason="같음", by=boss, now=NOW)
    Criterion.objects.filter(code="need").update(label="필요")
    with pytest.raises(MoveNotAllowed):
        rubrics.renew(program, reason="바뀜", by=officer, now=NOW)
    with pytest.raises(BadInput):
        rubrics.renew(program, reason=" ", by=boss, now=NOW)


def test_submitted_sheets_must_fit_the_new_version(program, boss) -> None:
    staff.judged(program, (30, 40, 30), judges=staff.assessors(3))
    rubrics.freeze(program, by=None, now=NOW)
    Criterion.objects.filter(code="need").update(max_points=20)
    with pytest.raises(RuleBroken) as refused:
        rubrics.renew(program, reason="배점 조정", by=boss, now=NOW)
    assert codes(refused) == {"sheets_do_not_fit"}


def test_a_changed_rubric_is_a_new_run_linked_to_the_old(program, officer, boss) -> None:
    staff.judged(program, judges=staff.assessors(3), bonus=True)
    first = staff.scored(program, officer)
    program.bonus_cap = 3
    program.save()
    second = staff.scored(program, officer)
    assert second.rubric == first.rubric  # nothing changes by itself
    rubrics.renew(program, reason="가점 한도 조정", by=boss, now=NOW)
    third = staff.scored(program, officer)
    assert (third.previous, third.version.number) == (second, 2)
    assert third.results.get().bonus == 3
    assert first.results.get().bonus == 5


def test_versions_are_never_rewritten(sheet) -> None:
    for change in (
        lambda: RubricVersion.objects.update(reason="x"),
        lambda: RubricVersion.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_not_applicable_is_kept_and_counted_neither_way(program, officer) -> None:
    Criterion.objects.filter(sub_program=program, code="team").update(skippable=True)
    row = staff.judged(program, judges=[])
    for judge in staff.assessors(3):
        sheet = staff.opened(row, judge, officer)
        with pytest.raises(BadInput):
            sheets.save(
                sheet, marks={}, skipped=["plan"], reasons={}, comment="", version=1, by=judge,
                now=NOW,
            )  # fmt: skip
        sheets.save(
            sheet, marks={"need": 21, "plan": 28}, skipped=["team"],
            reasons={"need": "ㄱ", "plan": "ㄴ", "team": "해당 없는 사업"}, comment="", version=1,
            by=judge, now=NOW,
        )  # fmt: skip
        sheets.lock(sheet, by=judge, now=NOW)
        assert sheet.marks["team"] is None
    result = staff.scored(program, officer).results.get()
    assert f"{result.raw}" == "70.00"
    assert result.breakdown["sheets"][0]["skipped"] == ["team"]
    assert "해당 없음" in result.breakdown["rule"]
    assert scoring.unready(program) == []
