"""Every column and field shown on the staff site has a Korean label."""

import re
from collections.abc import Iterator

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import flatten, label_for_field

from portal.celery import app
from portal.jobs import queue
from portal.staff.acts import WorkflowAdmin

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


def test_every_kind_of_job_has_a_korean_name() -> None:
    app.loader.import_default_modules()
    assert queue.kinds() - set(settings.JOB_NAMES) == set()
    assert [name for name in settings.JOB_NAMES.values() if not re.search("[가-힣]", name)] == []


# Ways back, prints and corrections beside the work that a page is for.
BESIDE = re.compile(
    "다시|되돌|돌려|반려|불승인|않음|제외|폐기|취소|회복|복원|예외|연장|교체|바꾸기|빼기|PDF"
)


def misleading() -> Iterator[str]:
    for model, screen in admin.site._registry.items():
        if isinstance(screen, WorkflowAdmin) and screen.page_template:
            for act in screen.acts:
                if BESIDE.search(act.label) and not (act.danger or act.aside):
                    yield f"{model.__name__}.{act.name}: {act.label}"


def test_no_way_back_and_no_print_leads_a_page() -> None:
    assert list(misleading()) == []
