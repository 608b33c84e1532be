"""The browser of a sign-in is told in words."""

import pytest

from portal.templatetags.browsers import browser

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"{WINDOWS} Chrome/120.0 Safari/537.36", "크롬, 윈도우 컴퓨터"),
        (f"{WINDOWS} Chrome/120.0 Safari/537.36 Edg/120.0", "엣지, 윈도우 컴퓨터"),
        (f"{WINDOWS} Chrome/120.0 Whale/3.24 Safari/537.36", "웨일, 윈도우 컴퓨터"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Firefox/121.0", "파이어폭스, 리눅스 컴퓨터"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_2) Version/17.2 Safari/604.1", "사파리, 아이폰"),
        (
            "Mozilla/5.0 (Linux; Android 14) SamsungBrowser/23.0 Chrome/115",
            "삼성 인터넷, 안드로이드 기기",
        ),
        ("curl/8.4.0", "알 수 없는 프로그램"),
        ("", "알 수 없는 프로그램"),
    ],
)
def test_a_browser_is_named_in_plain_words(agent: str, words: str) -> None:
    assert browser(agent) == words
