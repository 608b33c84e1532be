"""What is said beside every report: how its author came to the service and what they get."""


def disclosure(fee_won: int) -> str:
    """Return the sentence on free use and the fee (won) of a report's author."""
    return (
        "쓴 사람은 이 서비스를 무료로 써 보았고, 보고서가 채택되면 "
        f"원고료 {fee_won:,}원을 받기로 하고 썼습니다."
    )
