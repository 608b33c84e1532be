"""The ranked list: from its start to the line of the cut, to a firm, and to paper."""

import pytest
from django.test import Client
from django.urls import reverse

from applications.admin.selection import ranked
from applications.models import Selection
from applications.services import search as keys
from portal.models import User
from tests.factories import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> tuple[Selection, User]:
    monkeypatch.setattr(ranked, "PAGE", 2)
    program = staff.program(money=300_000_000)
    officer = staff.officer(program)
    judges = staff.assessors()
    for place in range(5):
        staff.judged(program, (20 + place, 32, 24), judges=judges, support=100_000_000)
    selection = staff.proposed(program, officer)
    firms = selection.decisions.values_list("application__company", flat=True)
    keys.learn(list(firms))
    return selection, officer


def page_of(selection: Selection) -> str:
    return reverse("admin:applications_selection_change", args=[selection.pk])


def test_the_page_leads_to_the_line_of_the_cut(
    client: Client, made: tuple[Selection, User]
) -> None:
    selection, officer = made
    page = staff.enter(client, officer).get(page_of(selection)).content.decode()
    assert selection.cut["selected_count"] == 3
    assert 'href="?p=2#rank-3"' in page
    second = client.get(page_of(selection), {"p": 2}).content.decode()
    assert '<tr id="rank-3" class="is-cutoff">' in second


def test_a_firm_is_found_by_name_and_by_number(
    client: Client, made: tuple[Selection, User]
) -> None:
    selection, officer = made
    fourth = selection.decisions.select_related("application__company").get(rank=4)
    staff.enter(client, officer)
    for text in (fourth.application.company.name, fourth.application.number):
        page = client.get(page_of(selection), {"find": text}).content.decode()
        assert f'<a href="?p=2#rank-4">4위 {fourth.application.company}</a>' in page
    assert (
        "이 순위표에 없습니다"
        in client.get(page_of(selection), {"find": "없는 기업"}).content.decode()
    )
    assert "두 글자 이상" in client.get(page_of(selection), {"find": "가"}).content.decode()


def test_paper_repeats_the_header_and_holds_every_rank(
    client: Client, made: tuple[Selection, User]
) -> None:
    selection, officer = made
    address = reverse("admin:applications_selection_print", args=[selection.pk])
    page = staff.enter(client, officer).get(address).content.decode()
    assert page.count('<td class="nowrap">2021') == 5
    assert "<thead>" in page
    assert staff.enter(Client(), staff.officer(staff.program())).get(address).status_code == 404
