"""Words that every guesser of this portal's passwords tries first."""

import re

from django.core.exceptions import ValidationError

from portal.models import User

WORDS = (
    *("smartfactory", "smartmanufacturing", "smart", "factory", "portal", "voucher", "kamp"),
    *("manager", "officer", "operator", "assessor", "admin", "password", "company"),
    *("스마트공장", "스마트", "공장", "포털", "바우처", "중기부", "담당자", "비밀번호"),
    # The Korean ones as typed on a keyboard that is set to English.
    *("tmakxmrhdwkd", "tmakxm", "rhdwkd", "vhxjf", "qkdncj", "wndrlqn", "ekaekdwk", "qlalfqjsgh"),
)
"""Refused unless enough else stands beside them (docs/security.md lists them)."""
BESIDE = 4
"""Letters that must remain beside such words."""

_WORD = re.compile("|".join(sorted(WORDS, key=len, reverse=True)))
_NO_LETTER = re.compile(r"[\W\d_]")


class OwnWordsValidator:
    """Refuses a password of the portal's own words, with digits and marks around them."""

    message = "이 포털의 이름이나 직책으로 된, 짐작하기 쉬운 비밀번호입니다. 다른 말을 더해 주세요."

    def validate(self, password: str, user: User | None = None) -> None:
        letters = _NO_LETTER.sub("", password.casefold())
        left, found = _WORD.subn("", letters)
        if found and len(left) < BESIDE:
            raise ValidationError(self.message, code="password_own_words")

    def get_help_text(self) -> str:
        return "스마트공장, portal처럼 이 포털의 이름만으로 된 비밀번호는 사용할 수 없습니다."
