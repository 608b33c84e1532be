"""Errors to a Sentry server, without what people sent or read. Off by default."""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from django.conf import settings

from portal.core import following

KEPT = (
    *("event_id", "timestamp", "level", "platform", "logger", "release", "environment"),
    *("sdk", "server_name"),
)
FRAME = ("filename", "function", "module", "lineno", "in_app")


def start(service: str) -> None:
    """Report the errors of this process to SENTRY_DSN."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.VERSION,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        before_send=scrubbed,  # type: ignore[arg-type] # its own type of an event is private
    )
    sentry_sdk.set_tag("service", service)


def scrubbed(event: Mapping[str, Any], hint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be sent of an event: kinds and places of errors, never their words.

    Neither the request nor the person, cookies, arguments, variables or earlier lines.
    """
    kept = {name: event[name] for name in KEPT if name in event}
    kept["tags"] = {"service": event.get("tags", {}).get("service", "")}
    kept["tags"]["request_id"] = following.current()
    if event.get("transaction_info", {}).get("source") == "route":
        kept["transaction"] = event.get("transaction")
    if message := event.get("logentry", {}).get("message"):
        kept["logentry"] = {"message": message}  # the pattern, without what was filled in
    errors = event.get("exception", {}).get("values", [])
    if errors:
        kept["exception"] = {"values": [_bare(error) for error in errors]}
    return kept


def _bare(error: Mapping[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames", [])
    places = [{name: frame.get(name) for name in FRAME} for frame in frames]
    return {
        "type": error.get("type"),
        "module": error.get("module"),
        "stacktrace": {"frames": places},
    }
