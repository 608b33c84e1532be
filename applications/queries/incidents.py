"""What a request that went wrong was about: its programme, told by its address alone."""

from collections.abc import Collection
from typing import Any

from applications.models import Application

PREFIX = "application:"


def about(match: Any) -> str:
    """Name the programme or the application of an address; the database is not asked."""
    words = match.kwargs
    if "round" in words and "code" in words:
        return f"{words['round']}/{words['code']}"
    if (match.url_name or "").startswith(("application", "api_application")) and "pk" in words:
        return f"{PREFIX}{words['pk']}"
    return "portal"


def scopes(keys: Collection[str]) -> dict[str, str]:
    """Find the programme of each: `round/code`; what is not known is left out."""
    numbers = {key: key.removeprefix(PREFIX) for key in keys if key.startswith(PREFIX)}
    ids = {int(text) for text in numbers.values() if text.isdecimal() and len(text) < 18}
    rows = Application.objects.filter(pk__in=ids).values_list(
        "pk", "sub_program__round__code", "sub_program__code"
    )
    found = {f"{PREFIX}{pk}": f"{round}/{code}" for pk, round, code in rows}
    return found | {key: key for key in keys if "/" in key}
