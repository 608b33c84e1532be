"""JSON that the whole house can keep: bounded in bytes and depth, without NUL and infinities."""

import json
import math
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser

from portal.errors import BadInput

MAX_DEPTH = 20
MAX_WHOLE = 2**63 - 1
"""The largest whole number a database column holds."""


class TooLarge(APIException):
    """More bytes than any call of this API needs."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"


class PlainJSON(JSONParser):
    """Reads a body, or refuses it before any view sees it."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: object = None
    ) -> Any:
        """Return the data. Raises TooLarge and BadInput (`json`, `json_value`)."""
        sent = stream.read(settings.API_MAX_BYTES + 1)
        if len(sent) > settings.API_MAX_BYTES:
            raise TooLarge
        try:
            data = json.loads(sent.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError) as unreadable:
            raise BadInput("JSON으로 읽을 수 없습니다.", code="json") from unreadable
        check_plain(data)
        return data


def check_plain(data: object) -> None:
    """Refuse what no database column holds: NUL, half characters, infinities, depth.

    Raises BadInput (`json_value`).
    """
    waiting: list[tuple[object, int]] = [(data, 1)]
    while waiting:
        value, depth = waiting.pop()
        if fault := _fault(value, depth):
            raise BadInput(fault, code="json_value")
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]


def _fault(value: object, depth: int) -> str:
    if depth > MAX_DEPTH:
        return f"JSON은 {MAX_DEPTH}단계까지 겹칠 수 있습니다."
    if isinstance(value, str) and not _writable(value):
        return "쓸 수 없는 글자가 들어 있습니다."
    if isinstance(value, float) and not math.isfinite(value):
        return "숫자가 너무 큽니다."
    if isinstance(value, int) and abs(value) > MAX_WHOLE:
        return "숫자가 너무 큽니다."
    return ""


def _writable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
