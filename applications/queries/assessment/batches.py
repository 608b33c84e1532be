"""The firms over which an assessor of a blind stage states their ties, without telling whose sheet.

All sheets of one sub-programme that await the statement are one batch. Its firms stand in one list in
the order of their names, filled up with firms of other applications where it would be so short that
a sheet could be told from it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from applications.models import Application, Company, Partner, ScoreSheet
from applications.states import ApplicationState, PartnerState
from applications.visibility import undeclared_sheets
from portal.core.validators import format_business_number
from portal.models import User
from portal.records import snapshot
from programs.models import SubProgram

LEAST_FIRMS = 6
SOUGHT = 1_000  # applications among which others are chosen
TAKING_PART = [PartnerState.INVITED, PartnerState.PENDING, PartnerState.ACCEPTED]


@dataclass(frozen=True)
class Firm:
    """A firm in the list, and the applications that it takes part in."""

    key: str
    name: str
    applications: frozenset[int]


@dataclass(frozen=True)
class Batch:
    program: SubProgram
    sheets: tuple[ScoreSheet, ...]
    firms: tuple[Firm, ...]

    @property
    def version(self) -> str:
        """What was shown: a statement holds for this list only."""
        return snapshot.sha256(
            [sorted(sheet.pk for sheet in self.sheets), [firm.key for firm in self.firms]]
        )


def batch_of(assessor: User, program: SubProgram) -> Batch | None:
    """Return what the assessor has to state about one sub-programme; None when there is nothing."""
    sheets = tuple(
        undeclared_sheets(assessor)
        .filter(application__sub_program=program)
        .select_related("application")
        .order_by("pk")
    )
    if not sheets:
        return None
    own = [sheet.application_id for sheet in sheets]
    firms = _firms(own)
    if len(firms) < LEAST_FIRMS:
        firms = _firms([*own, *_others(assessor, program, own)])
    return Batch(program, sheets, tuple(sorted(firms, key=lambda firm: (firm.name, firm.key))))


def _others(assessor: User, program: SubProgram, own: list[int]) -> list[int]:
    """Return some applications of other assessors, those of the sub-programme first.

    They differ from batch to batch, and are always the same for one.
    """
    salt = ",".join(map(str, sorted(own)))
    rows = Application.objects.filter(sub_program__round=program.round_id).exclude(
        state__in=[ApplicationState.DRAFT, ApplicationState.WITHDRAWN]
    )
    rows = rows.exclude(sheets__assessor=assessor).order_by("pk")
    here = rows.filter(sub_program=program, state=ApplicationState.ASSESSING)
    found: list[int] = []
    for part in (here, rows.exclude(sub_program=program)):
        if len(found) < LEAST_FIRMS:
            known = part.values_list("pk", flat=True)[:SOUGHT]
            found += sorted(known, key=lambda pk: _shuffled(salt, pk))
    return found[:LEAST_FIRMS]


def _shuffled(salt: str, pk: int) -> bytes:
    return hashlib.sha256(f"{salt}:{pk}".encode()).digest()


def _firms(applications: Iterable[int]) -> list[Firm]:
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    rows = Application.objects.filter(pk__in=list(applications)).select_related("company")
    for row in rows:
        found[_firm(row.company)].add(row.pk)
    partners = Partner.objects.filter(application__in=rows, state__in=TAKING_PART)
    for partner in partners.select_related("company"):
        firm = (
            _firm(partner.company)
            if partner.company
            else (f"name:{partner.company_name}", partner.company_name)
        )
        found[firm].add(partner.application_id)
    return [Firm(key, name, frozenset(pks)) for (key, name), pks in found.items()]


def _firm(company: Company) -> tuple[str, str]:
    return (
        f"firm:{company.pk}",
        f"{company.name} ({format_business_number(company.business_number)})",
    )
