"""Memos, calls, flags and the history of officers never leave the staff site.

A word that stands in all of them is looked for on every page that the firm, its partner, an assessor and
a stranger can walk to, in the API and in the published data; and the modules that make what leaves the
portal name none of these tables.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Application, OfficerChange, StaffFlag, StaffNote
from applications.services import flags, notes
from applications.services.officers import charge
from applications.states import CallDirection, FlagLabel
from portal.models import TokenScope, User
from tests.api.calling import caller
from tests.factories import staff
from tests.factories.applications import NOW, PartnerFactory, UserFactory, member_of

ROOT = Path(__file__).parents[2]
WORD = "내부낱말"
TABLES = (StaffNote, StaffFlag, OfficerChange)
# What makes pages, documents, data sets and mails for people outside.
OUTSIDE = (
    "applications/views",
    "applications/api",
    "applications/forms",
    "applications/pdf_contexts.py",
    "applications/queries/open_data",
    "applications/open_data.yaml",
    "applications/visibility.py",
    "applications/services/documents.py",
    "applications/services/intake",
    "templates/applications",
    "templates/emails",
    "templates/pdf",
    "programs",
    "vouchers",
    "kamp",
)
FOR_STAFF = {"notes.py", "flags.py", "officers"}  # forms of the staff site


def names() -> set[str]:
    """Return every name by which a module could reach the tables."""
    found = {model.__name__ for model in TABLES}
    found |= {model._meta.db_table for model in TABLES}
    fields = (model._meta.get_field("application") for model in TABLES)
    found |= {str(field.remote_field.related_name) for field in fields}
    return found


def test_no_module_that_makes_what_leaves_the_portal_names_these_tables() -> None:
    pattern = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names())))
    read, found = 0, []
    for place in OUTSIDE:
        home = ROOT / place
        for path in [home] if home.is_file() else home.rglob("*.*"):
            inner = path.relative_to(ROOT).parts
            if path.suffix not in {".py", ".html", ".txt", ".yaml"} or FOR_STAFF & set(inner[2:]):
                continue
            read += 1
            if pattern.search(path.read_text()):
                found.append(str(path.relative_to(ROOT)))
    assert read > 200
    assert found == []
    assert pattern.search((ROOT / "applications/services/notes.py").read_text())


def written_about(application: Application) -> User:
    """Write the word into every text that staff keep about an application; return the officer."""
    program = application.sub_program
    one, two = staff.officer(program), staff.officer(program)
    charge.take(application, by=one, now=NOW)
    charge.take_over(application, reason=WORD, by=two, now=NOW)
    first = notes.write(application, text=WORD, by=two, now=NOW)
    notes.correct(first, text=f"{WORD} 바로잡음", by=two, now=NOW)
    notes.log_call(
        application,
        direction=CallDirection.IN,
        counterpart=WORD,
        happened_at=NOW,
        text=WORD,
        by=two,
        now=NOW,
    )
    day = (NOW + timedelta(days=1)).date()
    words = {"due_on": day, "who": two, "note": WORD, "by": two, "now": NOW}
    flags.set_flag(application, label=FlagLabel.VISIT, **words)
    flags.clear(
        flags.set_flag(application, label=FlagLabel.LEGAL, **words), outcome=WORD, by=two, now=NOW
    )
    return two


def walked(client: Client, *starts: str) -> dict[str, str]:
    """Return the text of every page that links lead to, one of each kind of address."""
    opened: dict[str, str] = {}
    kinds: set[str] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        answer.close()
        opened[path] = body.decode(errors="replace")
        if answer.status_code != 200 or "html" not in answer.get("Content-Type", ""):
            continue
        for link in re.findall(r'href="(/[^"#?]*)', opened[path]):
            kind = re.sub(r"[0-9]+", "0", link)
            if kind not in kinds and not link.startswith(("/static/", "/admin/", "/accounts/")):
                kinds.add(kind)
                waiting.append(link)
    return opened


def holding(pages: dict[str, str], word: str) -> list[str]:
    return [path for path, text in pages.items() if word in text]


@pytest.mark.django_db
def test_nobody_outside_finds_a_word_of_them_on_any_page() -> None:
    program = staff.program()
    judge = staff.assessors(1)[0]
    filed = staff.judged(program, judges=[judge])
    assessed = staff.judged(program, judges=staff.assessors(3))
    partner = PartnerFactory(application=filed, accepted=True)
    officer = written_about(filed)
    written_about(assessed)
    page = reverse("application_detail", args=[filed.pk])
    people = {
        "firm": (member_of(filed.company), page),
        "partner": (member_of(partner.company), page),
        "assessor": (judge, "/assessor/"),
        "stranger": (UserFactory(), "/"),
    }
    for who, (person, start) in people.items():
        client = Client()
        staff.enter(client, person)
        pages = walked(client, start, "/", "/open-data/")
        assert holding(pages, WORD) == [], who
        if who in {"firm", "partner"}:
            assert holding(pages, filed.number)  # the walk does reach the application
    inside = staff.enter(Client(), officer)
    shown = inside.get(
        reverse("admin:applications_application_change", args=[filed.pk]) + "?tab=notes"
    )
    assert shown.content.decode().count(WORD) >= 6


@pytest.mark.django_db
def test_no_answer_of_the_api_holds_a_word_of_them() -> None:
    filed = staff.judged(staff.program(), judges=staff.assessors(1))
    written_about(filed)
    read = caller(member_of(filed.company), TokenScope.READ)
    answers = [read.get(path) for path in ("applications/", f"applications/{filed.pk}/")]
    assert [row.status_code for row in answers] == [200, 200]
    assert filed.number in answers[1].content.decode()
    assert [row for row in answers if WORD in row.content.decode()] == []
