"""Answers of a self-check and a preview in a draft, marked until somebody has looked at them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from applications.models import Application, Section
from applications.queries.intake.questions import COMPANY, COST, PLAN, section_questions
from applications.rules.intake import carrying
from applications.services.intake import drafting
from portal.core.errors import RuleBroken
from portal.models import User


@transaction.atomic
def carry(draft: Application, answers: Mapping[str, Any], *, by: User, now: datetime) -> int:
    """Fill in what was answered before where the draft says nothing; return how many answers.

    What the firm has to state itself (the declarations) and consents are never filled in, and the track
    only where none is chosen. Raises MoveNotAllowed (`already_submitted`).
    """
    drafting.touch(draft, now=now)  # locks the draft: what it says now is what is filled up
    count = 0
    codes = {row.code for row in draft.sub_program.tracks.all()}
    if draft.track is None and answers.get("track") in codes:
        drafting.choose_track(draft, code=str(answers["track"]), by=by, now=now)
        count += 1
    for name in (COMPANY, PLAN, COST):
        count += _carry(draft, name, answers, by, now)
    return count


def _carry(
    draft: Application, name: str, answers: Mapping[str, Any], by: User, now: datetime
) -> int:
    section = draft.sections.filter(name=name).first()
    stored = section.data if section else {}
    found = carrying.fitting(section_questions(draft, name), answers, stored)
    if not found:
        return 0
    version = section.version if section else 0
    try:
        with transaction.atomic():
            saved = drafting.save_section(
                draft, name=name, data=found, version=version, by=by, now=now
            )
    except (RuleBroken, drafting.Conflict):
        return 0  # what the firm says itself goes before
    saved.carried = sorted({*(saved.carried or ()), *found})
    saved.save(update_fields=["carried"])
    return len(found)


@transaction.atomic
def look(draft: Application, *, name: str, now: datetime) -> None:
    """Record that the carried answers of a step were looked at. Raises MoveNotAllowed."""
    drafting.touch(draft, now=now)
    Section.objects.filter(application=draft, name=name).update(carried=None)
