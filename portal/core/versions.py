"""What a refusal says about the save that came first."""

from datetime import datetime

from portal.core.dates import KST
from portal.core.errors import StaleVersion

RELOAD = "최신 내용을 불러온 뒤 다시 저장하세요."


def earlier_save(
    other: str, at: datetime | None = None, *, own: bool, then: str = RELOAD
) -> StaleVersion:
    """Return a StaleVersion that tells one's own second window from a colleague, and when (KST).

    `other` is the colleague's name, "" where it is unknown or not for this reader.
    """
    when = f"{at.astimezone(KST):%m월 %d일 %H:%M:%S}에 " if at else ""
    if own:
        return StaleVersion(f"다른 창에서 {when}직접 저장하신 내용이 있습니다. {then}")
    who = f"{other} 님이" if other else "다른 사람이"
    return StaleVersion(f"{who} {when}먼저 저장했습니다. {then}")
