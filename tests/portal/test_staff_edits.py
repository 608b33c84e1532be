"""Forms of the staff site that are not acts: rows edited or made, each on what its page showed."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from applications.models import AssessorProfile, LateGrant
from portal.core.clock import now
from portal.models import DeclaredTie, StaffAct
from programs.models import RuleProposal, SubProgram
from programs.services import rule_changes
from tests.factories import staff
from tests.factories.applications import CompanyFactory

ROOT = Path(__file__).parents[2]
APPS = ("portal", "programs", "applications", "vouchers", "kamp")
WITHOUT_VERSION = {
    "portal/auditcheck/change_list.html",  # starts a check unless one is going
    "list_columns.html",  # what a person wants to see
    "list_views.html",
    "applications/notes/_notes.html",  # adds a line, whatever was added before
}
ONE_BY_ONE = {
    # Each file is told by itself.
    ("applications/views/screening.py", "_store"),
    # In a transaction of its own.
    ("applications/api/application/views.py", "patch"),
}
ACT = ("request", "data")  # every act runs in one transaction, see `WorkflowAdmin`


def test_every_form_of_staff_carries_what_its_page_showed() -> None:
    without = set()
    for path in (ROOT / "templates" / "admin").rglob("*.html"):
        forms = re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(), re.DOTALL)
        if any('name="seen"' not in form for form in forms):
            without.add(str(path.relative_to(ROOT / "templates" / "admin")))
    assert without == WITHOUT_VERSION


def loops() -> Iterator[tuple[str, str]]:
    """Yield the functions of pages that call services in a loop, outside of an act."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if not {"views", "admin", "api"} & {*path.parts, path.stem}:
                continue
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef) and any(_calls(function)):
                    names = [row.arg for row in function.args.args]
                    if (names[0], names[2:3]) != (ACT[0], [ACT[1]]):
                        yield str(path.relative_to(ROOT)), function.name


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for loop in ast.walk(function):
        if isinstance(loop, ast.For | ast.ListComp | ast.GeneratorExp | ast.DictComp):
            for call in ast.walk(loop):
                if isinstance(call, ast.Call) and any(row.arg == "by" for row in call.keywords):
                    yield call


def test_no_page_saves_some_rows_of_a_refused_form() -> None:
    assert set(loops()) == ONE_BY_ONE


# --- Rows in Django's form ------------------------------------------------------------------------


def page_of(thing: Model, act: str = "change") -> str:
    name = f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{act}"
    return reverse(name, args=[thing.pk] if act == "change" else [])


def fields(client: Client, url: str) -> dict[str, Any]:
    """Return what the page's form would send unchanged."""
    answer = client.get(url)
    form = answer.context["adminform"].form
    sets = [row.formset for row in answer.context["inline_admin_formsets"]]
    sent: dict[str, Any] = {}
    for one in [form, *(row.management_form for row in sets), *(f for s in sets for f in s.forms)]:
        for bound in one:
            value = bound.value()
            if value is True:
                value = "on"
            if value is None or value is False or value == []:
                continue
            shown = bound.field.widget.format_value(value)
            one_of_many = isinstance(shown, list) and not isinstance(value, list)
            sent[bound.html_name] = shown[0] if one_of_many else shown or value
    sent["seen"] = re.search(r'name="seen" value="([^"]+)"', answer.content.decode())[1]
    return sent


@pytest.mark.django_db
@pytest.mark.parametrize("own", [False, True], ids=["two people", "two tabs"])
def test_a_figure_of_the_catalogue_is_not_overwritten_from_an_old_page(own: bool) -> None:
    program = staff.program()
    one = staff.manager()
    other = one if own else staff.manager()
    here, there = (staff.enter(Client(), by) for by in (one, other))
    url = page_of(program)
    old = fields(there, url)
    sent = {**fields(here, url), "summary": "새 요약", "why": "공고 정정"}
    assert here.post(url, sent).status_code == 302
    body = there.post(url, {**old, "summary": "다른 요약", "why": "오탈자"}).content.decode()
    assert ("다른 창에서 이미 처리하셨습니다" in body) is own
    assert f"{one} · 내역사업 고침" in body
    assert "→ 새 요약" in body
    assert "사유: 공고 정정" in body
    assert "다른 요약" in body
    assert SubProgram.objects.get(pk=program.pk).summary == "새 요약"
    act = StaffAct.objects.get()
    assert (act.by, act.note) == (one, "공고 정정")
    assert act.changes[0][1:] == [program.summary, "새 요약"]


@pytest.mark.django_db
def test_a_figure_of_the_catalogue_needs_a_reason_and_a_second_click_saves_once() -> None:
    program = staff.program()
    client, url = staff.enter(Client(), staff.manager()), page_of(program)
    sent = {**fields(client, url), "summary": "새 요약"}
    assert "바꾸는 사유를 적어 주세요." in client.post(url, sent).content.decode()
    assert not StaffAct.objects.exists()
    for _ in range(2):
        assert client.post(url, {**sent, "why": "정정"}).status_code == 302
    assert StaffAct.objects.count() == 1


@pytest.mark.django_db
def test_when_a_period_ends_is_chosen_in_words_and_by_two_people_once_announced() -> None:
    program, one = staff.program(), staff.manager()
    SubProgram.objects.filter(pk=program.pk).update(
        due_policies={"supplement_days": "working_day_18", "papers_days": "end_of_day"}
    )
    client, url = staff.enter(Client(), one), page_of(program)
    sent = fields(client, url)
    assert sent["due_supplement_days"] == "working_day_18"
    assert "마지막 날 자정(24시), 쉬는 날이면 다음 근무일" in client.get(url).content.decode()
    client.post(url, {**sent, "due_supplement_days": "end_of_day", "why": "공고 정정"})
    program.refresh_from_db()
    assert program.due_policies["supplement_days"] == "working_day_18"
    proposal = RuleProposal.objects.get(reason="공고 정정", by=one)
    change = rule_changes.approve(proposal, by=staff.manager(), now=now())
    program.refresh_from_db()
    assert program.due_policies == {"supplement_days": "end_of_day", "papers_days": "end_of_day"}
    assert change.lines == [
        (
            "",
            "보완 기한이 끝나는 때",
            "마지막 날 18시, 쉬는 날이면 다음 근무일",
            "마지막 날 자정(24시), 쉬는 날이어도 그날",
        )
    ]
    officer = staff.enter(Client(), staff.officer(program))
    assert "마지막 날 자정(24시), 쉬는 날이어도 그날" in officer.get(url).content.decode()


@pytest.mark.django_db
def test_what_a_service_refuses_comes_back_as_it_was_typed() -> None:
    """An assessor cannot be tied to a number that nobody may have."""
    program = staff.program()
    client = staff.enter(Client(), staff.officer(program))
    judge = staff.assessors(1)[0]
    url = reverse("admin:portal_declaredtie_add")
    sent = {
        "user": judge.pk,
        "kind": "kin",
        "firm_name": "한빛로봇",
        "business_number": "1234567890",
    }
    answer = client.post(url, {**fields(client, url), **sent, "note": "처남"})
    assert answer.status_code == 200
    body = answer.content.decode()
    assert "한빛로봇" in body
    assert "처남" in body
    assert not DeclaredTie.objects.exists()


# --- Rows made on a page of their own -------------------------------------------------------------


@pytest.mark.django_db
def test_a_second_click_leads_to_what_the_first_made() -> None:
    program, company = staff.program(), CompanyFactory()
    client = staff.enter(Client(), staff.manager())
    url = reverse("admin:applications_lategrant_grant")
    body = client.get(url).content.decode()
    data = {
        "seen": re.search(r'name="seen" value="([^"]+)"', body)[1],
        "sub_program": program.pk,
        "number": company.business_number,
        "until": f"{now() + timedelta(days=2):%Y-%m-%dT%H:%M:%S}",
        "reason": "통신 장애",
    }
    answers = [client.post(url, data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.url for answer in answers}) == 1
    assert LateGrant.objects.count() == 1


@pytest.mark.django_db
def test_an_assessor_s_profile_is_not_overwritten_from_an_old_page() -> None:
    program, judge = staff.program(), staff.assessors(1)[0]
    profile, _ = AssessorProfile.objects.get_or_create(user=judge)
    here, there = (staff.enter(Client(), staff.officer(program)) for _ in range(2))
    url = page_of(profile)
    old = fields(there, url)
    assert here.post(url, {**fields(here, url), "max_load": "9"}).status_code == 302
    body = there.post(url, {**old, "max_load": "3"}).content.decode()
    assert "다른 사람이 먼저 처리했습니다" in body
    assert AssessorProfile.objects.get(user=judge).max_load == 9
