"""Questions and conditions of a sub-programme's form, parsed once per revision of the catalogue."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from applications.models import Application
from applications.rules.intake.questions import Question, read_question, read_questions
from portal.core.frozen import frozen
from portal.records import snapshot
from programs.models import SubProgram
from programs.queries import kept
from programs.rules import eligibility

COMPANY, PLAN, COST, DECLARATIONS = "company", "plan", "cost", "declarations"
SECTIONS = (COMPANY, PLAN, COST, DECLARATIONS)
REQUESTED = "requested_won"  # code of the question for the sum, where no share decides it
REQUESTED_QUESTION = {"code": REQUESTED, "label": "신청하는 정부지원금", "kind": "won"}

DOCUMENT_FIELDS = ("code", "label", "guide", "required", "when", "formats", "max_files")
BONUS_FIELDS = ("code", "label", "points", "guide", "industry_hints", "question")

_forms: dict[int, "ProgramForm"] = {}


@dataclass(eq=False)
class ProgramForm:
    """Form of a sub-programme with its conditions. Shared by all who read it."""

    program: kept.KeptProgram

    def sub_program(self) -> SubProgram:
        """Return a new instance with round and parts, which the caller may change."""
        return self.program.instance()

    @property
    def conditions(self) -> tuple[eligibility.Condition, ...]:
        return self.program.conditions

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        return self._parts("documents", DOCUMENT_FIELDS)

    @cached_property
    def bonus_items(self) -> list[dict[str, Any]]:
        return self._parts("bonus_items", BONUS_FIELDS)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return read_questions(self._row.questions)

    @cached_property
    def profile(self) -> tuple[Question, ...]:
        return tuple(read_question(row) for row in self._row.round.profile)

    @cached_property
    def content(self) -> dict[str, Any]:
        """Return the form as plain JSON: what a filed application answers and is judged by."""
        row = self._row
        return frozen(
            {
                "questions": row.questions,
                "profile": self._row.round.profile,
                "cost_items": row.cost_items,
                "partner_roles": row.partner_roles,
                "consents": row.consents,
                "conditions": row.conditions,
                "documents": self.documents,
                "bonus_items": self.bonus_items,
            }
        )

    @cached_property
    def sha256(self) -> str:
        return snapshot.sha256_of_plain(self.content)

    @cached_property
    def _row(self) -> SubProgram:
        return self.program.instance()

    def _parts(self, name: str, fields: tuple[str, ...]) -> list[dict[str, Any]]:
        rows = getattr(self._row, name).all()
        return frozen([{field: getattr(row, field) for field in fields} for row in rows])


def form_of(sub_program: int) -> ProgramForm:
    """Return the current form of the sub-programme with this primary key, parsed once.

    Raises SubProgram.DoesNotExist.
    """
    program = kept.catalogue().program(sub_program)
    known = _forms.get(sub_program)
    if known is None or known.program is not program:
        known = _forms[sub_program] = ProgramForm(program)
    return known


def section_questions(application: Application, section: str) -> list[dict[str, Any]]:
    """Return the declared questions of a section in their order, whether they apply or not.

    Without those whose answer the programme implies.
    """
    program = application.sub_program
    if section == COMPANY:
        return list(program.round.profile)
    if section == COST:
        lines = [{**item, "kind": "won"} for item in program.cost_items]
        return [*lines, REQUESTED_QUESTION] if needs_requested_sum(application) else lines
    declared = section == DECLARATIONS
    return [
        row
        for row in program.questions
        if (row.get("section") == DECLARATIONS) is declared and "implied" not in row
    ]


def needs_requested_sum(application: Application) -> bool:
    """Return whether the chosen track pays the requested sum, so that it must be named."""
    return application.track is not None and application.track.grant_kind == "requested"
