"""Every list of what hangs on an application is searched as applications are."""

import pytest
from django.contrib.admin import site
from django.test import Client, RequestFactory
from django.urls import reverse

from applications.admin.search import FoundByApplication
from applications.models import Application, DecisionChange
from applications.queries import search
from applications.services import search as keys
from tests.factories import staff
from tests.test_staff_pages import world

pytestmark = pytest.mark.django_db

SCREENS = [row for row in site._registry.values() if isinstance(row, FoundByApplication)]


def shown(client: Client, screen: FoundByApplication, text: str) -> list[int]:
    answer = client.get(screen.list_url(), {"q": text})
    assert answer.status_code == 200, screen.opts.label
    return [row.pk for row in answer.context["cl"].result_list]


def test_a_part_of_a_name_a_tail_and_a_business_number_find_the_rows(
    client: Client, rf: RequestFactory
) -> None:
    world()
    request = rf.get("/")
    request.user = staff.manager()
    reader = staff.enter(client, request.user)
    tried = 0
    for screen in SCREENS:
        row = screen.get_queryset(request).first()
        if row is None:
            continue
        tried += 1
        application = row
        for part in screen.application_path.split("__"):
            application = getattr(application, part)
        company = application.company
        keys.learn([company.pk])
        # A receipt ends with the key of its application; numbers of the factory do not.
        number = f"2021-시험-9차-{application.pk:06d}"
        Application.objects.filter(pk=application.pk).update(number=number)
        for text in (company.name[-3:], number, number[-6:], company.business_number):
            assert row.pk in shown(reader, screen, text), (screen.opts.label, text)
        assert shown(reader, screen, "어디에도 없는 기업") == [], screen.opts.label
        assert shown(reader, screen, "가") == [], screen.opts.label
    assert tried >= 4


def test_a_list_says_when_a_search_finds_more_than_it_shows(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST", 1)
    program = staff.program()
    made = [staff.filed(program, company__name=f"한빛{place}") for place in range(3)]
    keys.learn([row.company_id for row in made])
    address = reverse("admin:applications_decisionchange_changelist")
    page = staff.enter(client, staff.manager()).get(address, {"q": "한빛"}).content.decode()
    assert "최근 1건에 속한 것만" in page
    assert DecisionChange.objects.count() == 0
