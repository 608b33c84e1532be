"""Sub-programmes of a round with their parts, from the kept catalogue."""

from datetime import datetime

from portal.core.errors import NotFound
from programs.models import SubProgram
from programs.queries import kept


def sub_program(code: str, *, now: datetime, round: str = "") -> SubProgram:
    """Return an announced sub-programme, of the current round unless one is named.

    Raises NotFound.
    """
    return found(kept.catalogue(), round, code, now=now).instance()


def sub_program_of(round: str, code: str) -> SubProgram:
    """Return an announced sub-programme of a round. Raises NotFound."""
    if (program := kept.catalogue().find(round, code)) is None:
        raise NotFound("그런 사업이 없습니다.")
    return program.instance()


def found(catalogue: kept.Catalogue, round: str, code: str, *, now: datetime) -> kept.KeptProgram:
    """Return what is kept of an announced sub-programme, of the current round unless one is named.

    Raises NotFound.
    """
    if not round and (current := catalogue.current_round(now)):
        round = current.code
    if (program := catalogue.find(round, code)) is None:
        raise NotFound("그런 사업이 없습니다.")
    return program
