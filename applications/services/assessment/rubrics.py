"""How a sub-programme is judged, frozen when scoring begins; a change is a new version."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from applications.models import RubricVersion, ScoreSheet
from applications.rules.assessment import scoring as rules
from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from portal.records import snapshot
from programs.models import SubProgram
from programs.roles import MANAGER

FIRST = "평가를 시작하며 고정"
REASON_LENGTH = 300


def rubric_of(sub_program: SubProgram) -> rules.Rubric:
    """The rubric as the catalogue's rows say now. Raises BadInput (`rubric`)."""
    return rules.Rubric(
        criteria=tuple(
            rules.Criterion(row.code, row.label, row.max_points, row.core, row.skippable)
            for row in sub_program.criteria.all()
        ),
        floor=sub_program.floor,
        trim_from=sub_program.trim_from,
        minimum_sheets=sub_program.minimum_sheets,
        decimals=sub_program.decimals,
        bonus_cap=sub_program.bonus_cap,
        bonus_items=tuple(
            rules.BonusItem(row.code, row.label, row.points)
            for row in sub_program.bonus_items.all()
        ),
    )


def current(sub_program: SubProgram | int) -> RubricVersion | None:
    """The version in force; None before scoring begins."""
    return RubricVersion.objects.filter(sub_program=sub_program).order_by("-number").first()


def freeze(sub_program: SubProgram, *, by: User | None, now: datetime) -> RubricVersion:
    """Return the version in force, made from the catalogue the first time it is asked for."""
    if version := current(sub_program):
        return version
    with transaction.atomic():
        SubProgram.objects.select_for_update(no_key=True).get(pk=sub_program.pk)
        return current(sub_program) or _write(sub_program, None, FIRST, by, now)


def changed(sub_program: SubProgram) -> bool:
    """Whether the catalogue says something else than the version in force."""
    version = current(sub_program)
    return version is not None and version.sha256 != _digest(*_written(sub_program))


def renew(sub_program: SubProgram, *, reason: str, by: User, now: datetime) -> RubricVersion:
    """Put the catalogue's rubric into force as a new version, linked to the one before.

    Open sheets are filled under it from now on. Raises MoveNotAllowed for anybody but a manager
    or when nothing has changed, BadInput (`reason`), and RuleBroken (`sheets_do_not_fit`) when
    sheets that were handed in cannot be read under it.
    """
    if MANAGER not in roles_of(by):
        raise MoveNotAllowed("평가 기준은 결정권자만 바꿀 수 있습니다.")
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


def read(version: RubricVersion) -> rules.Rubric:
    """The frozen rubric. Raises BadInput (`rubric`)."""
    return rules.Rubric.from_json(version.content)


def of_sheet(sheet: ScoreSheet) -> rules.Rubric:
    """The rubric that a sheet is filled under."""
    if sheet.rubric is not None:
        return read(sheet.rubric)
    return rubric_of(sheet.application.sub_program)


def guides_of(sheet: ScoreSheet) -> dict[str, str]:
    """The words beside each criterion of a sheet."""
    if sheet.rubric is not None:
        return dict(sheet.rubric.guides)
    return _written(sheet.application.sub_program)[1]


def _sheets(sub_program: SubProgram) -> Any:
    return ScoreSheet.objects.filter(application__sub_program=sub_program)


def _misfits(sub_program: SubProgram) -> int:
    rubric = rubric_of(sub_program)
    marks = _sheets(sub_program).counted().values_list("marks", flat=True)
    return sum(not rules.fits(rubric, sheet) for sheet in marks.iterator(chunk_size=2_000))


def _written(sub_program: SubProgram) -> tuple[dict[str, Any], dict[str, str]]:
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
    content, guides = _written(sub_program)
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
