"""Where an application stands: its sheets and scores, its decisions, the aid of its company."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from applications.models import AidException, Application, Instalment, ScoreSheet
from applications.queries.selection import aid, decisions
from applications.rules.assessment import scoring as scoring_rules
from applications.services.assessment import rubrics
from applications.visibility import staff_applications
from portal.access.requests import person
from programs.rules.grants.limits import amount


def scores(application: Application, sheets: list[ScoreSheet]) -> dict[str, Any]:
    version = rubrics.current(application.sub_program_id)
    rubric = rubrics.read(version) if version else rubrics.rubric_of(application.sub_program)
    rows = [
        {
            "sheet": sheet,
            "marks": [_mark_text(sheet, row.code) for row in rubric.criteria],
            "total": scoring_rules.total(rubric, sheet.marks),
        }
        for sheet in sheets
    ]
    counted = [sheet.marks for sheet in sheets if sheet.locked_at and not sheet.ended]
    valid = [marks for marks in counted if scoring_rules.fits(rubric, marks)]
    return {
        "criteria": rubric.criteria,
        "sheets": rows,
        "locked": len(counted),
        "ended": sum(sheet.ended for sheet in sheets),
        "opinions": scoring_rules.opinions(rubric, valid),
        "trimmed_counts": len(valid) >= rubric.trim_from,
    }


def decided(application: Application) -> dict[str, Any]:
    return {
        "decisions": decisions.history(application),
        "changes": application.changes.order_by("pk"),
        "objections": application.objections.order_by("pk"),
        "agreement": getattr(application, "agreement", None),
    }


def instalments(application: Application) -> QuerySet[Instalment]:
    return Instalment.objects.filter(agreement__application=application).order_by("number")


def aid_position(request: HttpRequest, application: Application) -> aid.AidStatus:
    # Read once for the button, its form and the page.
    cache: dict[int, aid.AidStatus] = request.__dict__.setdefault("aid_by_application", {})
    if application.pk not in cache:
        cache[application.pk] = aid.status(application)
    return cache[application.pk]


def aid_context(request: HttpRequest, application: Application) -> dict[str, Any]:
    position = aid_position(request, application)
    codes = {row.code: row.label for row, _ in position.used}
    exceptions = AidException.objects.filter(application=application).select_related("by")
    return {
        "aid": position.held,
        "aid_open": set(_readable_ids(request, position)),
        "aid_won": position.won,
        "aid_used": [(row.label, used, amount(row, row.most)) for row, used in position.used],
        "aid_over": position.over,
        "aid_exceptions": [
            (codes.get(row.limit, row.limit), row) for row in exceptions.order_by("pk")
        ],
    }


def _readable_ids(request: HttpRequest, position: aid.AidStatus) -> Iterable[int]:
    visible = staff_applications(person(request))
    return visible.filter(pk__in=[row.application.pk for row in position.held]).values_list(
        "pk", flat=True
    )


def _mark_text(sheet: ScoreSheet, code: str) -> object:
    if code in sheet.marks and sheet.marks[code] is None:
        return "해당 없음"
    return sheet.marks.get(code)
