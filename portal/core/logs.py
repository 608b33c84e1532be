"""Log lines without personal data: as text, or as JSON for a collector."""

import logging
import re
import traceback
from types import TracebackType
from typing import Any

from django.http import HttpRequest
from pythonjsonlogger.json import JsonFormatter

from portal.core import following

# Of what else a record holds nothing is written: a request would print its address.
FIELDS = frozenset(
    {"time", "level", "logger", "message", "request_id", "exc_info"}
    | {"method", "route", "status", "milliseconds", "job", "kind", "mail", "outcome"}
)
HIDDEN = "***"
_PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|(?<=\?)[^\s'\"?]{2,}"  # a query
    r"|(?<=DETAIL:).*|(?<=CONTEXT:).*|(?<=LINE \d:).*"  # values of a row that PostgreSQL refused
    r"|\b(?:\d{6}-?[1-4]\d{6}|01\d-?\d{3,4}-?\d{4})\b"  # numbers of residents and telephones
)
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def without_personal(text: str) -> str:
    """Return a text without addresses, queries and values of rows, as far as they can be told."""
    return _PERSONAL.sub(HIDDEN, text)


class Followed(logging.Filter):
    """Adds the number of the request, and names requests by their route instead of their path."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = following.current()
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple) and record.args:
            # Django's own lines end with the path, which may hold a token.
            record.args = (*record.args[:-1], following.route_of(request))
        return True


class Lines(logging.Formatter):
    """One readable line, for people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return without_personal(super().format(record))


class Json(JsonFormatter):
    """One JSON object a line. Of an exception type and places are kept: its words may name people."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            json_ensure_ascii=False,
        )

    def formatException(self, ei: ExcInfo) -> str:
        return "\n".join(reversed(list(_bare(ei[1]))))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {
            name: without_personal(value) if isinstance(value, str) else value
            for name, value in log_data.items()
            if name in FIELDS and value not in ("", None)
        }


def _bare(error: BaseException | None) -> list[str]:
    found = []
    while error is not None:
        places = "".join(traceback.format_tb(error.__traceback__))
        found.append(f"{places}{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found
