"""Passwords known from breaches, looked up in a file that the operator keeps; nothing is sent anywhere."""

import hashlib
from pathlib import Path

from django.core.exceptions import ValidationError

from portal.models import User

PREFIX = 40
"""Hexadecimal digits of a SHA-1, with which each line begins."""


class BreachedPasswordValidator:
    """Refuses passwords of a file (`PORTAL_BREACHED_PASSWORDS`).

    It has the form of the published list "Pwned Passwords ordered by hash": one SHA-1 in capitals
    a line, sorted, anything after it ignored. It may have any size: about 30 lines of it are read.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    message = "다른 곳에서 유출된 적이 있는 비밀번호입니다. 다른 비밀번호를 쓰세요."

    def validate(self, password: str, user: User | None = None) -> None:
        # SHA-1 is the hash of the published list; it protects nothing here.
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        if listed(self.path, digest):
            raise ValidationError(self.message, code="password_breached")

    def get_help_text(self) -> str:
        return "다른 곳에서 유출된 적이 있는 비밀번호는 사용할 수 없습니다."


def listed(path: Path, digest: str) -> bool:
    """Tell whether a line of the sorted file begins with the digest, by bisection."""
    wanted = digest.encode()
    with path.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            file.seek(middle)
            if middle:
                file.readline()  # the rest of the line in whose midst this is
            line = file.readline()
            if line and line[:PREFIX] < wanted:
                low = middle + 1
            else:
                high = middle
        file.seek(low)
        if low:
            file.readline()
        return file.readline()[:PREFIX] == wanted
