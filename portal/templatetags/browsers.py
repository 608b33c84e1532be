"""The browser and the device of a sign-in, in words."""

from portal.templatetags.library import library

# The first that fits: Edge, Whale and Samsung's browser call themselves Chrome, too, and Chrome Safari.
BROWSERS = (
    ("Edg", "엣지"),
    ("Whale", "웨일"),
    ("SamsungBrowser", "삼성 인터넷"),
    ("OPR", "오페라"),
    ("Firefox", "파이어폭스"),
    ("FxiOS", "파이어폭스"),
    ("Chrome", "크롬"),
    ("CriOS", "크롬"),
    ("Safari", "사파리"),
)
DEVICES = (
    ("iPhone", "아이폰"),
    ("iPad", "아이패드"),
    ("Android", "안드로이드 기기"),
    ("Windows", "윈도우 컴퓨터"),
    ("Macintosh", "맥 컴퓨터"),
    ("CrOS", "크롬북"),
    ("Linux", "리눅스 컴퓨터"),
)
UNKNOWN = "알 수 없는 프로그램"


@library.filter
def browser(agent: str) -> str:
    """Return the browser and the device that a user agent names: 크롬, 윈도우 컴퓨터."""
    found = [
        next((word for sign, word in words if sign in agent), "") for words in (BROWSERS, DEVICES)
    ]
    return ", ".join(filter(None, found)) or UNKNOWN
