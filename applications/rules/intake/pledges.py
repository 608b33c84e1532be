"""The words of a partner's pledge to take part."""

from portal.core.money import won

VERSION = "2021-1"  # raised with every change of the words


def paragraphs(*, part: str, share_won: int | None, quote_won: int | None) -> tuple[str, ...]:
    """Return what the partner pledges, a paragraph each; the sums are in won."""
    sums = [
        f"{label} {won(amount)}"
        for label, amount in (("부담금", share_won), ("견적금액", quote_won))
        if amount is not None
    ]
    return (
        "위 사업에 위 역할로 참여하여 맡은 일을 성실하게 할 것을 확약합니다.",
        f"맡은 일: {part}",
        *([f"금액: {', '.join(sums)}"] if sums else []),
        "이 확약은 신청서를 제출할 때 함께 내며, 신청을 취하하거나 선정되지 않으면 끝납니다.",
    )
