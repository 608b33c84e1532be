"""Whether an earlier application can be written again, and for which sub-programme."""

from datetime import datetime

from applications.models import Application
from applications.states import ApplicationState
from programs.models import SubProgram
from programs.queries.kept import Catalogue
from programs.queries.rounds import refusal


def target(earlier: Application, catalogue: Catalogue, *, now: datetime) -> SubProgram | None:
    """Return the sub-programme of the same code that takes applications now, the latest first."""
    if earlier.state == ApplicationState.DRAFT or earlier.detached_id is not None:
        return None
    code = earlier.sub_program.code
    same = (catalogue.find(round.code, code) for round in catalogue.rounds())
    programs = (row.instance() for row in same if row is not None)
    return next((row for row in programs if refusal(row, now) is None), None)


def open_draft(earlier: Application, program: SubProgram) -> Application | None:
    """Return what the site applied for with already, a draft or a filed application."""
    rows = Application.objects.filter(sub_program=program, site=earlier.site_id)
    return rows.exclude(state=ApplicationState.WITHDRAWN).first()


def is_offered(earlier: Application, catalogue: Catalogue, *, now: datetime) -> bool:
    """Return whether its firm can start again from it."""
    program = target(earlier, catalogue, now=now)
    if program is None:
        return False
    if program.pk == earlier.sub_program_id and earlier.state != ApplicationState.WITHDRAWN:
        return False  # a site applies once
    return open_draft(earlier, program) is None
