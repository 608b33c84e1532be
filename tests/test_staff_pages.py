"""The pages of staff, walked from the start as each role: no dead breadcrumb, nothing in English."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.admin import site
from django.contrib.admin.utils import label_for_field
from django.test import Client, RequestFactory

from applications.services import flags, notes
from applications.states import FlagLabel
from portal.access.roles import AUDITOR, OPERATOR
from portal.models import Notice
from programs.roles import MANAGER, OFFICER
from tests.applications.test_endings import Stage
from tests.factories import reports, staff
from tests.factories.agreements import World
from tests.factories.applications import NOW, UserFactory
from vouchers.roles import AGENCY, MODERATOR, PANEL_OPERATOR

pytestmark = pytest.mark.django_db

PACKAGES = {"account", "axes", "usersessions", "mfa"}  # a superuser alone opens them
SCREENS = [
    row
    for row in sorted(site._registry.values(), key=lambda row: row.opts.label)
    if row.opts.app_label not in PACKAGES
]
LATIN = re.compile(r"[A-Za-z]{2,}")
# Names and terms that Korean texts write in Latin letters.
ALLOWED = {
    "API",
    "AS",
    "CSV",
    "DOCX",
    "FTE",
    "GB",
    "HWP",
    "HWPX",
    "ICT",
    "ID",
    "IP",
    "IT",
    "KAMP",
    "KSIC",
    "KST",
    "MB",
    "MES",
    "PDF",
    "PK",
    "PLC",
    "SHA",
    "SHA-256",
    "URL",
    "VAT",
    "XLSX",
    "ZIP",
    "portal",
    "application",
}
ALLOWED |= {"need", "plan", "team"}  # criteria of the factories
ALLOWED |= {"features", "satisfaction", "price", "inconvenience", "purpose", "free"}  # their texts
SHOWN = ("h1", "h2", "h3", "th", "dt", "label", "button", "summary", "legend")
SHOWN += ("td", "dd", "p", "li", "option", "a", "caption", "strong")
CODE = re.compile(
    r"\b[a-z]+(?:[-_][a-z]+)*:[0-9]+|\([a-z]+(?:_[a-z]+)+\)|\b[a-z]+_[a-z_]+\b|\d\.\d{3,}억"
)


class Page(HTMLParser):
    """The breadcrumbs, the links and the words of headings, labels and buttons of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.crumbs: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.in_crumbs = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "div" and (self.in_crumbs or "breadcrumbs" in (found.get("class") or "")):
            self.in_crumbs += 1
        if tag == "a" and found.get("href"):
            (self.crumbs if self.in_crumbs else self.links).append(found["href"] or "")
        if tag in SHOWN:
            self.open.append(tag)
        if tag == "input" and found.get("type") == "submit":
            self.words.append(found.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.in_crumbs:
            self.in_crumbs -= 1
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.words.append(" ".join(data.split()))


def english(text: str) -> set[str]:
    """Return the Latin words of a text that are no names, addresses or codes."""
    plain = re.sub(r"\S*[@/._:=0-9]\S*", " ", text)
    return {word for word in LATIN.findall(plain) if word not in ALLOWED}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda row: row.opts.label)
def test_every_column_and_field_of_staff_has_a_korean_name(screen) -> None:
    request = RequestFactory().get("/")
    request.user = UserFactory.build(is_staff=True, is_superuser=True)
    names = [*screen.get_list_display(request)]
    if not getattr(screen, "page_template", ""):
        names += [*(screen.fields or ()), *screen.get_readonly_fields(request)]
    labels = [
        str(label_for_field(name, screen.opts.model, screen))
        for name in names
        if isinstance(name, str) and name != "action_checkbox"
    ]
    labels += [str(screen.opts.verbose_name), str(screen.opts.verbose_name_plural)]
    labels += [act.label for act in getattr(screen, "acts", ())]
    assert {label: english(label) for label in labels if english(label)} == {}


def world() -> None:
    """Make rows for most of the lists: a selection, an agreement, a report, a notice."""
    one = World().conclude()
    other = staff.officer(one.application.sub_program)
    people = {FlagLabel.VISIT: (one.officer, other), FlagLabel.LEGAL: (other, one.officer)}
    for label, (by, who) in people.items():
        notes.write(one.application, text="통화함", by=by, now=NOW)
        flags.set_flag(one.application, label=label, due_on=NOW.date(), who=who, by=by, now=NOW)
    Stage("asked")
    Stage("objected")
    reports.published()
    key = f"test-{Notice.objects.count()}"
    Notice.objects.create(key=key, to_email="b@x.kr", subject="제목", body="본문", created_at=NOW)


@pytest.mark.parametrize(
    "roles",
    [[MANAGER], [OFFICER], [OPERATOR, AUDITOR, AGENCY, PANEL_OPERATOR, MODERATOR]],
    ids=lambda roles: roles[0],
)
def test_every_page_leads_back_and_speaks_korean(client: Client, roles: list[str]) -> None:
    world()
    person = staff.enter(client, UserFactory(roles=roles, is_staff=True))
    opened: dict[str, Page] = {}
    visit = ["/admin/"]
    seen_kinds: dict[str, int] = {}
    while visit:
        path = visit.pop(0)
        answer = person.get(path)
        if answer.status_code != 200 or "html" not in answer.get("Content-Type", ""):
            assert answer.status_code in {200, 302}, path
            answer.close()
            continue
        opened[path] = page = Page(answer.content.decode())
        for link in page.links:
            target = link.split("?")[0].split("#")[0]
            kind = re.sub(r"[0-9]+", "0", target)
            if not target.startswith("/admin/") or "logout" in target or "jsi18n" in target:
                continue
            if seen_kinds.setdefault(kind, 0) < 1:
                seen_kinds[kind] += 1
                visit.append(target)
    crumbs = {crumb for page in opened.values() for crumb in page.crumbs}
    dead = {
        crumb: [path for path, page in opened.items() if crumb in page.crumbs]
        for crumb in crumbs
        if person.get(crumb.split("?")[0]).status_code != 200
    }
    assert dead == {}
    assert len(opened) > 10
    left = {
        path: [word for word in page.words if english(word) or CODE.search(word)]
        for path, page in opened.items()
    }
    assert {path: words for path, words in left.items() if words} == {}
