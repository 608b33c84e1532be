"""Pages: home, the list of programmes, one programme."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from portal.access.decorators import public, same_for_strangers
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.templatetags.progress import countdown
from portal.web import kept_pages
from programs.forms.eligibility import ReaderForm
from programs.models import NationalGoal, SubProgram, Track
from programs.queries import catalogue as catalogue_queries
from programs.queries import eligibility as eligibility_queries
from programs.queries import kept
from programs.queries import rounds as rounds_queries
from programs.rules.eligibility import Condition, Verdict
from programs.rules.facts import applies
from programs.rules.grants import offers, quota
from programs.views.rounds import intake_status


@public
@same_for_strangers()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    at = now()
    catalogue = kept.catalogue()
    round = catalogue.current_round(at)
    offered = catalogue.programs(round) if round else []

    def context() -> dict[str, Any]:
        goals = catalogue.goals()
        programs = kept.with_pots([program.instance() for program in offered])
        return {"round": round, "cards": _cards(programs, at), "goals": goals, "bars": _bars(goals)}

    return kept_pages.show(
        request,
        "programs/catalogue/home.html",
        "programs/catalogue/_home.html",
        key=(*_shown(catalogue, at), kept.money(program.pot_id for program in offered)),
        context=context,
        fills={
            "countdown": lambda: countdown(round.closes_at, now=at) if round else "",
            "good_cases": lambda: render_to_string("programs/catalogue/_good_cases.html"),
            "showcases": lambda: render_to_string("programs/catalogue/_showcases.html"),
        },
    )


@public
@same_for_strangers("round")
@require_safe
def program_list(request: HttpRequest) -> HttpResponse:
    at = now()
    catalogue = kept.catalogue()
    rounds = catalogue.rounds()
    round = catalogue.round_of(request.GET.get("round", ""), at)
    form = ReaderForm(request.GET or None)
    cleaned = _cleaned(form)
    facts = {name: value for name, value in cleaned.items() if value}
    offered = catalogue.programs(round) if round else []

    def context() -> dict[str, Any]:
        programs = kept.with_pots([program.instance() for program in offered])
        judged = eligibility_queries.who_may_apply(offered, facts, on=korean_day(at))
        verdicts = [(program, judged[program.pk]) for program in programs]
        return {
            "round": round,
            "rounds": rounds,
            "form": form,
            "filtered": bool(facts),
            "cards": _cards([program for program, verdict in verdicts if _fits(verdict)], at),
            "others": [row for row in verdicts if not _fits(row[1])],
        }

    key = (
        *_shown(catalogue, at),
        kept.money(program.pot_id for program in offered),
        round.code if round else "",
        form.is_bound,
        tuple(cleaned.items()),
    )
    return kept_pages.show(
        request,
        "programs/catalogue/list.html",
        "programs/catalogue/_list.html",
        key=None if form.errors else key,
        context=context,
        fills={"countdown": lambda: countdown(round.closes_at, now=at) if round else ""},
    )


@public
@same_for_strangers("round")
@require_safe
def program_compare(request: HttpRequest) -> HttpResponse:
    at = now()
    catalogue = kept.catalogue()
    round = catalogue.round_of(request.GET.get("round", ""), at)
    offered = catalogue.programs(round) if round else []

    def context() -> dict[str, Any]:
        programs = kept.with_pots([program.instance() for program in offered])
        pairs = zip(offered, programs, strict=True)
        return {"round": round, "rows": [_compared(found, row, at) for found, row in pairs]}

    return kept_pages.show(
        request,
        "programs/catalogue/compare.html",
        "programs/catalogue/_compare.html",
        key=(
            *_shown(catalogue, at),
            kept.money(program.pot_id for program in offered),
            round.code if round else "",
        ),
        context=context,
    )


@public
@same_for_strangers()
@require_safe
def program_detail(request: HttpRequest, round: str, code: str) -> HttpResponse:
    at = now()
    catalogue = kept.catalogue()
    found = catalogue_queries.found(catalogue, round, code, now=at)
    return kept_pages.show(
        request,
        "programs/catalogue/detail.html",
        "programs/catalogue/_detail.html",
        key=(*_shown(catalogue, at), kept.money([found.pot_id]), found.pk),
        context=lambda: _detail(catalogue, found, at),
        head={"title": found.name},
        fills={
            "countdown": lambda: countdown(found.window.closes_at, now=at),
            "refusal": lambda: _refusal_text(found, at),
        },
    )


def _shown(catalogue: kept.Catalogue, at: datetime) -> tuple[object, ...]:
    """Return what decides, beside money, about all that pages show of the catalogue."""
    return catalogue.revision, korean_day(at), catalogue.passed(at)


def _refusal_text(found: kept.KeptProgram, at: datetime) -> str:
    """Return why it takes no applications as HTML; it names the second of the portal's clock."""
    refusal = rounds_queries.refusal(found.instance(), at)
    return escape(refusal.message) if refusal else ""


def _detail(catalogue: kept.Catalogue, found: kept.KeptProgram, at: datetime) -> dict[str, Any]:
    program = found.instance()
    tracks = list(program.tracks.all())
    declared = _declared(program)
    conditions = [(row, _only_for(row, tracks)) for row in found.conditions]
    return {
        **program_context(program, at),
        "tracks": tracks,
        "quota": quota.label(program.quota_count, program.quota_kind),
        "own_conditions": [row for row in conditions if row[0].fact not in declared],
        "common_conditions": [row for row in conditions if row[0].fact in declared],
        "documents": [(row, _only_if(row.when, program)) for row in program.documents.all()],
        "criteria": list(program.criteria.all()),
        "bonus_items": list(program.bonus_items.all()),
        "date_changes": rounds_queries.public_changes(catalogue.changes(program.round)),
        "shows": {
            name: any(getattr(track, name) is not None for track in tracks)
            for name in ("share_percent", "days", "months", "previous_cap_won")
        },
    }


def _cleaned(form: ReaderForm) -> dict[str, Any]:
    return form.cleaned_data if form.is_bound and form.is_valid() else {}


def _fits(verdict: Verdict) -> bool:
    return verdict.eligible is not False


def _declared(program: SubProgram) -> set[str]:
    """Return the facts that a firm declares, the same for every programme."""
    return {row["code"] for row in program.questions if row.get("section") == "declarations"}


def _compared(found: kept.KeptProgram, program: SubProgram, at: datetime) -> dict[str, Any]:
    tracks = list(program.tracks.all())
    terms = [track.terms() for track in tracks]
    declared = _declared(program)
    window = program.window()
    return {
        **intake_status(program, at),
        "program": program,
        "tracks": tracks,
        "amount": offers.amount(terms),
        "share": offers.share(terms),
        "conditions": [
            row.message
            for row in found.conditions
            if row.blocking and not row.when and row.fact not in declared
        ],
        "partners": [row for row in program.partner_roles if row["required"]],
        "quota": quota.label(program.quota_count, program.quota_kind),
        "papers": sum(row.required for row in program.documents.all()),
        "closing": offers.closing(window.closes_at, rolling=window.rolling),
    }


def _offer(program: SubProgram) -> str:
    window = program.window()
    terms = [track.terms() for track in program.tracks.all()]
    return offers.offer(terms, closes_at=window.closes_at, rolling=window.rolling)


def _cards(programs: Iterable[SubProgram], at: datetime) -> list[dict[str, Any]]:
    return [
        {
            **intake_status(program, at),
            "program": program,
            "offer": _offer(program),
            "quota": quota.label(program.quota_count, program.quota_kind),
        }
        for program in programs
    ]


def program_context(program: SubProgram, at: datetime) -> dict[str, Any]:
    """Return the context that all pages of one programme share."""
    try:
        apply_url = reverse("application_new", args=[program.round.code, program.code])
    except NoReverseMatch:
        apply_url = ""
    return {
        "now": at,
        "program": program,
        "round": program.round,
        "intake": intake_status(program, at),
        "apply_url": apply_url,
    }


def _only_for(condition: Condition, tracks: Sequence[Track]) -> str:
    """Return the names of the tracks a condition is limited to, "" when it holds for all."""
    names = [
        track.name
        for track in tracks
        if applies(condition.when, {"track": track.code}) is not False
    ]
    return ", ".join(names) if len(names) < len(tracks) else ""


def _only_if(when: dict[str, list[str]] | None, program: SubProgram) -> str:
    labels: dict[str, dict[str, str]] = {
        "track": {track.code: track.name for track in program.tracks.all()}
    }
    for row in (*program.round.profile, *program.questions):
        labels[row["code"]] = {one["code"]: one["label"] for one in row.get("choices", ())}
    names = [
        labels.get(fact, {}).get(str(value), str(value))
        for fact, values in (when or {}).items()
        for value in values
    ]
    return ", ".join(names)


def _bars(goals: Sequence[NationalGoal]) -> list[dict[str, Any]]:
    """Return the bars of the national plan, in thousandths of its target.

    The year's goal is stacked on top of what was reached.
    """
    by_kind = {goal.kind: goal for goal in goals if goal.unit.startswith("개")}
    target = by_kind.get("target")
    if target is None or not target.value:
        return []
    bars = []
    for kind, tone in (("plan", "plan"), ("actual", "done"), ("target", "target")):
        if goal := by_kind.get(kind):
            bars.append({"goal": goal, "tone": tone, "start": 0, "width": _width(goal, target)})
    if (actual := by_kind.get("actual")) and (yearly := by_kind.get("yearly")):
        start, width = _width(actual, target), _width(yearly, target)
        bars.insert(-1, {"goal": yearly, "tone": "year", "start": start, "width": width})
    return bars


def _width(goal: NationalGoal, target: NationalGoal) -> int:
    return goal.value * 1_000 // target.value
