"""Every due instant that a person sees, over all models, and which of them is not a round one."""

from collections.abc import Iterator
from datetime import datetime, time

from django.apps import apps
from django.db.models import DateTimeField

from portal.core.clock import KST

ROUND = {time(0), time(18)}
ENDINGS = ("due_at", "until", "expires_at")
NOT_SHOWN = {"portal.Job.lease_until"}


def instants() -> Iterator[tuple[str, datetime]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            name = f"{model._meta.app_label}.{model.__name__}.{field.name}"
            if not isinstance(field, DateTimeField) or name in NOT_SHOWN:
                continue
            if field.name.endswith(ENDINGS):
                rows = model._base_manager.exclude(**{field.name: None})
                yield from ((name, at) for at in rows.values_list(field.name, flat=True))


def filled() -> set[str]:
    """The fields that hold a due instant in some row."""
    return {name for name, _ in instants()}


def not_round() -> list[str]:
    return [f"{name} {at}" for name, at in instants() if at.astimezone(KST).time() not in ROUND]
