"""What stands beside every staff list: orders, columns, conditions, saved views, downloads."""

from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import openpyxl
import pytest
from auditlog.models import LogEntry
from django.contrib.admin import site
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.db.models import F, Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application
from applications.states import ApplicationState
from portal.access.roles import AUDITOR, OPERATOR
from portal.models import ListColumns, Notice, SavedView, User
from portal.staff import exports, saved
from portal.staff.lists import StaffAdmin
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, UserFactory

SCREENS = [
    screen
    for screen in sorted(site._registry.values(), key=lambda screen: screen.opts.label)
    if isinstance(screen, StaffAdmin)
]
SORTED = [(screen, sort) for screen in SCREENS for sort in screen.sorts]
LIST = "admin:applications_application_changelist"
VIEWS = "admin:applications_application_views"
COLUMNS = "admin:applications_application_columns"
EXPORT = "admin:applications_application_export"


# --- Orders --------------------------------------------------------------------------------------


def walked(model: type[Model], by: list[str]) -> bool:
    """Tell whether the database can walk these columns: a key, or an index with the key at its end."""
    pk = model._meta.pk
    plain = [pk.name if name in {"pk", "id"} else name for name in by]
    if plain == [pk.name]:
        return True
    indexes = [
        [str(_named(each)) for each in index.expressions] or index.fields
        for index in model._meta.indexes
    ]
    return any(index == plain or [*index, pk.name] == plain for index in indexes)


def _named(expression: Any) -> object:
    return expression.name if isinstance(expression, F) else expression


@pytest.mark.parametrize(
    ("screen", "sort"), SORTED, ids=lambda each: getattr(each, "column", None) or each.opts.label
)
def test_every_order_stands_under_a_column_and_is_walked_in_an_index(
    screen: StaffAdmin, sort: Sort
) -> None:
    assert sort.column in {*screen.list_display, *screen.more_columns}
    model: Any = screen.model
    names = [str(part) for part in sort.by]
    if any("submission__" in name for name in names):
        model = model._meta.get_field("submission").related_model
        names = [name.replace("submission__pk", "application") for name in names]
        names = [name.replace("submission__", "") for name in names]
    assert walked(model, names), names


def rows_of(client: Client, **query: object) -> list[str]:
    answer = client.get(reverse(LIST), query)
    assert answer.status_code == 200
    return [row.number for row in answer.context["cl"].result_list]


@pytest.fixture
def program(db) -> SubProgram:
    return staff.program()


@pytest.fixture
def officer(client: Client, program: SubProgram) -> Client:
    return staff.enter(client, staff.officer(program))


def filed(program: SubProgram, count: int = 3, **fields: Any) -> list[Application]:
    return [ApplicationFactory(filed=True, sub_program=program, **fields) for _ in range(count)]


def test_a_list_is_sorted_both_ways_and_keeps_its_filter(
    officer: Client, program: SubProgram
) -> None:
    one, two, three = filed(program)
    Application.objects.filter(pk=two.pk).update(state=ApplicationState.SCREENING)
    up, down = [one.number, two.number, three.number], [three.number, two.number, one.number]
    assert rows_of(officer) == down
    assert rows_of(officer, sort="receipt") == up
    assert rows_of(officer, sort="-receipt") == down
    assert rows_of(officer, sort="receipt", state="submitted") == [one.number, three.number]
    assert rows_of(officer, sort="number; drop table") == down
    page = officer.get(reverse(LIST), {"sort": "receipt", "state": "submitted"}).content.decode()
    assert 'aria-sort="ascending"' in page
    assert "?sort=-receipt&amp;state=submitted" in page
    assert "정렬: 접수번호 오름차순" in page


def test_amounts_are_sorted_with_those_without_one_first(
    officer: Client, program: SubProgram
) -> None:
    rows = [filed(program, 1, frozen__support_won=won)[0] for won in (30_000_000, None, 10_000_000)]
    by_amount = [rows[1].number, rows[2].number, rows[0].number]
    assert rows_of(officer, sort="support") == by_amount
    assert rows_of(officer, sort="-support") == by_amount[::-1]
    assert "30,000,000원" in officer.get(reverse(LIST)).content.decode()


# --- Conditions ----------------------------------------------------------------------------------


def test_conditions_in_force_are_named_and_can_be_taken_away(
    officer: Client, program: SubProgram
) -> None:
    row = filed(program, 1)[0]
    answer = officer.get(reverse(LIST), {"state": "submitted", "q": row.number})
    chips = {chip.words: unquote(chip.without) for chip in answer.context["cl"].chips()}
    assert chips == {f"검색어: {row.number}": "?state=submitted", "상태: 접수": f"?q={row.number}"}
    assert "조건 빼기" in answer.content.decode()
    assert "조건 빼기" not in officer.get(reverse(LIST)).content.decode()


# --- Columns -------------------------------------------------------------------------------------


def test_everybody_chooses_columns_for_themselves(officer: Client, program: SubProgram) -> None:
    filed(program, 1)
    other = staff.enter(Client(), staff.officer(program))
    answer = officer.post(
        f"{reverse(COLUMNS)}?state=submitted", {"columns": ["company", "received"]}
    )
    assert answer["Location"] == f"{reverse(LIST)}?state=submitted"
    shown = officer.get(reverse(LIST)).context["cl"].list_display
    assert [name for name in shown if name != "action_checkbox"] == [
        "receipt",
        "company",
        "received",
    ]
    assert "region_label" in other.get(reverse(LIST)).context["cl"].list_display
    officer.post(reverse(COLUMNS), {"usual": "yes"})
    assert "region_label" in officer.get(reverse(LIST)).context["cl"].list_display
    assert not ListColumns.objects.exists()
    nothing = officer.post(reverse(COLUMNS), {})
    assert "하나 이상 골라 주세요" in nothing.content.decode()


def test_a_column_that_no_longer_exists_is_left_out(officer: Client, program: SubProgram) -> None:
    user = User.objects.get(pk=officer.session["_auth_user_id"])
    saved.choose_columns(user, "applications.application", ["gone", "company"])
    shown = officer.get(reverse(LIST)).context["cl"].list_display
    assert [name for name in shown if name != "action_checkbox"] == ["receipt", "company"]


# --- Saved views ---------------------------------------------------------------------------------


def save(client: Client, name: str, query: str, shared: str = "") -> Any:
    return client.post(reverse(VIEWS), {"name": name, "shared": shared, "query": query})


def test_a_view_is_saved_opened_shared_and_removed(officer: Client, program: SubProgram) -> None:
    filed(program, 2)
    answer = save(officer, "새 신청", "state=submitted&sort=receipt&p=4", OFFICER)
    view = SavedView.objects.get()
    assert answer["Location"] == reverse("admin:applications_application_view", args=[view.pk])
    assert view.query == {"state": ["submitted"], "sort": ["receipt"]}
    assert view.words == {"state": "상태: 접수", "sort": "정렬: 접수번호 오름차순"}
    opened = officer.get(answer["Location"])
    assert opened["Location"] == f"{reverse(LIST)}?state=submitted&sort=receipt&view={view.pk}"
    colleague = staff.enter(Client(), staff.officer(program))
    page = colleague.get(reverse(LIST)).content.decode()
    assert "새 신청" in page
    assert view.owner.name in page
    manager = staff.enter(Client(), staff.manager())
    assert "새 신청" not in manager.get(reverse(LIST)).content.decode()
    assert manager.get(answer["Location"]).status_code == 404
    gone = reverse("admin:applications_application_view_remove", args=[view.pk])
    assert colleague.post(gone).status_code == 404
    assert officer.get(gone).status_code == 404
    assert officer.post(gone).status_code == 302
    assert not SavedView.objects.exists()


def test_an_old_view_says_what_no_longer_exists_and_opens_all_the_same(
    officer: Client, program: SubProgram
) -> None:
    save(officer, "옛 보기", "state=submitted")
    view = SavedView.objects.get()
    view.query = {"state": ["abolished"], "colour": ["red"], "sort": ["weight"], "size": ["small"]}
    view.words = {"state": "상태: 옛 상태", "colour": "색: 빨강", "size": "기업 규모: 소기업"}
    view.columns = ["company", "weight"]
    view.save()
    answer = officer.get(reverse("admin:applications_application_view", args=[view.pk]))
    assert answer["Location"] == f"{reverse(LIST)}?size=small&view={view.pk}"
    page = officer.get(answer["Location"]).content.decode()
    assert "상태: 옛 상태, 색: 빨강, 정렬" in page
    assert "열 가운데 지금은 없는 것" in page


def test_a_view_is_shared_only_with_a_role_that_its_maker_holds(officer: Client) -> None:
    assert save(officer, "몰래", "", MANAGER).status_code == 200
    assert not SavedView.objects.exists()


def test_nobody_keeps_more_views_than_can_be_read(
    officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST_VIEWS", 1)
    save(officer, "하나", "")
    assert "1개까지 저장할 수 있습니다" in save(officer, "둘", "").content.decode()
    assert save(officer, "하나", "state=submitted").status_code == 302
    assert SavedView.objects.get().query == {"state": ["submitted"]}


def test_conditions_that_no_address_could_hold_are_not_saved(officer: Client) -> None:
    answer = save(officer, "긴 것", f"q={'가' * saved.LONGEST}")
    assert "조건이 너무 길어" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_list_reads_no_conditions_of_its_views(officer: Client) -> None:
    save(officer, "하나", "state=submitted")
    with CaptureQueriesContext(connection) as caught:
        officer.get(reverse(LIST))
    (read,) = [row["sql"] for row in caught.captured_queries if "portal_savedview" in row["sql"]]
    for column in ("query", "words"):
        assert f'"portal_savedview"."{column}"' not in read


@pytest.mark.parametrize("lost", ["role", "account"])
def test_a_shared_view_is_seen_while_its_owner_holds_the_role(
    officer: Client, program: SubProgram, lost: str
) -> None:
    save(officer, "우리 것", "state=submitted", OFFICER)
    view = SavedView.objects.get()
    colleague = staff.enter(Client(), staff.officer(program))
    opened = reverse("admin:applications_application_view", args=[view.pk])
    assert colleague.get(opened).status_code == 302
    if lost == "role":
        view.owner.groups.clear()
    else:
        User.objects.filter(pk=view.owner.pk).update(is_active=False)
    assert "우리 것" not in colleague.get(reverse(LIST)).content.decode()
    assert colleague.get(opened).status_code == 404


# --- Downloads -----------------------------------------------------------------------------------


def shown(value: object) -> object:
    """Return what a download writes for what a column of a screen gives."""
    screen = SimpleNamespace(model_admin=SimpleNamespace(column=lambda thing: value))
    return exports._shown(cast(ChangeList, screen), "column", User())


def test_what_people_typed_is_downloaded_as_it_stands() -> None:
    nested = "<" * 60 + "a>" * 60  # Django refuses to strip tags of such a text
    for typed in ("x <and> y", "A&amp;B", nested):
        assert shown(typed) == typed


def test_what_the_portal_wrote_as_html_is_downloaded_without_tags() -> None:
    assert shown(badge("A&B <협의>", tone="info")) == "A&B <협의>"


def download(client: Client, **query: str) -> Any:
    return client.get(reverse(EXPORT), query)


def test_a_download_holds_every_row_as_csv_and_as_xlsx_and_is_on_record(
    officer: Client, program: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(site._registry[Application]), "list_per_page", 2)
    rows = filed(program, 5)
    filed(staff.program(code="other"), 2)
    lines = b"".join(download(officer).streaming_content).decode().splitlines()
    assert lines[-1] == "합계,5건"
    answer = download(officer, **{"as": "xlsx", "sort": "receipt"})
    assert ".xlsx" in answer["Content-Disposition"]
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    numbers = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert numbers == [row.number for row in rows]
    said = LogEntry.objects.filter(object_repr__contains="내려받기").order_by("pk")
    assert [row.object_repr.split(" ")[0] for row in said] == ["CSV", "XLSX"]


@pytest.mark.django_db
def test_a_list_without_a_download_of_its_own_gives_its_columns(client: Client) -> None:
    reader = staff.enter(client, UserFactory(roles=[OPERATOR, AUDITOR], is_staff=True))
    answer = reader.get(reverse("admin:portal_job_export"), {"as": "xlsx"})
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    assert "상태" in [cell.value for cell in sheet[1]]
    Notice.objects.create(key="a", to_email="b@example.kr", subject="c", body="d", created_at=NOW)
    assert reader.get(reverse("admin:portal_notice_export")).status_code == 404


@pytest.mark.django_db
def test_who_may_not_see_a_list_gets_none_of_its_pages(client: Client) -> None:
    reader = staff.enter(client, staff.operator())
    for name in (VIEWS, COLUMNS, EXPORT):
        assert reader.get(reverse(name)).status_code == 404, name
