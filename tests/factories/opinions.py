"""Opinions for tests: panels that wrote, what was gathered, edited and released."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from applications.models import Application, Opinion, Selection
from applications.services.assessment import opinions
from portal.models import User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, SubmissionFactory

REASONS = ("현장 자료가 충분합니다.", "불량률을 잰 방법이 없습니다.", "인력 계획을 더 적어 주세요.")
MARKS = ((28, 36, 28), (26, 34, 26), (10, 20, 10))


def judged(
    program: SubProgram,
    judges: Sequence[User],
    *,
    marks: Sequence[int] = MARKS[0],
    words: Sequence[str] = REASONS,
    at: datetime = NOW,
) -> Application:
    """Make an application on which each judge wrote one of the words at every criterion."""
    made = ApplicationFactory(sub_program=program, assessing=True, frozen=None)
    SubmissionFactory(application=made, support_won=50_000_000)
    for judge, said in zip(judges, words, strict=True):
        reasons = {code: f"{said} [{code}]" for code, _, _ in staff.CRITERIA}
        staff.locked_sheet(made, judge, marks, at=at, reasons=reasons, comment=f"종합: {said}")
    return made


def drafts(
    number: int = 2, *, program: SubProgram | None = None, at: datetime = NOW
) -> list[Opinion]:
    """Make drafts on the released results of one selection, the last refused for its points."""
    program = program or staff.program()
    judges = staff.assessors(3)
    for place in range(number):
        marks = MARKS[-1] if place == number - 1 else MARKS[place % 2]
        judged(program, judges, marks=marks, at=at)
    selection = staff.released(program, by=staff.manager())
    opinions.gather(selection.run, now=at)
    return list(Opinion.objects.filter(run=selection.run).order_by("pk"))


def ready(opinion: Opinion, *, by: User | None = None, now: datetime = NOW) -> Opinion:
    """Let an officer finish a draft as it was gathered."""
    texts = {row["code"]: row["text"] for row in opinion.text}
    by = by or staff.officer(opinion.application.sub_program)
    opinions.save(opinion, texts=texts, by=by, now=now, done=True, checked=True)
    return opinion


def all_ready(selection: Selection, *, by: User | None = None) -> None:
    for row in Opinion.objects.filter(run=selection.run, state="draft").order_by("pk"):
        ready(row, by=by)


def published(opinion: Opinion, *, now: datetime = NOW + timedelta(hours=1)) -> Opinion:
    """Finish and release all of the selection of an opinion; return that one as it is then."""
    selection = opinion.run.selections.get()
    all_ready(selection)
    opinions.release_all(selection, by=staff.manager(), now=now)
    return Opinion.objects.select_related("application__sub_program", "run").get(pk=opinion.pk)
