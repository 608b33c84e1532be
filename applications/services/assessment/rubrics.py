"""Rubrics of sub-programmes: frozen when scoring begins; every change is a new version."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from applications.models import RubricVersion, ScoreSheet
from applications.models.assessment.sheets import SheetQuerySet
from applications.queries.application import in_program
from applications.rules.assessment import scoring as scoring_rules
from portal.access import impartiality
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from portal.records import snapshot
from programs.models import SubProgram
from programs.roles import MANAGER

FIRST = "평가를 시작하며 고정"
REASON_LENGTH = 300


def rubric_of(sub_program: SubProgram) -> scoring_rules.Rubric:
    """Return the rubric as the catalogue defines it now. Raises BadInput (`rubric`)."""
    return scoring_rules.Rubric(
        criteria=tuple(
            scoring_rules.Criterion(row.code, row.label, row.max_points, row.core, row.skippable)
            for row in sub_program.criteria.all()
        ),
        floor=sub_program.floor,
        trim_from=sub_program.trim_from,
        minimum_sheets=sub_program.minimum_sheets,
        decimals=sub_program.decimals,
        bonus_cap=sub_program.bonus_cap,
        bonus_items=tuple(
            scoring_rules.BonusItem(row.code, row.label, row.points)
            for row in sub_program.bonus_items.all()
        ),
    )


def current(sub_program: SubProgram | int) -> RubricVersion | None:
    """Return the version in force, None before scoring begins."""
    return RubricVersion.objects.filter(sub_program=sub_program).order_by("-number").first()


def freeze(sub_program: SubProgram, *, by: User | None, now: datetime) -> RubricVersion:
    """Return the version in force, creating it from the catalogue the first time."""
    if version := current(sub_program):
        return version
    with transaction.atomic():
        SubProgram.objects.select_for_update(no_key=True).get(pk=sub_program.pk)
        return current(sub_program) or _write(sub_program, None, FIRST, by, now)


def changed(sub_program: SubProgram) -> bool:
    """Return whether the catalogue differs from the version in force."""
    version = current(sub_program)
    return version is not None and version.sha256 != _digest(*_catalogue_content(sub_program))


def renew(sub_program: SubProgram, *, reason: str, by: User, now: datetime) -> RubricVersion:
    """Put the catalogue's rubric in force as a new version; open sheets use it from now on.

    Raises MoveNotAllowed for anybody but a manager and (`rubric_unchanged`) when nothing has
    changed, BadInput (`reason`), RuleBroken (`sheets_do_not_fit`) when submitted sheets are not
    valid under it.
    """
    impartiality.require(
        by,
        [MANAGER],
        about=in_program(sub_program),
        message="평가 기준은 결정권자만 바꿀 수 있습니다.",
        code="move_not_allowed",
    )
    if not reason.strip() or len(reason) > REASON_LENGTH:
        raise BadInput(f"바꾸는 사유를 {REASON_LENGTH}자까지 적으세요.", code="reason")
    with transaction.atomic():
        SubProgram.objects.select_for_update(no_key=True).get(pk=sub_program.pk)
        last = current(sub_program)
        if last is None or not changed(sub_program):
            raise MoveNotAllowed("고정한 평가 기준과 다른 것이 없습니다.", code="rubric_unchanged")
        if misfits := _misfits(sub_program):
            raise RuleBroken(
                [
                    Finding(
                        "sheets_do_not_fit",
                        f"이미 제출한 평가표 {misfits:,}부의 항목이나 점수가 새 기준과 맞지 않아 바꿀 수 없습니다.",
                    )
                ]
            )
        made = _write(sub_program, last, reason.strip(), by, now)
        _sheets(sub_program).waiting().update(rubric=made)
    return made


def read(version: RubricVersion) -> scoring_rules.Rubric:
    return scoring_rules.Rubric.from_json(version.content)


def of_sheet(sheet: ScoreSheet) -> scoring_rules.Rubric:
    """Return the rubric a sheet is filled in under."""
    if sheet.rubric is not None:
        return read(sheet.rubric)
    return rubric_of(sheet.application.sub_program)


def guides_of(sheet: ScoreSheet) -> dict[str, str]:
    """Return the guidance shown beside each criterion of a sheet, by code."""
    if sheet.rubric is not None:
        return dict(sheet.rubric.guides)
    return _catalogue_content(sheet.application.sub_program)[1]


def _sheets(sub_program: SubProgram) -> SheetQuerySet:
    return ScoreSheet.objects.filter(application__sub_program=sub_program)


def _misfits(sub_program: SubProgram) -> int:
    rubric = rubric_of(sub_program)
    marks = _sheets(sub_program).counted().values_list("marks", flat=True)
    return sum(not scoring_rules.fits(rubric, sheet) for sheet in marks.iterator(chunk_size=2_000))


def _catalogue_content(sub_program: SubProgram) -> tuple[dict[str, Any], dict[str, str]]:
    guides = {row.code: row.guide for row in sub_program.criteria.all() if row.guide}
    return rubric_of(sub_program).to_json(), guides


def _digest(content: dict[str, Any], guides: dict[str, str]) -> str:
    return snapshot.sha256([content, guides])


def _write(
    sub_program: SubProgram,
    last: RubricVersion | None,
    reason: str,
    by: User | None,
    now: datetime,
) -> RubricVersion:
    content, guides = _catalogue_content(sub_program)
    number = RubricVersion.objects.filter(sub_program=sub_program).aggregate(n=Max("number"))["n"]
    return RubricVersion.objects.create(
        sub_program=sub_program,
        number=(number or 0) + 1,
        content=content,
        guides=guides,
        sha256=_digest(content, guides),
        frozen_at=now,
        frozen_by=by,
        reason=reason,
        previous=last,
    )
