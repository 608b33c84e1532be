"""People at their browsers: each has a context of their own and does what a page offers."""

import io
import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from playwright.sync_api import Browser, Error, Page, Response
from pypdf import PdfReader

from applications.roles import ASSESSOR
from demo.people import current_code
from portal.core.validators import check_digit
from portal.jobs import tasks
from portal.models import Job, JobState, Notice
from tests.factories.agreements import pdf
from tests.factories.applications import UserFactory

PASSWORD = "violet lantern 2021"


def work() -> None:
    """Let the worker do what waits."""
    tasks.sweep_jobs()
    assert not Job.objects.filter(state=JobState.PARKED).exists(), list(
        Job.objects.filter(state=JobState.PARKED).values_list("kind", "error")
    )


def number_of(place: int) -> str:
    """A good business number of this journey."""
    first = f"21081{place:04d}"
    return f"{first}{check_digit(first)}"


def letter_to(email: str, word: str) -> Notice:
    """The newest letter to an address whose subject or body has this word."""
    found = [
        row
        for row in Notice.objects.filter(to_email=email).order_by("-pk")
        if word in row.subject + row.body
    ]
    assert found, f"no letter with {word} to {email}"
    return found[0]


class Person:
    """Somebody with a browser."""

    def __init__(self, browser: Browser, base: str, context: dict[str, Any]) -> None:
        self.page: Page = browser.new_context(**context).new_page()
        self.page.on("dialog", lambda asked: asked.accept())
        self.base = base

    def go(self, path: str) -> None:
        """Open an address; again where a page that follows a job was just reloading itself."""
        answer = self._answer(path) or self._answer(path)
        assert answer, path
        assert answer.ok, f"{path}: {answer.status}"

    def _answer(self, path: str) -> Response | None:
        try:
            return self.page.goto(self.base + path)
        except Error as broken:
            if "interrupted by another navigation" not in broken.message:
                raise
            return None

    def press(self, label: str) -> None:
        """Press the button with this label, inside the page's main part."""
        with self.page.expect_navigation():  # a save under way holds the button's own back
            self.page.locator("main, #content").get_by_role("button", name=label).first.click()

    def sees(self, *texts: str) -> None:
        """Fail unless the page says all of this."""
        words = self.page.locator("body").inner_text()
        for text in texts:
            assert text in words, f"{text!r} is not on {self.page.url}:\n{words[:3000]}"

    def fill(self, name: str, value: Any) -> None:
        """Give a control its value, whatever kind it is; a list of dicts fills rows of controls."""
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for place, row in enumerate(value):
                for column, cell in row.items():
                    if self.page.locator(f'[name="{name}-{place}-{column}"]').count():
                        self.fill(f"{name}-{place}-{column}", cell)
            return
        control = self.page.locator(f'[name="{name}"]').first
        kind = control.evaluate("element => element.type")
        values = value if isinstance(value, list) else [value]
        texts = [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
        if kind == "checkbox" and value is True:
            control.check()
        elif kind in ("radio", "checkbox"):
            for text in texts:
                self.page.check(f'[name="{name}"][value="{text}"]')
        elif kind.startswith("select"):
            control.select_option(texts[0])
        else:
            control.fill(texts[0])

    def attach(self, name: str, *, within: str = "main", title: str = "증빙") -> None:
        """Put a new PDF into a control for files."""
        self.page.locator(within).locator(f"[name={name}]").set_input_files(
            {"name": f"{title}.pdf", "mimeType": "application/pdf", "buffer": pdf(title).read()}
        )

    def file(self, path: str) -> bytes:
        """Download what stands at an address."""
        answer = self.page.request.get(self.base + path)
        assert answer.ok, f"{path}: {answer.status}"
        return answer.body()

    def printed(self, path: str) -> str:
        """Download a PDF and read it back."""
        pages = PdfReader(io.BytesIO(self.file(path))).pages
        return "\n".join(page.extract_text() for page in pages)

    def leave(self) -> None:
        """Close the browser."""
        self.page.context.close()


class Applicant(Person):
    """A person of a firm, from sign-up on."""

    def __init__(self, browser: Browser, base: str, context: dict[str, Any], email: str) -> None:
        super().__init__(browser, base, context)
        self.email, self.name = email, ""

    def sign_up(self, name: str) -> None:
        """Make an account with the code that came by mail."""
        self.name = name
        self.go("/accounts/signup/")
        self.page.fill("[name=email]", self.email)
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password1]", PASSWORD)
        self.page.fill("[name=password2]", PASSWORD)
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_url("**/confirm-email/**")
        code = re.search(r"^\s*([A-Z0-9-]{6,9})\s*$", letter_to(self.email, "코드").body, re.M)
        assert code, letter_to(self.email, "코드").body
        self.page.fill("[name=code]", code.group(1))
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_load_state()

    def register(self, *, name: str, place: int, size: str, kind: str = "company") -> None:
        """Register the firm on the page that is open."""
        page = self.page
        page.fill("[name=business_number]", number_of(place))
        page.fill("[name=name]", name)
        page.check(f"[name=kind][value={kind}]")
        page.locator(f"[name=size][value={size}], select[name=size]").first.evaluate(
            """(element, size) => {
                if (element.tagName === 'SELECT') { element.value = size }
                else { element.checked = true }
            }""",
            size,
        )
        page.fill("[name=industry_code]", "25924")
        page.fill("[name=founded_on]", "2008-05-14")
        page.fill("[name=employees]", "38")
        page.select_option("[name=region]", "gyeonggi")
        page.fill("[name=address]", f"경기도 시흥시 산단로 {place}")
        self.page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state()

    def answer(self, given: dict[str, Any]) -> None:
        """Answer the questions that the page shows; unknown ones stay as they are."""
        shown = self.page.locator("[name=shown]").input_value().split()
        for code in shown:
            if code in given:
                self.fill(f"q_{code}", given[code])


class Staff(Person):
    """A person with a role, signed in with the second factor."""

    def __init__(
        self, browser: Browser, base: str, context: dict[str, Any], email: str, role: str
    ) -> None:
        super().__init__(browser, base, context)
        self.user = UserFactory(
            email=email, name=email.split("@")[0], is_staff=role != ASSESSOR, roles=[role]
        )
        self.user.set_password(PASSWORD)
        self.user.save()
        EmailAddress.objects.create(user=self.user, email=email, verified=True, primary=True)
        TOTP.activate(self.user, generate_totp_secret())
        home = "/assessor/" if role == ASSESSOR else "/admin/"
        self.go(f"/accounts/login/?next={home}")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_url("**/2fa/**")
        factor = Authenticator.objects.get(user=self.user, type="totp")
        self.page.fill("[name=code]", current_code(factor))
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_url(f"**{home}**")

    def act(
        self, model: str, pk: int, act: str, *, app: str = "applications", **fields: Any
    ) -> None:
        """Press the act on the thing's page, or open its own, fill what it asks, and press."""
        self.go(f"/admin/{app}/{model}/{pk}/change/")
        pressed = self.page.locator(f'.act-row form[action$="/{pk}/act/{act}/"] button')
        if pressed.count():
            with self.page.expect_navigation():
                pressed.click()
            self.is_not_refused()
            return
        self.begin(model, pk, act, app=app)
        for name, value in fields.items():
            self.fill(name, value)
        self.do()

    def begin(self, model: str, pk: int, act: str, *, app: str = "applications") -> None:
        """Open the act's page by its button."""
        self.go(f"/admin/{app}/{model}/{pk}/change/")
        self.page.locator(f'a[href$="/{pk}/act/{act}/"]').first.click()
        self.page.wait_for_load_state()

    def do(self) -> None:
        """Press the button of the form that is open; nothing is refused."""
        with self.page.expect_navigation():
            self.page.locator(".act-form button[type=submit]").click()
        self.is_not_refused()

    def is_not_refused(self) -> None:
        refusals = self.page.locator(".messagelist .error, .errorlist").all_inner_texts()
        assert not refusals, refusals

    def is_offered(self, model: str, pk: int, act: str) -> bool:
        """Whether the thing's page has the act's button for this person."""
        self.go(f"/admin/applications/{model}/{pk}/change/")
        return self.page.locator(f'a[href$="/{pk}/act/{act}/"]').count() > 0

    def add(self, model: str, **fields: Any) -> None:
        """Add a plain row of data on its own page."""
        self.go(f"/admin/{model}/add/")
        for name, value in fields.items():
            self.fill(name, value)
        with self.page.expect_navigation():
            self.page.locator("#content-main [name=_save]").click()
        assert self.page.locator(".messagelist .success").count(), self.page.url
