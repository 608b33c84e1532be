"""The ranked list of a selection: page by page, the line of the cut, a firm found in it, paper."""

from typing import Any

from django.db.models import QuerySet, Sum

from applications.models import Application, Decision, ScoreResult, Selection
from applications.queries import search as finding
from applications.queries.selection import aid
from applications.queries.selection import decisions as decision_queries
from applications.rules.search import read
from applications.services.selection import reserve
from applications.states import Outcome, SelectionState
from portal.core.validators import row_number, search_term
from portal.templatetags.components import badge

PAGE = 100
ON_PAPER = 1_000  # ranks of one page that is printed
FOUND = 20  # ranks that a search names


def page(selection: Selection, requested: str, *, size: int) -> dict[str, Any]:
    """Return one page of the ranked list with its running sum, for the `p` of the URL."""
    counted = selection.cut.get("counted", 0)
    last = max(1, -(-counted // size))
    number = min(max(row_number(requested) or 1, 1), last)
    first = (number - 1) * size
    before = selection.decisions.filter(
        previous=None, rank__lte=min(first, selection.cut.get("selected_count", 0))
    )
    spent = before.aggregate(sum=Sum("grant_won"))["sum"] or 0 if first else 0
    decisions = list(_decisions(selection).filter(rank__gt=first, rank__lte=first + size))
    scores = _scores(selection, decisions)
    aided = aid.of_firms({row.application.company_id for row in decisions})
    present = (
        decision_queries.present_of(selection, [row.application_id for row in decisions])
        if selection.state == SelectionState.RELEASED
        else {}
    )
    rows = []
    for decision in decisions:
        spent += decision.grant_won
        row = _row(selection, decision, scores[decision.application_id], spent)
        held = aided.get(decision.application.company_id, [])
        others = sum(other.won for other in held if other.application.pk != decision.application_id)
        now = present.get(decision.application_id)
        rows.append({**row, "aided": others, "now": now if now and now.changed else None})
    standing = None
    if selection.state == SelectionState.RELEASED:
        standing = decision_queries.standing_of(selection)
    return {
        "standing": standing,
        "why_no_move_up": reserve.why_none(selection.sub_program) if standing else "",
        "changed": sum(row["now"] is not None for row in rows),
        "rows": rows,
        "counted": counted,
        "page": number,
        "pages": last,
        "previous": f"?p={number - 1}" if number > 1 else "",
        "next": f"?p={number + 1}" if number < last else "",
        "cut_address": address(selection.cut.get("selected_count", 0), size),
        "first": first + 1,
        "last": first + len(rows),
    }


def address(rank: int, size: int) -> str:
    """Return the query and the anchor under which a rank is seen; "" for none."""
    return f"?p={(rank - 1) // size + 1}#rank-{rank}" if rank else ""


def search(selection: Selection, text: str) -> dict[str, Any]:
    """Return where the firms or receipt numbers that a text means stand in the list."""
    term = search_term(text)
    if not term:
        return {"term": ""}
    if read(term).too_short:
        return {"term": term, "too_short": True}
    own = Application.objects.filter(sub_program=selection.sub_program_id)
    ids = finding.first_applications(own, term).ids
    found = _decisions(selection).filter(application__in=ids, rank__isnull=False)
    rows = list(found[: FOUND + 1])
    return {
        "term": term,
        "found": [(row, address(row.rank or 0, PAGE)) for row in rows[:FOUND]],
        "found_more": len(rows) > FOUND,
    }


def _decisions(selection: Selection) -> QuerySet[Decision]:
    return (
        selection.decisions.filter(previous=None)
        .order_by("rank")
        .select_related("application__company")
    )


def _scores(selection: Selection, decisions: list[Decision]) -> dict[int, ScoreResult]:
    ids = [row.application_id for row in decisions]
    rows = ScoreResult.objects.filter(run=selection.run_id, application__in=ids)
    return {row.application_id: row for row in rows.defer("breakdown")}


def _row(
    selection: Selection, decision: Decision, score: ScoreResult, spent: int
) -> dict[str, Any]:
    tones = {Outcome.SELECTED: "success", Outcome.RESERVE: "info", Outcome.REJECTED: "neutral"}
    return {
        "decision": decision,
        "application": decision.application,
        "score": score,
        "spent": spent if decision.outcome == Outcome.SELECTED else None,
        "badge": badge(decision.get_outcome_display(), tone=tones[Outcome(decision.outcome)]),
        "cut": decision.rank == selection.cut.get("selected_count"),
    }
