"""JSON bodies that the database can store: limited in bytes and depth, without NUL and infinities."""

import json
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser

from portal.core import text
from portal.core.errors import BadInput
from portal.core.plain_json import check_plain


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"


class PlainJSON(JSONParser):
    """Refuses a body that is too large, too deep or not storable; cleans its texts (`core.text`)."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: object = None
    ) -> Any:
        sent = stream.read(settings.API_MAX_BYTES + 1)
        if len(sent) > settings.API_MAX_BYTES:
            raise TooLarge
        try:
            data = json.loads(sent.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError) as unreadable:
            raise BadInput("JSON으로 읽을 수 없습니다.", code="json") from unreadable
        check_plain(data)
        return text.clean_all(data)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
