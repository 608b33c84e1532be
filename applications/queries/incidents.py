"""Scope of an incident: the sub-programme that a failed request was about."""

from collections.abc import Collection

from django.urls import ResolverMatch

from applications.models import Application

PREFIX = "application:"
# The pages on which firms start, write, upload and file: failures of no others are of the intake.
NEW = {"application_new"}
OF_DRAFT = {
    "application_step",
    "application_review",
    "application_submit",
    "application_ticket",
    "api_application",
    "api_application_review",
    "api_application_submit",
}


def about(match: ResolverMatch) -> str:
    """Return `round/code`, `application:<pk>` or `portal` for an address, without any query.

    The database may be what failed. What is no page of the intake is the portal's: such a failure
    is on record, and no ground to move a deadline.
    """
    arguments = match.kwargs
    if match.view_name in NEW:
        return f"{arguments['round']}/{arguments['code']}"
    if match.view_name in OF_DRAFT:
        return f"{PREFIX}{arguments['pk']}"
    return "portal"


def scopes(keys: Collection[str]) -> dict[str, str]:
    """Return the sub-programme (`round/code`) of each key that `about` returned.

    Unknown applications and `portal` are left out.
    """
    numbers = {key: key.removeprefix(PREFIX) for key in keys if key.startswith(PREFIX)}
    ids = {int(text) for text in numbers.values() if text.isdecimal() and len(text) < 18}
    rows = Application.objects.filter(pk__in=ids).values_list(
        "pk", "sub_program__round__code", "sub_program__code"
    )
    known = {f"{PREFIX}{pk}": f"{round}/{code}" for pk, round, code in rows}
    return known | {key: key for key in keys if "/" in key}
