"""Every list, search and download of staff takes the same queries, however many rows there are."""

from collections.abc import Iterator

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.access.roles import role_names
from portal.staff.lists import StaffAdmin
from tests.factories import staff
from tests.factories.applications import UserFactory
from tests.test_staff_pages import world

pytestmark = pytest.mark.django_db

SCREENS = [row for row in site._registry.values() if isinstance(row, StaffAdmin)]
SOUGHT = "한빛"
PER_ROUND = (
    "vouchers.PanelApplication"  # marks of bursts are computed once for each round of a page
)


def addresses() -> Iterator[tuple[str, str]]:
    """Yield label and address of every list, its search, its orders and its download."""
    for screen in SCREENS:
        label, listed = screen.opts.label, screen.list_url()
        yield label, listed
        if screen.search_fields:
            yield f"{label} search", f"{listed}?q={SOUGHT}"
        for sort in screen.sorts:
            yield f"{label} by {sort.column}", f"{listed}?sort=-{sort.column}"
        if screen.exported:
            yield f"{label} download", screen.list_url("export")


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        if answer.streaming:
            assert b"".join(answer.streaming_content)
    return len(queries)


def test_lists_searches_orders_and_downloads_do_not_grow(client: Client) -> None:
    everything = {"roles": sorted(role_names()), "is_staff": True, "is_superuser": True}
    reader = staff.enter(client, UserFactory(**everything))
    world()
    few = {label: cost(reader, address) for label, address in addresses()}
    world()
    many = {label: cost(reader, address) for label, address in addresses()}
    # Some read once for a process what the second world changed: those are opened again.
    grown = {
        label: (few[label], again)
        for label, address in addresses()
        if many[label] > few[label]
        and (again := cost(reader, address)) > few[label] + label.startswith(PER_ROUND)
    }
    assert grown == {}
    filled = [screen for screen in SCREENS if screen.model._default_manager.count() > 1]
    assert len(filled) > 15
