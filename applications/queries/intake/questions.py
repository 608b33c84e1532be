"""Questions and conditions of a sub-programme's form, parsed once per version of its rows.

Filing at the deadline reads the same few rows sixty times a second. In PostgreSQL every version of
a row has another `xmin` and `ctid`: one short query tells whether what this process has parsed is
still current, however the rows were changed. Other databases have no such columns; there the rows
are read each time.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from applications.models import Application
from applications.rules.intake.questions import Question, read_question, read_questions
from portal.records import snapshot
from programs.models import ProgramRound, SubProgram
from programs.rules import eligibility

COMPANY, PLAN, COST, DECLARATIONS = "company", "plan", "cost", "declarations"
SECTIONS = (COMPANY, PLAN, COST, DECLARATIONS)
REQUESTED = "requested_won"  # code of the question for the sum, where no share decides it
REQUESTED_QUESTION = {"code": REQUESTED, "label": "신청하는 정부지원금", "kind": "won"}

VERSION_SQL = """
SELECT concat_ws(';', program.xmin, program.ctid, round.xmin, round.ctid,
    (SELECT string_agg(concat_ws(',', row.id, row.xmin, row.ctid), ';' ORDER BY row.id)
     FROM programs_requireddocument AS row WHERE row.sub_program_id = program.id),
    '-',
    (SELECT string_agg(concat_ws(',', row.id, row.xmin, row.ctid), ';' ORDER BY row.id)
     FROM programs_bonusitem AS row WHERE row.sub_program_id = program.id))
FROM programs_subprogram AS program
JOIN programs_programround AS round ON round.id = program.round_id
WHERE program.id = %s
"""
DOCUMENT_FIELDS = ("code", "label", "guide", "required", "when", "formats", "max_files")
BONUS_FIELDS = ("code", "label", "points", "guide", "industry_hints", "question")

Values = list[Any]
_cache: dict[int, tuple[str, "ProgramForm"]] = {}


@dataclass(eq=False)
class ProgramForm:
    """Form of a sub-programme with its conditions. Shared by all who read it: never change it."""

    program: Values
    round: Values
    documents: list[dict[str, Any]]
    bonus_items: list[dict[str, Any]]

    def sub_program(self) -> SubProgram:
        """Return a fresh instance with its round, which the caller may change."""
        program = SubProgram.from_db(connection.alias, _columns(SubProgram), self.program)
        program.round = ProgramRound.from_db(connection.alias, _columns(ProgramRound), self.round)
        return program

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return read_questions(self._shared.questions)

    @cached_property
    def profile(self) -> tuple[Question, ...]:
        return tuple(read_question(row) for row in self._shared.round.profile)

    @cached_property
    def conditions(self) -> tuple[eligibility.Condition, ...]:
        return self._shared.conditions_parsed()

    @cached_property
    def content(self) -> dict[str, Any]:
        """Return the form as plain JSON: what a filed application answers and is judged by."""
        program = self._shared
        return {
            "questions": program.questions,
            "profile": program.round.profile,
            "cost_items": program.cost_items,
            "partner_roles": program.partner_roles,
            "consents": program.consents,
            "conditions": program.conditions,
            "documents": self.documents,
            "bonus_items": self.bonus_items,
        }

    @cached_property
    def sha256(self) -> str:
        return snapshot.sha256_of_plain(self.content)

    @cached_property
    def _shared(self) -> SubProgram:
        return self.sub_program()


def form_of(sub_program: int) -> ProgramForm:
    """Return the current form of the sub-programme with this primary key."""
    if connection.vendor != "postgresql":
        return _read(sub_program)
    with connection.cursor() as cursor:
        cursor.execute(VERSION_SQL, [sub_program])
        version = cursor.fetchone()[0]
    known, form = _cache.get(sub_program, ("", None))
    if form is None or known != version:
        # The version is read before the rows: a change in between is noticed the next time.
        form = _read(sub_program)
        _cache[sub_program] = (version, form)
    return form


def section_questions(application: Application, section: str) -> list[dict[str, Any]]:
    """Return the declared questions of a section in their order, whether they apply or not."""
    program = application.sub_program
    if section == COMPANY:
        return list(program.round.profile)
    if section == COST:
        lines = [{**item, "kind": "won"} for item in program.cost_items]
        return [*lines, REQUESTED_QUESTION] if needs_requested_sum(application) else lines
    declared = section == DECLARATIONS
    return [row for row in program.questions if (row.get("section") == DECLARATIONS) is declared]


def needs_requested_sum(application: Application) -> bool:
    """Return whether the chosen track pays the requested sum, so that it must be named."""
    return application.track is not None and application.track.grant_kind == "requested"


def _read(sub_program: int) -> ProgramForm:
    program = SubProgram.objects.select_related("round").get(pk=sub_program)
    return ProgramForm(
        _values(program),
        _values(program.round),
        list(program.documents.values(*DOCUMENT_FIELDS)),
        list(program.bonus_items.values(*BONUS_FIELDS)),
    )


def _columns(model: type[SubProgram] | type[ProgramRound]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _values(row: SubProgram | ProgramRound) -> Values:
    return [getattr(row, name) for name in _columns(type(row))]
