"""Rank, tie and cut-off: propose a selection in rank order that never exceeds the budget."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType

from portal.core.errors import BadInput, Finding, RuleBroken
from portal.core.money import won

TIE_RULE = (
    "총점이 높은 순서로 하되, 총점이 같으면 가점을 뺀 평가점수, 핵심 평가항목 점수, "
    "먼저 접수한 순서, 접수번호 순서로 정합니다. 추첨은 하지 않습니다."
)

SELECTED = "selected"
RESERVE = "reserve"
REJECTED = "rejected"
AID_LIMIT = "aid_limit"
REASON_LENGTH = 300
NOT_EXCLUDED: Mapping[int, str] = MappingProxyType({})

BUDGET = "budget"
QUOTA = "quota"
END = "end"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scored application; `amount_won` is reserved if it is selected, None if unknown."""

    id: int
    total: Decimal
    raw: Decimal
    core: Decimal
    submitted_at: datetime
    amount_won: int | None
    passed_floor: bool
    firm: int = 0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its rank; ranks run from 1 without gaps or ties."""

    rank: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Proposed:
    """The proposed outcome of one application, with the reason that is printed."""

    id: int
    rank: int
    outcome: str
    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The cut-off line: how many are above it, the total of the last one, the won they reserve.

    `stopped_by` is `budget`, `quota` or `end` (everybody at or above the floor was selected).
    """

    selected_count: int
    cut_total: Decimal | None
    stopped_by: str
    amount_won: int


def rank(candidates: Iterable[Candidate], beyond: Collection[int] = ()) -> list[Ranked]:
    """Order candidates by TIE_RULE (A04), those at or above the floor first.

    A total below the floor carries no bonus, so the floor never contradicts the total. Candidates
    in `beyond` (see `beyond_limits`) follow those that can be selected.
    """
    ordered = sorted(candidates, key=attrgetter("submitted_at", "id"))
    # Stable sorts from the last rule to the first: no key tuple for each of 100,000 candidates.
    for points in ("core", "raw", "total"):
        ordered.sort(key=attrgetter(points), reverse=True)
    ordered.sort(key=lambda row: (not row.passed_floor, row.id in beyond))
    return [Ranked(place, candidate) for place, candidate in enumerate(ordered, start=1)]


def beyond_limits(
    ranked: Sequence[Ranked],
    *,
    available_won: int,
    places: int | None,
    refusal: Callable[[Candidate], str],
    taken: Callable[[Candidate], None],
) -> dict[int, str]:
    """Return the candidates that a limit on their company excludes, with the reasons, by id.

    Walks down the ranks and reports every candidate above the line to `taken`, so that a second
    application of the same company is checked together with its first. Raises as `cut` does.
    """
    excluded: dict[int, str] = {}
    able = [entry.candidate for entry in ranked if entry.candidate.passed_floor]
    spent, count, open_line = 0, 0, True
    for candidate, amount in zip(able, _amounts(able), strict=True):
        if why := refusal(candidate):
            excluded[candidate.id] = why
            continue
        full = places is not None and count >= places
        open_line = open_line and not full and spent + amount <= available_won
        if open_line:
            spent, count = spent + amount, count + 1
            taken(candidate)
    return excluded


def cut(
    ranked: Sequence[Ranked],
    *,
    available_won: int,
    places: int | None,
    beyond: Collection[int] = (),
) -> Cut:
    """Draw the line at the first candidate in rank order that does not fit.

    Smaller amounts further down do not jump ahead. `places` None means that only the budget
    limits. Raises RuleBroken (`amount_unknown:<id>`) when a candidate at or above the floor has
    no amount, BadInput for negative limits.
    """
    if available_won < 0 or (places is not None and places < 0):
        raise BadInput("남은 예산과 선정 수는 0 이상이어야 합니다.", code="selection")
    able = [
        entry.candidate
        for entry in ranked
        if entry.candidate.passed_floor and entry.candidate.id not in beyond
    ]
    amounts = _amounts(able)
    spent, count, stopped_by = 0, 0, END
    for amount in amounts:
        if places is not None and count >= places:
            stopped_by = QUOTA
            break
        if spent + amount > available_won:
            stopped_by = BUDGET
            break
        spent += amount
        count += 1
    return Cut(count, able[count - 1].total if count else None, stopped_by, spent)


def propose(
    ranked: Sequence[Ranked],
    *,
    available_won: int,
    places: int | None,
    reserve_places: int | None = None,
    beyond: Mapping[int, str] = NOT_EXCLUDED,
) -> list[Proposed]:
    """Propose an outcome for every ranked candidate, in rank order.

    Selected above the line, then reserve up to `reserve_places` (None: all at or above the floor),
    the rest rejected, including those that a limit excludes (`beyond`, with the reasons). Raises
    as `cut` does.
    """
    if reserve_places is not None and reserve_places < 0:
        raise BadInput("예비 선정 수는 0 이상이어야 합니다.", code="selection")
    line = cut(ranked, available_won=available_won, places=places, beyond=beyond)
    left = available_won - line.amount_won
    stopped = {
        BUDGET: (
            "over_budget",
            f"선정선의 남은 예산 {won(left)}으로는 다음 순위를 선정할 수 없습니다.",
        ),
        QUOTA: ("over_quota", f"선정 수 {line.selected_count:,}개가 모두 찼습니다."),
        END: ("", ""),
    }[line.stopped_by]
    last_reserve = None if reserve_places is None else line.selected_count + reserve_places
    return [_outcome(entry, line.selected_count, last_reserve, stopped, beyond) for entry in ranked]


def _outcome(
    entry: Ranked,
    selected: int,
    last_reserve: int | None,
    stopped: tuple[str, str],
    beyond: Mapping[int, str],
) -> Proposed:
    place, candidate = entry.rank, entry.candidate
    if not candidate.passed_floor:
        reason = f"평가점수 {candidate.raw}점이 기준점수에 못 미칩니다."
        return Proposed(candidate.id, place, REJECTED, "below_floor", reason)
    if candidate.id in beyond:
        reason = f"기업별 지원 한도를 넘어 선정하지 않습니다. {beyond[candidate.id]}"
        return Proposed(candidate.id, place, REJECTED, AID_LIMIT, reason[:REASON_LENGTH])
    if place <= selected:
        reason = f"{place:,}위로 예산과 선정 수 안에 있습니다."
        return Proposed(candidate.id, place, SELECTED, "within_line", reason)
    code, why = stopped
    if last_reserve is None or place <= last_reserve:
        reason = f"{place:,}위로 예비 {place - selected:,}번입니다. {why}"
        return Proposed(candidate.id, place, RESERVE, code, reason)
    reason = f"{place:,}위로 예비 순위 밖입니다. {why}"
    return Proposed(candidate.id, place, REJECTED, "beyond_reserve", reason)


def _amounts(candidates: Sequence[Candidate]) -> list[int]:
    unknown = [
        Finding(f"amount_unknown:{candidate.id}", f"신청 {candidate.id}의 지원금이 없습니다.")
        for candidate in candidates
        if candidate.amount_won is None
    ]
    if unknown:
        raise RuleBroken(
            unknown,
            message=f"지원금이 정해지지 않은 신청이 {len(unknown):,}건 있어 선정안을 만들 수 없습니다.",
            code="amount_unknown",
        )
    amounts = [candidate.amount_won or 0 for candidate in candidates]
    if any(amount < 0 for amount in amounts):
        raise BadInput("지원금은 0원 이상이어야 합니다.", code="selection")
    return amounts
