"""Who saved first: oneself in another window, or a colleague."""

from datetime import UTC, datetime

import pytest

from portal.core.versions import earlier_save

AT = datetime(2021, 3, 2, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("other", "at", "own", "said"),
    [
        ("", AT, True, "다른 창에서 03월 02일 10:02:03에 직접 저장하신 내용이 있습니다."),
        ("김하나", None, True, "다른 창에서 직접 저장하신 내용이 있습니다."),
        ("김하나", AT, False, "김하나 님이 03월 02일 10:02:03에 먼저 저장했습니다."),
        ("", None, False, "다른 사람이 먼저 저장했습니다."),
    ],
)
def test_a_second_window_is_told_from_a_colleague(other, at, own, said) -> None:
    refused = earlier_save(other, at, own=own)
    assert refused.message == f"{said} 최신 내용을 불러온 뒤 다시 저장하세요."
    assert refused.code == "stale_version"
