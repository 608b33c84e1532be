"""Every page says whom to ask; what the portal says of itself is data with an origin."""

import pytest
from django.template.loader import render_to_string
from django.test import Client

from portal.core.site import site

CODES = ("terms", "privacy", "accessibility")


def test_the_data_file_has_the_pages_and_an_origin_for_all() -> None:
    found = site()
    assert tuple(page.code for page in found.pages) == CODES
    assert all(page.sections and all(row.texts for row in page.sections) for page in found.pages)
    origins = {found.contact.origin, *(page.origin for page in found.pages)}
    assert origins <= {"public", "assumption"}


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_each_page_is_open_to_all_and_says_whom_to_ask(client: Client, code: str) -> None:
    answer = client.get(f"/{code}/")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f"<h1>{site().page(code).title}</h1>" in text
    assert text.count(f'href="tel:{site().contact.phone}"') == 2


@pytest.mark.parametrize("template", ["404.html", "403.html", "429.html"])
def test_the_footer_needs_no_request(template: str) -> None:
    text = render_to_string(template)
    assert f'href="tel:{site().contact.phone}"' in text
    for code in CODES:
        assert f'href="/{code}/"' in text
