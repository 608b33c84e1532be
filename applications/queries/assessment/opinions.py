"""Opinions: what a panel wrote, what waits before a release, and what the firm reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from applications.models import (
    Application,
    AssessorProfile,
    Decision,
    Opinion,
    ScoreRun,
    ScoreSheet,
    Selection,
    SheetDecision,
)
from applications.queries.application import assessed_in, in_program
from applications.queries.assessment.sheets import handed_in_for
from applications.queries.selection.decisions import history
from applications.rules.assessment import opinions as rules
from applications.states import ANNOUNCED, OpinionState, PartnerState, SheetDecisionKind
from portal.core.errors import Finding
from portal.models import User
from programs.models import SubProgram

EXAMPLES = 5
# A manager releases those whose result is known.
RELEASABLE = Q(state=OpinionState.READY, application__state__in=ANNOUNCED)


def collected(run: ScoreRun, applications: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what the assessors of the run wrote, by application, in one query.

    Sheets withdrawn since are left out: a tie takes the words away with the points.
    """
    ids = list(applications)
    sheets: dict[int, list[rules.Written]] = {pk: [] for pk in ids}
    rows = handed_in_for(run).filter(application__in=ids, withdrawn_at=None)
    for pk, reasons, comment in rows.values_list("application_id", "reasons", "comment"):
        sheets[pk].append(rules.Written(reasons, comment))
    criteria = [(row["code"], row["label"]) for row in run.rubric["criteria"]]
    return {pk: rules.gather(criteria, written, salt=str(pk)) for pk, written in sheets.items()}


def shown(application: Application, decisions: Sequence[Decision] | None = None) -> Opinion | None:
    """Return the released opinion on the assessment behind the result; None before its release."""
    decided = list(decisions) if decisions is not None else history(application)
    if not decided:
        return None
    released = application.opinions.filter(
        run=assessed_in(application, decided), state=OpinionState.RELEASED
    )
    return released.order_by("-version").first()


def released_count(application: Application) -> int:
    return application.opinions.filter(state=OpinionState.RELEASED).count()


def mentions(opinion: Opinion, parts: Iterable[Mapping[str, str]]) -> list[rules.Mention]:
    """Return the names and contacts in a text that the firm is to read."""
    application = opinion.application
    return rules.mentions(
        parts,
        people=_committee(application.sub_program),
        firms=_other_firms(application),
    )


def _committee(sub_program: SubProgram) -> list[str]:
    people = ScoreSheet.objects.filter(application__sub_program=sub_program).values("assessor")
    columns = User.objects.filter(pk__in=people).values_list("name", "email", "phone")
    found = [words for row in columns.order_by("pk") for words in row]
    profiles = AssessorProfile.objects.filter(user__in=people).order_by("pk")
    return [*found, *profiles.values_list("employer", flat=True)]


def _other_firms(application: Application) -> QuerySet[Any, str]:
    own = application.partners.filter(state=PartnerState.ACCEPTED).exclude(company=None)
    others = in_program(application.sub_program).exclude(company=application.company_id)
    others = others.exclude(company__in=own.values("company"))
    return others.order_by("company__name").values_list("company__name", flat=True).distinct()


def released_with(selection: Selection) -> QuerySet[Opinion]:
    """Return the opinions that one act releases after the results of a selection."""
    rows = Opinion.objects.filter(
        run=selection.run_id, corrects=None, application__state__in=ANNOUNCED
    )
    return rows.exclude(state=OpinionState.DISCARDED)


def alone(opinion: Opinion) -> bool:
    """Tell whether an opinion is released by itself: a correction, or after those of its selection."""
    if opinion.corrects_id is not None:
        return True
    released = Opinion.objects.filter(run=opinion.run_id, state=OpinionState.RELEASED)
    return released.exists() or not Selection.objects.filter(run=opinion.run_id).exists()


def ungathered(selection: Selection) -> QuerySet[Application]:
    """Return the applications of a selection whose opinion has not been gathered yet."""
    begun = Opinion.objects.filter(application=OuterRef("pk"), run__gte=selection.run_id)
    rows = in_program(selection.sub_program).filter(
        pk__in=selection.decisions.order_by().values("application")
    )
    return rows.filter(~Exists(begun))


@dataclass(frozen=True)
class Counts:
    """How many opinions of a selection wait to be gathered, edited or released, and are released."""

    missing: int
    drafts: int
    ready: int
    withheld: int
    released: int


def counts(selection: Selection) -> Counts:
    waiting = Q(state=OpinionState.READY)
    found = released_with(selection).aggregate(
        drafts=Count("pk", filter=Q(state=OpinionState.DRAFT)),
        ready=Count("pk", filter=waiting & Q(withheld="")),
        withheld=Count("pk", filter=waiting & ~Q(withheld="")),
        released=Count("pk", filter=Q(state=OpinionState.RELEASED)),
    )
    return Counts(missing=ungathered(selection).count(), **found)


def unready(selection: Selection, by: User) -> list[Finding]:
    """Return everything that prevents this person from releasing the opinions of a selection."""
    rows = released_with(selection)
    ready = rows.filter(state=OpinionState.READY)
    reasons: dict[str, tuple[QuerySet[Any], str]] = {
        "missing": (ungathered(selection), "아직 의견을 모으지 않은 신청이 {} 있습니다."),
        "drafts": (
            rows.filter(state=OpinionState.DRAFT),
            "아직 다듬고 있는 평가의견이 {} 있습니다.",
        ),
        "same_person": (
            ready.filter(ready_by=by),
            "직접 다듬은 평가의견이 {} 있어 다른 결정권자가 공개해야 합니다.",
        ),
        "sheets_changed": (
            sheets_changed(ready),
            "의견을 모은 뒤 평가표가 제외되거나 복원된 신청이 {} 있습니다. 다시 모으고 다듬어야 합니다.",
        ),
    }
    return [
        Finding(code, f"{words.format(f'{count:,}건')} ({_examples(found)})")
        for code, (found, words) in reasons.items()
        if (count := found.count())
    ]


def sheets_changed(opinions: QuerySet[Opinion]) -> QuerySet[Opinion]:
    """Return those since whose gathering a sheet was withdrawn or restored."""
    sheets = ScoreSheet.objects.filter(application=OuterRef("application"))
    restored = SheetDecision.objects.filter(
        sheet__application=OuterRef("application"),
        kind=SheetDecisionKind.RESTORE,
        approved_at__gt=OuterRef("begun_at"),
    )
    withdrawn = sheets.filter(withdrawn_at__gt=OuterRef("begun_at"))
    return opinions.filter(Exists(withdrawn) | Exists(restored))


def _examples(rows: QuerySet[Any]) -> str:
    path = "number" if rows.model is Application else "application__number"
    numbers = rows.order_by(path).values_list(path, flat=True)
    return "예: " + ", ".join(str(number) for number in numbers[:EXAMPLES])
