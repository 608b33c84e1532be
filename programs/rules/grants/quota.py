"""How many firms are selected, in the notice's wording (내외, 이상, a plain count)."""

from portal.core.errors import BadInput, Finding

ABOUT = "about"
AT_LEAST = "at_least"
EXACT = "exact"
NONE = "none"
KINDS = (ABOUT, AT_LEAST, EXACT, NONE)


def places(count: int | None, kind: str) -> int | None:
    """Return how many a selection proposal may take, None when only the budget limits it.

    About and exact stop at the count; at least is a target (A05).
    """
    _check(count, kind)
    return count if kind in (ABOUT, EXACT) else None


def note(count: int | None, kind: str, selected: int) -> Finding | None:
    """Return a warning when the number selected deviates from the quota, else None."""
    _check(count, kind)
    if count is None:
        return None
    if kind == AT_LEAST and selected < count:
        return Finding(
            "quota_short", f"선정 {selected:,}개로 목표 {label(count, kind)}에 못 미칩니다.", False
        )
    if kind in (ABOUT, EXACT) and selected > count:
        return Finding(
            "quota_over", f"선정 {selected:,}개로 계획 {label(count, kind)}를 넘습니다.", False
        )
    return None


def label(count: int | None, kind: str, unit: str = "개") -> str:
    """Return the quota as the notice writes it: 57개 내외, 6,000개 이상, 100명 내외, 정함 없음."""
    _check(count, kind)
    if count is None:
        return "정함 없음"
    return f"{count:,}{unit}" + {ABOUT: " 내외", AT_LEAST: " 이상", EXACT: ""}[kind]


def _check(count: int | None, kind: str) -> None:
    if kind not in KINDS:
        raise BadInput(f"알 수 없는 모집 규모 구분입니다: {kind}", code="quota")
    if (count is None) != (kind == NONE) or (count is not None and count < 0):
        raise BadInput("모집 규모의 수와 구분이 서로 맞지 않습니다.", code="quota")
