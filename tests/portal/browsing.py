"""Pages in Chromium: a browser that is signed in, and what every page is checked for."""

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from portal.models import User
from tests.factories import staff

WIDTHS = (1280, 390)


def signed_in(
    context: BrowserContext, base: str, user: User, *, second_factor: bool = False
) -> Page:
    """A page of this person's, without passing through the sign-in form."""
    client = Client()
    if second_factor:
        staff.enter(client, user)
    else:
        client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])
    return context.new_page()


def check(page: Page, url: str) -> None:
    """Hold a page against axe and the width of the screen, wide and narrow."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        answer = page.goto(url)
        assert answer, url
        assert answer.ok, (url, answer.status)
        found = {
            row["id"]: [node["html"][:200] for node in row["nodes"]][:3]
            for row in Axe().run(page).response["violations"]
        }
        assert found == {}, (url, width, found)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (url, width)
