"""Every column and field shown on the staff site has a Korean label."""

import re
from collections.abc import Iterator

from django.contrib import admin
from django.contrib.admin.utils import flatten, label_for_field

APPS = ("portal", "programs", "applications", "vouchers", "kamp")
PLAIN = {"ID", "SHA-256"}


def shown(screen: admin.ModelAdmin) -> list[object]:
    """Return the columns of the list and, without a template of its own, the fields of the page."""
    names = [name for name in screen.list_display if name != "action_checkbox"]
    if getattr(screen, "page_template", ""):
        return names
    if screen.fieldsets:
        return [*names, *(row for _, part in screen.fieldsets for row in flatten(part["fields"]))]
    left_out = screen.exclude or []
    own = screen.fields or [
        row.name for row in screen.opts.fields if row.editable and row.name not in left_out
    ]
    return [*names, *flatten(own)]


def unlabelled() -> Iterator[str]:
    for model, screen in admin.site._registry.items():
        if not model.__module__.startswith(("auditlog.", *(f"{app}." for app in APPS))):
            continue
        for name in shown(screen):
            label = str(label_for_field(name, model, screen))
            if label not in PLAIN and not re.search("[가-힣]", label):
                yield f"{model.__name__}.{name}: {label}"


def test_every_column_and_field_has_a_korean_label() -> None:
    assert list(unlabelled()) == []
