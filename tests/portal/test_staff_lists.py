"""Lists of the staff site are narrowed only by the filters that they offer."""

import pytest
from django.contrib.admin import site
from django.test import Client, RequestFactory
from django.urls import reverse

from applications.admin.application.status import ApplicationAdmin
from applications.queries import search
from applications.services import search as keys
from portal.access.roles import AUDITOR, OPERATOR
from portal.models import Notice
from portal.staff.lists import QuickPaginator, StaffAdmin
from programs.roles import MANAGER, OFFICER
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, UserFactory

# Screens of packages: no role opens them, a superuser alone.
THEIRS = {"account", "axes"}
SCREENS = [
    screen
    for screen in sorted(site._registry.values(), key=lambda screen: screen.opts.label)
    if screen.opts.app_label not in THEIRS
]


def offered(screen: StaffAdmin) -> set[str]:
    names = (row[0] if isinstance(row, tuple) else row for row in screen.list_filter)
    return {name for name in names if isinstance(name, str)}


def chosen(screen: StaffAdmin) -> set[str]:
    """The words of filters that answer a choice of their own and never the column."""
    return {row.parameter_name for row in screen.list_filter if hasattr(row, "parameter_name")}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.opts.label)
def test_no_list_answers_about_a_field_that_it_does_not_offer(
    screen: StaffAdmin, rf: RequestFactory
) -> None:
    request = rf.get("/")
    assert isinstance(screen, StaffAdmin)
    hidden = {field.name for field in screen.opts.get_fields()} - offered(screen) - chosen(screen)
    lookups = {f"{name}{how}" for name in hidden for how in ("", "__startswith", "__regex")}
    assert [name for name in lookups if screen.lookup_allowed(name, "a", request)] == []


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.opts.label)
def test_every_offered_filter_is_answered(screen: StaffAdmin, rf: RequestFactory) -> None:
    request = rf.get("/")
    for name in offered(screen):
        model = screen.opts
        for part in name.split("__"):
            field = model.get_field(part)
            model = field.related_model._meta if field.is_relation else model
        lookup = f"{name}__id__exact" if field.is_relation else f"{name}__exact"
        assert screen.lookup_allowed(lookup, "1", request), lookup
    for name in chosen(screen):
        assert screen.lookup_allowed(name, "1", request), name
        assert not screen.lookup_allowed(f"{name}__startswith", "1", request), name


@pytest.mark.django_db
@pytest.mark.parametrize("role", [OFFICER, MANAGER, OPERATOR])
def test_every_form_that_a_role_may_fill_in_opens(client: Client, role: str) -> None:
    person = staff.enter(client, UserFactory(roles=[role], is_staff=True))
    request = RequestFactory().get("/")
    request.user = UserFactory(roles=[role], is_staff=True)
    forms = [screen for screen in SCREENS if screen.has_add_permission(request)]
    assert forms or role == OPERATOR
    for screen in forms:
        name = f"admin:{screen.opts.app_label}_{screen.opts.model_name}_add"
        assert person.get(reverse(name)).status_code == 200, name


@pytest.mark.django_db
@pytest.mark.parametrize("role", [OPERATOR, AUDITOR])
def test_no_secret_can_be_guessed_character_by_character(client: Client, role: str) -> None:
    """A password's hash, the link in somebody's letter, the hash of a token."""
    reader = UserFactory(roles=[role], is_staff=True)
    Notice.objects.create(key="a", to_email="b@example.kr", subject="c", body="d", created_at=NOW)
    client.force_login(reader)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa"}]
    session.save()
    for model, word in (
        ("user", "password__startswith=a"),
        ("user", "groups__user__password__startswith=a"),
        ("notice", "body__contains=d"),
        ("notice", "user__password__startswith=a"),
        ("apitoken", "digest__startswith=a"),
        ("job", "args__contains=a"),
    ):
        address = reverse(f"admin:portal_{model}_changelist")
        assert client.get(address).status_code == 200, model
        assert client.get(f"{address}?{word}").status_code == 400, word


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "says", "more"),
    [(3, "모두 3건", False), (5, "모두 5건", False), (6, "5건 이상", True), (9, "5건 이상", True)],
)
def test_a_list_says_how_many_there_are(
    client: Client, monkeypatch: pytest.MonkeyPatch, rows: int, says: str, more: bool
) -> None:
    monkeypatch.setattr(QuickPaginator, "MOST", 5)
    reader = staff.enter(client, staff.operator())
    Notice.objects.bulk_create(
        Notice(key=f"{number}", to_email="b@example.kr", subject="c", body="d", created_at=NOW)
        for number in range(rows)
    )
    page = reader.get(reverse("admin:portal_notice_changelist")).content.decode()
    assert says in page
    assert ("조건이나 검색으로 좁혀" in page) is more


@pytest.mark.django_db
def test_a_search_shows_its_first_rows_and_its_export_holds_all(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST", 4)
    monkeypatch.setattr(ApplicationAdmin, "list_per_page", 3)
    program = staff.program()
    made = [
        ApplicationFactory(filed=True, sub_program=program, company__name=f"한빛{number}")
        for number in range(7)
    ]
    keys.learn([row.company_id for row in made])
    reader = staff.enter(client, staff.officer(program))
    listed = reverse("admin:applications_application_changelist")
    shown: list[str] = []
    for page, count in ((1, 3), (2, 1)):
        answer = reader.get(listed, {"q": "한빛", "p": page})
        text = answer.content.decode()
        rows = [row.number for row in answer.context["cl"].result_list]
        assert (len(rows), "4건 이상" in text) == (count, True)
        shown += rows
    assert shown == sorted(set(shown), reverse=True)
    export = f"{reverse('admin:applications_application_export')}?q=한빛"
    lines = b"".join(reader.get(export).streaming_content).decode().strip().splitlines()
    assert [row.number for row in made if not any(row.number in line for line in lines)] == []
    assert "7건" in lines[-1]
    few = reader.get(f"{listed}?q=한빛1").content.decode()
    assert "모두 1건" in few
    narrow = reader.get(f"{export}&state=screening")
    assert "0건" in b"".join(narrow.streaming_content).decode()
