"""Rules of responsible officers: who may give a file to whom."""

from portal.core.errors import Finding

HAS_OFFICER = Finding("has_officer", "이미 이 담당자가 맡고 있습니다.")
NOT_OWN = Finding(
    "role",
    "자기가 맡은 신청만 넘길 수 있습니다. 다른 담당자의 신청은 결정권자가 넘깁니다.",
)


def giving(officer: int | None, *, to: int, by: int, manages: bool) -> Finding | None:
    """Return why `by` may not give a file of `officer` to another; None when they may."""
    if officer == to:
        return HAS_OFFICER
    return None if manages or officer == by else NOT_OWN
