"""The rows of every staff list are those of Django's own tag, to the letter; headings may sort."""

import re
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.templatetags.admin_list import result_list
from django.template.loader import render_to_string
from django.test import RequestFactory

from applications.models import Application
from portal.models import Notice, User
from portal.staff import rows
from portal.staff.lists import StaffAdmin
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, CompanyFactory

pytestmark = pytest.mark.django_db


class Columns(StaffAdmin):
    """Every kind of column: flags, foreign keys, times, choices, empty values, markup, methods."""

    list_display = [
        "number",
        "state",
        "company",
        "track",
        "submitted_at",
        "detached",
        "yes",
        "html",
    ]
    list_filter = ["state"]

    def yes(self, row: Application) -> bool:
        return row.pk % 2 == 0

    yes.boolean = True

    def html(self, row: Application) -> str:
        return f"<b>{row.pk}</b>" if row.pk % 2 else " "


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def both(screen: StaffAdmin, user: User, query: str = "") -> tuple[str, str]:
    request = RequestFactory().get(f"/{query}")
    request.user = user
    cl: Any = screen.get_changelist_instance(request)
    cl.formset = None  # as the list's view sets it
    assert cl.result_list
    theirs = render_to_string(rows.TEMPLATE, {**result_list(cl), "cl": cl})
    return squeezed(rows.table(cl)), squeezed(theirs)


@pytest.mark.parametrize("query", ["", "?state__exact=submitted"])
def test_all_kinds_of_columns_are_drawn_as_django_draws_them(rf, query: str) -> None:
    for name in ("가온 <정밀>", "나래"):
        ApplicationFactory(filed=True, company=CompanyFactory(name=name))
    ApplicationFactory(track=None)
    boss = User.objects.create_superuser("boss@example.kr")
    ours, theirs = both(Columns(Application, site), boss, query)
    assert ours == theirs
    assert "&lt;정밀&gt;" in ours


def test_the_rows_of_lists_with_links_and_marks_are_the_same() -> None:
    program = staff.program()
    staff.filed(program)
    Notice.objects.create(key="a", to_email="b@example.kr", subject="<c>", body="d", created_at=NOW)
    for model, reader in ((Application, staff.manager()), (Notice, staff.operator())):
        screen = site._registry[model]
        assert isinstance(screen, StaffAdmin)
        for query in ("", "?state=submitted" if model is Application else "?q=b@example.kr"):
            ours, theirs = (text.partition("<tbody>")[2] for text in both(screen, reader, query))
            assert ours == theirs, (model, query)
            assert ours
