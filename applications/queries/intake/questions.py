"""What a sub-programme asks of its applicants, read again only when a row of it has changed.

Filing at the deadline reads the same few rows sixty times a second. PostgreSQL gives every version
of a row another `xmin` and `ctid`, so one short query tells whether what this process has parsed
before still stands, however it was changed. Other databases have no such mark: there it is read
each time.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from applications.rules.intake.questions import Question, read_question, read_questions
from portal.records import snapshot
from programs.models import ProgramRound, SubProgram
from programs.rules import eligibility

VERSIONS = """
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
DOCUMENT = ("code", "label", "guide", "required", "when", "formats", "max_files")
BONUS = ("code", "label", "points", "guide", "industry_hints", "question")

Values = list[Any]
_known: dict[int, tuple[str, "Asked"]] = {}


@dataclass(eq=False)
class Asked:
    """The form of a sub-programme with its conditions, shared by all who read it: never changed."""

    program: Values
    round: Values
    documents: list[dict[str, Any]]
    bonus_items: list[dict[str, Any]]

    def sub_program(self) -> SubProgram:
        """Make an instance of one's own, with its round; the pot is read when it is asked for."""
        program = _instance(SubProgram, self.program)
        program.round = _instance(ProgramRound, self.round)
        return program

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions of plan and declarations."""
        return read_questions(self._template.questions)

    @cached_property
    def profile(self) -> tuple[Question, ...]:
        """The questions about the company."""
        return tuple(read_question(row) for row in self._template.round.profile)

    @cached_property
    def conditions(self) -> tuple[eligibility.Condition, ...]:
        """Who may apply."""
        return self._template.conditions_parsed()

    @cached_property
    def form(self) -> dict[str, Any]:
        """The form as it stands: what a filed application was asked and judged by.

        Plain JSON as the catalogue's rows hold it.
        """
        program = self._template
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
    def form_sha256(self) -> str:
        """The hash under which that form is frozen."""
        return snapshot.sha256_of_plain(self.form)

    @cached_property
    def _template(self) -> SubProgram:
        return self.sub_program()


def of(sub_program: int) -> Asked:
    """What the sub-programme with this key asks now."""
    if connection.vendor != "postgresql":
        return _read(sub_program)
    with connection.cursor() as cursor:
        cursor.execute(VERSIONS, [sub_program])
        version = cursor.fetchone()[0]
    known, asked = _known.get(sub_program, ("", None))
    if asked is None or known != version:
        # The mark is older than what is read here: a change in between is seen the next time.
        asked = _read(sub_program)
        _known[sub_program] = (version, asked)
    return asked


def _read(sub_program: int) -> Asked:
    program = SubProgram.objects.select_related("round").get(pk=sub_program)
    return Asked(
        _values(program),
        _values(program.round),
        list(program.documents.values(*DOCUMENT)),
        list(program.bonus_items.values(*BONUS)),
    )


def _values(row: SubProgram | ProgramRound) -> Values:
    return [getattr(row, field.attname) for field in row._meta.concrete_fields]


def _instance(model: Any, values: Values) -> Any:
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, values)
