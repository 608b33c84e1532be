"""Score arithmetic: a pure function of a frozen rubric and frozen sheets, without floats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from statistics import median
from typing import Any

from portal.core.errors import BadInput, Finding
from portal.records import snapshot

Points = int | Decimal  # a Decimal only where a criterion was not applicable
Sheet = Mapping[str, int | None]
Row = tuple[int | None, ...]


@dataclass(frozen=True)
class Criterion:
    """One criterion of a score sheet; the core criteria decide ties.

    A `skippable` one may be marked as not applicable (`None` on a sheet).
    """

    code: str
    label: str
    max_points: int
    core: bool = False
    skippable: bool = False

    def to_json(self) -> dict[str, Any]:
        # Written only where true: rubrics frozen before the option existed keep their hashes.
        row = {"code": self.code, "label": self.label, "max_points": self.max_points}
        return {**row, "core": self.core, **({"skippable": True} if self.skippable else {})}


@dataclass(frozen=True)
class BonusItem:
    """A reason for bonus points and the most it is worth."""

    code: str
    label: str
    max_points: int


@dataclass(frozen=True)
class Rubric:
    """How a round is scored; frozen with the round and printed with every result.

    `floor` is the raw score below which nothing is selected and no bonus counts (60, A04),
    from `trim_from` sheets on the highest and the lowest are dropped, fewer than
    `minimum_sheets` give no score. Raises BadInput (`rubric`) when it contradicts itself.
    """

    criteria: tuple[Criterion, ...]
    floor: Decimal
    trim_from: int = 5
    minimum_sheets: int = 3
    decimals: int = 2
    bonus_cap: int = 5
    bonus_items: tuple[BonusItem, ...] = ()

    def __post_init__(self) -> None:
        codes = [criterion.code for criterion in self.criteria]
        items = [item.code for item in self.bonus_items]
        points = [criterion.max_points for criterion in self.criteria]
        points += [item.max_points for item in self.bonus_items]
        faults = {
            "평가 항목이 필요합니다.": not codes,
            "평가 항목이나 가점 항목의 코드가 겹칩니다.": len({*codes}) < len(codes)
            or len({*items}) < len(items),
            "배점은 1점 이상이어야 합니다.": any(point < 1 for point in points),
            "핵심 항목은 해당 없음으로 둘 수 없습니다.": any(
                criterion.core and criterion.skippable for criterion in self.criteria
            ),
            "해당 없음으로 둘 수 없는 항목이 하나는 있어야 합니다.": all(
                criterion.skippable for criterion in self.criteria
            )
            and bool(codes),
            "기준점수는 0점과 총점 사이여야 합니다.": not 0 <= self.floor <= self.max_points,
            "평가표는 최소 1부, 최고·최저 제외는 3부부터입니다.": self.minimum_sheets < 1
            or self.trim_from < 3,
            "소수 자릿수는 0에서 6 사이, 가점 한도는 0점 이상이어야 합니다.": not (
                0 <= self.decimals <= 6 and self.bonus_cap >= 0
            ),
        }
        if broken := [fault for fault, found in faults.items() if found]:
            raise BadInput(" ".join(broken), code="rubric")

    @property
    def max_points(self) -> int:
        """Points of a full sheet, without bonus."""
        return sum(criterion.max_points for criterion in self.criteria)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(criterion.code for criterion in self.criteria)

    @cached_property
    def limits(self) -> tuple[int, ...]:
        return tuple(criterion.max_points for criterion in self.criteria)

    @cached_property
    def core_places(self) -> tuple[int, ...]:
        return tuple(place for place, criterion in enumerate(self.criteria) if criterion.core)

    @cached_property
    def skippable(self) -> frozenset[str]:
        return frozenset(criterion.code for criterion in self.criteria if criterion.skippable)

    @cached_property
    def bonus_limits(self) -> dict[str, int]:
        return {item.code: item.max_points for item in self.bonus_items}

    def to_json(self) -> dict[str, Any]:
        return {
            "criteria": [criterion.to_json() for criterion in self.criteria],
            "floor": str(self.floor),
            "trim_from": self.trim_from,
            "minimum_sheets": self.minimum_sheets,
            "decimals": self.decimals,
            "bonus_cap": self.bonus_cap,
            "bonus_items": [
                {"code": i.code, "label": i.label, "max_points": i.max_points}
                for i in self.bonus_items
            ],
        }

    @classmethod
    def from_json(cls, frozen: Mapping[str, Any]) -> "Rubric":
        """Read a frozen rubric. Raises BadInput (`rubric`) when it is not one."""
        try:
            return cls(
                **{
                    **frozen,
                    "criteria": tuple(Criterion(**row) for row in frozen["criteria"]),
                    "floor": Decimal(str(frozen["floor"])),
                    "bonus_items": tuple(BonusItem(**row) for row in frozen.get("bonus_items", ())),
                }
            )
        except (KeyError, TypeError, ArithmeticError) as unreadable:
            raise BadInput("평가 기준을 읽을 수 없습니다.", code="rubric") from unreadable

    @property
    def sha256(self) -> str:
        return snapshot.sha256(self.to_json())


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one application with everything that explains it.

    `raw` is the (trimmed) mean of the sheets, `total` adds the counted bonus; both are None with
    too few sheets. `per_criterion` and `core` are means over the sheets that count, each rounded
    on its own. `dropped_indexes` are indexes into the given sheets, `spread` the distance in
    points between the highest and the lowest sheet. `skipped` lists, for each sheet, the criteria
    marked as not applicable.
    """

    raw: Decimal | None
    passed_floor: bool
    bonuses: tuple[tuple[str, int], ...]
    bonus_claimed: int
    bonus_counted: int
    total: Decimal | None
    core: Decimal
    per_criterion: dict[str, Decimal]
    sheet_totals: tuple[Points, ...]
    dropped_indexes: tuple[int, ...]
    spread: Points
    findings: tuple[Finding, ...]
    skipped: tuple[tuple[str, ...], ...] = ()


def score(
    rubric: Rubric, sheets: Sequence[Sheet], bonuses: Sequence[tuple[str, int]] = ()
) -> Score:
    """Score one application.

    A criterion marked as not applicable counts neither in the points of its sheet nor in the
    maximum: the sheet is scaled to the full points. From `trim_from` sheets on, one highest and
    one lowest total are dropped and the sum is divided by the number of sheets left. Among equal
    totals the points in the order of the criteria decide which one is dropped, so that the order
    of the sheets never matters. Rounded half up; the floor is compared with the rounded raw score,
    the printed one. Raises BadInput (`sheet`, `bonus`) for a sheet or bonus that the rubric does
    not allow.
    """
    rows = [_row(rubric, sheet) for sheet in sheets]
    exact = [_total(rubric, row) for row in rows]
    totals = tuple(_shown(total, rubric.decimals) for total in exact)
    claimed = _claimed(rubric, bonuses)
    count = len(rows)
    spread = _shown(max(exact) - min(exact), rubric.decimals) if exact else 0
    skipped = _skipped(rubric, rows)
    if count < rubric.minimum_sheets:
        few = (
            f"평가표가 {count}부로 최소 {rubric.minimum_sheets}부에 못 미쳐 점수를 낼 수 없습니다."
        )
        return Score(
            None, False, tuple(bonuses), claimed, 0, None, Decimal(0), {}, totals, (),
            spread, (Finding("too_few_sheets", few),), skipped,
        )  # fmt: skip

    order = sorted(range(count), key=lambda place: (exact[place], _ordered(rows[place]), place))
    dropped = (order[0], order[-1]) if count >= rubric.trim_from else ()
    kept = [place for place in range(count) if place not in dropped]
    decimals = rubric.decimals
    columns = [
        [points for points in column if points is not None]
        for column in zip(*(rows[place] for place in kept), strict=True)
    ]
    raw = _mean(sum(exact[place] for place in kept), len(kept), decimals)
    core = mean(sum(sum(columns[place]) for place in rubric.core_places), len(kept), decimals)
    means = {
        code: mean(sum(column), len(column), decimals)
        for code, column in zip(rubric.codes, columns, strict=True)
        if column
    }
    passed = raw >= rubric.floor
    counted = min(claimed, rubric.bonus_cap) if passed else 0
    findings = _remarks(rubric, raw, passed, claimed, counted)
    return Score(
        raw, passed, tuple(bonuses), claimed, counted, raw + counted, core, means, totals,
        dropped, spread, findings, skipped,
    )  # fmt: skip


def total(rubric: Rubric, sheet: Sheet) -> Points | None:
    """Return the total of a sheet as it is shown; None for an incomplete or invalid sheet."""
    if not fits(rubric, sheet):
        return None
    return _shown(_total(rubric, _row(rubric, sheet)), rubric.decimals)


def fits(rubric: Rubric, sheet: Sheet) -> bool:
    """Return whether a sheet is valid under this rubric."""
    try:
        _row(rubric, sheet)
    except BadInput:
        return False
    return True


@dataclass(frozen=True)
class Opinions:
    """How far assessors agree: mean, trimmed mean and median of the same totals, and ranges."""

    sheets: int
    mean: Decimal | None
    trimmed: Decimal | None
    median: Decimal | None
    lowest: Points | None
    highest: Points | None
    spread: Points
    widest: tuple[tuple[str, int], ...]  # criterion label and range, the widest first


def opinions(rubric: Rubric, sheets: Sequence[Sheet]) -> Opinions:
    """Compare mean, trimmed mean and median of the sheets; the rubric decides which one counts.

    The trimmed mean drops one highest and one lowest from three sheets on.
    """
    rows = [_row(rubric, sheet) for sheet in sheets]
    exact = sorted(_total(rubric, row) for row in rows)
    decimals, count = rubric.decimals, len(rows)
    if not exact:
        return Opinions(0, None, None, None, None, None, 0, ())
    ranges = []
    for criterion, column in zip(rubric.criteria, zip(*rows, strict=True), strict=True):
        given = [points for points in column if points is not None]
        if given:
            ranges.append((criterion.label, max(given) - min(given)))
    middle = median([Fraction(total) for total in exact])
    return Opinions(
        sheets=count,
        mean=_mean(sum(exact), count, decimals),
        trimmed=_mean(sum(exact[1:-1]), count - 2, decimals) if count > 2 else None,
        median=_mean(middle, 1, decimals),
        lowest=_shown(exact[0], decimals),
        highest=_shown(exact[-1], decimals),
        spread=_shown(exact[-1] - exact[0], decimals),
        widest=tuple(sorted(ranges, key=lambda row: -row[1])),
    )


def mean(total: int, count: int, decimals: int) -> Decimal:
    """Return total / count, rounded half up to `decimals` places, with integers only."""
    return Decimal((2 * total * 10**decimals + count) // (2 * count)).scaleb(-decimals)


def _mean(total: Fraction | int, count: int, decimals: int) -> Decimal:
    return mean(total.numerator, total.denominator * count, decimals)


def _total(rubric: Rubric, row: Row) -> Fraction | int:
    # A sheet with skipped criteria is scaled from the points it was out of to the full points.
    if None not in row:
        return sum(row)  # type: ignore[arg-type] # none is None
    given = sum(points for points in row if points is not None)
    out_of = sum(
        limit for points, limit in zip(row, rubric.limits, strict=True) if points is not None
    )
    return Fraction(given * rubric.max_points, out_of)


def _shown(total: Fraction | int, decimals: int) -> Points:
    return total if isinstance(total, int) else _mean(total, 1, decimals)


def _ordered(row: Row) -> tuple[int, ...]:
    return tuple(-1 if points is None else points for points in row)


def _skipped(rubric: Rubric, rows: Sequence[Row]) -> tuple[tuple[str, ...], ...]:
    if not rubric.skippable:
        return ()
    return tuple(
        tuple(code for code, points in zip(rubric.codes, row, strict=True) if points is None)
        for row in rows
    )


def breakdown(result: Score, rubric: Rubric, withdrawn: int = 0) -> dict[str, Any]:
    """Return the score as JSON for a page or a PDF; assessors are numbered, never named.

    `withdrawn` sheets were submitted and then excluded because of a tie.
    """
    given = dict(result.bonuses)
    findings = [*result.findings, *_taken_out(withdrawn)]
    return {
        "raw": _digits(result.raw),
        "total": _digits(result.total),
        "core": _digits(result.core),
        "floor": str(rubric.floor),
        "passed_floor": result.passed_floor,
        "max_points": rubric.max_points,
        "criteria": [
            {
                "code": criterion.code,
                "label": criterion.label,
                "max_points": criterion.max_points,
                "core": criterion.core,
                "mean": _digits(result.per_criterion.get(criterion.code)),
            }
            for criterion in rubric.criteria
        ],
        "sheets": [
            {
                "label": f"평가위원 {place + 1}",
                "total": total if isinstance(total, int) else _digits(total),
                "dropped": place in result.dropped_indexes,
                **_not_applicable(result, place),
            }
            for place, total in enumerate(result.sheet_totals)
        ],
        "spread": result.spread if isinstance(result.spread, int) else _digits(result.spread),
        "bonus": {
            "cap": rubric.bonus_cap,
            "claimed": result.bonus_claimed,
            "counted": result.bonus_counted,
            "items": [
                {
                    "code": i.code,
                    "label": i.label,
                    "max_points": i.max_points,
                    "points": given[i.code],
                }
                for i in rubric.bonus_items
                if i.code in given
            ],
        },
        "findings": [
            {"code": f.code, "message": f.message, "blocking": f.blocking} for f in findings
        ],
        "rule": describe(rubric),
    }


def weakest(criteria: Sequence[Mapping[str, Any]], *, most: int = 3) -> list[Mapping[str, Any]]:
    """Return the rows of a breakdown that cost the most points, at most `most`, the costliest first.

    What is missing to the full points counts; a criterion with all of them, or without a mean, is
    in none.
    """
    lost = [
        (row["max_points"] - Decimal(row["mean"]), place, row)
        for place, row in enumerate(criteria)
        if row["mean"]
    ]
    costly = sorted((row for row in lost if row[0] > 0), key=lambda row: (-row[0], row[1]))
    return [{**row, "lost": points} for points, _, row in costly[:most]]


def _taken_out(withdrawn: int) -> list[Finding]:
    if not withdrawn:
        return []
    words = f"이해관계가 확인된 평가표 {withdrawn}부를 합산에서 뺐습니다."
    return [Finding("sheets_withdrawn", words, False)]


def _not_applicable(result: Score, place: int) -> dict[str, list[str]]:
    # The key is left out where nothing was skipped, so that older results keep their hashes.
    skipped = result.skipped[place] if result.skipped else ()
    return {"skipped": list(skipped)} if skipped else {}


def describe(rubric: Rubric) -> str:
    """Return the scoring rule in Korean, as printed with every result."""
    scaled = (
        " 해당 없음으로 둔 항목은 점수와 배점에서 모두 빼고, 나머지 항목의 점수를 "
        f"{rubric.max_points}점 만점으로 환산합니다."
        if rubric.skippable
        else ""
    )
    return (
        f"평가위원 {rubric.minimum_sheets}명 이상의 평균이며, {rubric.trim_from}명 이상이면 최고점과 "
        f"최저점을 하나씩 빼고 남은 수로 나눕니다. 소수 {rubric.decimals}자리로 반올림합니다. "
        f"가점은 반올림한 평가점수가 {rubric.floor}점 이상일 때만 최대 {rubric.bonus_cap}점까지 더합니다."
        f"{scaled}"
    )


def _row(rubric: Rubric, sheet: Sheet) -> Row:
    try:
        row = tuple([sheet[code] for code in rubric.codes])
    except KeyError as missing:
        raise BadInput(f"평가표에 {missing.args[0]} 항목이 없습니다.", code="sheet") from missing
    if len(sheet) != len(row):
        strange = ", ".join(sorted({*sheet} - {*rubric.codes}))
        raise BadInput(f"평가표에 없는 항목입니다: {strange}", code="sheet")
    for points, limit, code in zip(row, rubric.limits, rubric.codes, strict=True):
        if points is None and code in rubric.skippable:
            continue
        if type(points) is not int or not 0 <= points <= limit:
            raise BadInput(f"{code} 항목은 0점에서 {limit}점 사이 정수여야 합니다.", code="sheet")
    return row


def _claimed(rubric: Rubric, bonuses: Sequence[tuple[str, int]]) -> int:
    if len({code for code, _ in bonuses}) < len(bonuses):
        raise BadInput("같은 가점 항목이 두 번 들어 있습니다.", code="bonus")
    for code, points in bonuses:
        limit = rubric.bonus_limits.get(code)
        if limit is None:
            raise BadInput(f"없는 가점 항목입니다: {code}", code="bonus")
        if type(points) is not int or not 0 <= points <= limit:
            raise BadInput(f"{code} 가점은 0점에서 {limit}점 사이 정수여야 합니다.", code="bonus")
    return sum(points for _, points in bonuses)


def _remarks(
    rubric: Rubric, raw: Decimal, passed: bool, claimed: int, counted: int
) -> tuple[Finding, ...]:
    if passed and claimed == counted:
        return ()
    findings = []
    if not passed:
        below = f"평가점수 {raw}점이 기준점수 {rubric.floor}점에 못 미칩니다."
        findings.append(Finding("below_floor", below, False))
        if claimed:
            lost = "평가점수가 기준점수에 못 미쳐 가점을 더하지 않았습니다."
            findings.append(Finding("bonus_not_counted", lost, False))
    elif claimed > counted:
        capped = f"가점 {claimed}점 가운데 한도인 {counted}점까지만 더했습니다."
        findings.append(Finding("bonus_capped", capped, False))
    return tuple(findings)


def _digits(figure: Decimal | None) -> str | None:
    return None if figure is None else format(figure, "f")
