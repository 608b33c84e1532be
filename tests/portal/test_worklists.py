"""Worklists: each entry counts exactly what its list shows, only for who acts on it, from indexes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import ModelAdmin, site
from django.db import connection
from django.db.models import CheckConstraint
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from applications.models import (
    Application,
    BonusClaim,
    ConflictOfInterest,
    DecisionChange,
    Deliverable,
    Objection,
    PendingStep,
    RegistryChange,
    ScoreSheet,
    SheetDecision,
    StaffFlag,
)
from applications.roles import ASSESSOR
from applications.states import ApplicationState, FlagLabel, SupplementState
from portal.access.roles import AUDITOR, OPERATOR, declared
from portal.core.clock import KST, now
from portal.core.dates import korean_day
from portal.models import Job, JobState, Notice, RegistryAnswer, ScannedFile, User
from portal.staff import worklists
from portal.staff.worklists import Area, Standing, Whose, Worklist
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER
from tests import plans
from tests.factories import anything, staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    UserFactory,
)
from vouchers.models import ConsumerReport, FeeSettlement

pytestmark = pytest.mark.django_db

ROLES = sorted({role for row in worklists.declared() for role in row.roles})
STATES = [state for state in ApplicationState if state != ApplicationState.DRAFT]


def person_with(role: str) -> User:
    return UserFactory(roles=[role], is_staff=role != ASSESSOR)


def standing_of(code: str, person: User, at: datetime = NOW) -> Standing:
    found = {row.code: row for row in worklists.declared()}
    return worklists.standing(found[code], person, at)


# --- What is declared ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_every_entry_leads_to_a_page_that_its_role_may_open(client: Client, role: str) -> None:
    person = person_with(role)
    visitor = staff.enter(client, person)
    for row in worklists.worklists_of(person):
        assert visitor.get(row.address).status_code == 200, row.code


def test_every_role_has_work() -> None:
    assert set(ROLES) == set(declared())


# --- A tile shows what its list shows --------------------------------------------------------------


def shown(row: Worklist, person: User) -> set[int]:
    """Return the keys of what the list behind an entry shows."""
    request = RequestFactory().get(row.address)
    request.user = person
    if row.page == "assessor_desk":
        visitor = staff.enter(Client(), person)
        desk = visitor.get(row.address).context
        if row.code == "sheets-undeclared":  # named by their programme alone, with their number
            waiting = row.rows(person, now())
            assert sum(one["number"] for one in desk["statements"]) == waiting.count()
            return set(waiting.values_list("pk", flat=True))
        return {sheet["sheet"].pk for sheet in desk["waiting"]}
    name = resolve(row.address.partition("?")[0]).url_name.removesuffix("_changelist")
    screen = next(
        one for one in site._registry.values()
        if f"{one.opts.app_label}_{one.opts.model_name}" == name
    )  # fmt: skip
    # Without what a screen adds to the rows that it draws.
    drawn = ModelAdmin.get_changelist_instance(screen, request)
    return set(drawn.queryset.values_list("pk", flat=True))


def fill(area: Area) -> list[SubProgram]:
    """Write rows in every state for the worklists of an area; return their sub-programmes."""
    programs = [staff.program(), staff.program(blind=area == Area.ASSESSMENT)]
    for number, state in enumerate(STATES * 3):
        ApplicationFactory(filed=True, state=state, sub_program=programs[number % 2])
    for number in range(12 if area == Area.ASSESSMENT else 0):
        ApplicationFactory(assessing=True, sub_program=programs[number % 2])
    for state in [*SupplementState, *SupplementState]:
        asked = ApplicationFactory(screening=True, sub_program=programs[0])
        Application.objects.filter(pk=asked.pk).update(supplement_state=state)
    lists = [row for row in worklists.declared() if row.area == area]
    tables = {row.rows(UserFactory(), now()).model for row in lists} - {Application, RegistryChange}
    beside = {Area.INTAKE: [BonusClaim], Area.PANEL: [FeeSettlement]}.get(area, [])
    anything.rows(
        [*sorted(tables, key=lambda table: table.__name__), *beside],
        each=60 if len(tables) > 1 else 240,
    )
    if area == Area.INTAKE:
        flag_some()
        change_answers()
    for sheet in ScoreSheet.objects.all():
        pair = {"application_id": sheet.application_id, "assessor_id": sheet.assessor_id}
        anything.rows([ConflictOfInterest], each=3, seed=sheet.pk, **pair)
    return programs


def give_sheets(person: User) -> None:
    for application in Application.objects.order_by("pk"):
        mine = {"assessor_id": person.pk, "application_id": application.pk, "rubric_id": None}
        open_one = {"locked_at": None, "abstained_at": None}
        anything.rows([ScoreSheet], each=1, seed=application.pk, **mine, **open_one)


def give_files(person: User) -> None:
    filed = Application.objects.filter(submitted_at__isnull=False).order_by("pk")
    some = [one.pk for place, one in enumerate(filed) if place % 3]
    Application.objects.filter(pk__in=some).update(officer=person)


def change_answers() -> None:
    """Write an answer of an agency about some firms that changed, and about one that filed nothing."""
    filed = Application.objects.filter(number__isnull=False).select_related("company")[:12]
    for subject in {row.company.business_number for row in filed} | {"1018199999"}:
        RegistryAnswer.objects.create(
            registry="business_status", subject=subject, found=True, changed=True,
            facts={"status": "03", "tax": "", "closed_on": ""}, sha256="0" * 64,
            details_sha256="0" * 64, answered_at=now(),
        )  # fmt: skip


def flag_some() -> None:
    somebody = UserFactory()
    filed = Application.objects.filter(submitted_at__isnull=False).order_by("pk")
    for place, application in enumerate(filed[:40]):
        StaffFlag.objects.create(
            application=application,
            label=FlagLabel.values[0],
            due_on=korean_day(now()) + timedelta(days=place % 5 - 2),
            who=somebody,
            set_by=somebody,
            set_at=NOW,
        )


def give_flags(person: User) -> None:
    some = [one.pk for place, one in enumerate(StaffFlag.objects.order_by("pk")) if place % 2]
    StaffFlag.objects.filter(pk__in=some).update(who=person)


@pytest.mark.parametrize("area", list(Area), ids=lambda area: area.value)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="rows that no service would write")
def test_a_tile_counts_exactly_the_rows_of_its_list(area: Area) -> None:
    programs = fill(area)
    met = set()
    for row in worklists.declared():
        if row.area != area:
            continue
        for role in sorted(row.roles):
            person = person_with(role)
            person.sub_programs.add(programs[0])
            if role == ASSESSOR:
                give_sheets(person)
            elif role == OFFICER:
                give_files(person)
            if role in {OFFICER, MANAGER}:
                give_flags(person)
            counted = set(row.rows(person, now()).values_list("pk", flat=True))
            assert counted == shown(row, person), (row.code, role)
            found = worklists.standing(row, person, now())
            assert (found.count, found.more) == (len(counted), False)
            whole = row.rows(person, now()).model._base_manager.count()
            met |= {row.code} if 0 < len(counted) < whole else set()
    assert met == {row.code for row in worklists.declared() if row.area == area}


# --- Counts, ages and due dates --------------------------------------------------------------------


def job(number: int, *, hours: int, state: str = JobState.PARKED) -> None:
    made = Job.objects.create(kind="test", key=f"job:{number}", state=state)
    Job.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(hours=hours))


def test_an_entry_says_how_many_wait_and_since_when() -> None:
    job(1, hours=50)
    job(2, hours=20)
    job(3, hours=500, state=JobState.DONE)
    found = standing_of("jobs-parked", staff.operator())
    assert (found.number, found.days, found.late) == ("2건", 2, False)


def test_days_are_those_of_the_calendar_of_korea() -> None:
    midnight = NOW.astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)
    job(1, hours=0)
    Job.objects.update(created_at=midnight - timedelta(seconds=1))
    person = staff.operator()
    assert standing_of("jobs-parked", person, midnight - timedelta(seconds=1)).days == 0
    assert standing_of("jobs-parked", person, midnight).days == 1


@pytest.mark.parametrize(
    ("rows", "number"), [(0, "0건"), (4, "4건"), (5, "5건"), (6, "5건 이상"), (9, "5건 이상")]
)
def test_a_count_is_exact_up_to_the_limit(
    monkeypatch: pytest.MonkeyPatch, rows: int, number: str
) -> None:
    monkeypatch.setattr(worklists, "MOST", 5)
    for place in range(rows):
        job(place, hours=rows - place)
    # The oldest is found among all rows, also where not all were counted.
    Job.objects.filter(key=f"job:{rows - 1}").update(created_at=NOW - timedelta(days=9))
    found = standing_of("jobs-parked", staff.operator())
    assert (found.number, found.days) == (number, 9 if rows else None)


def made(code: str, *, due: int | None, waits: int, whose: Whose = Whose.SHARED) -> Standing:
    row = Worklist(
        code, Area.INTAKE, code, frozenset(), lambda *_: Job.objects.all(), "", whose=whose
    )
    ends = None if due is None else NOW + timedelta(days=due)
    return Standing(row, NOW, 1, False, NOW - timedelta(days=waits), ends)


def test_what_is_overdue_comes_first_then_what_is_due_then_what_waits_longest() -> None:
    rows = [
        made("young", due=None, waits=1),
        made("old", due=None, waits=30),
        made("next week", due=7, waits=2),
        made("overdue", due=-1, waits=0),
        made("tomorrow", due=1, waits=1),
        made("mine", due=None, waits=0, whose=Whose.MINE),
        made("nobody's", due=None, waits=0, whose=Whose.NOBODY),
        made("approval", due=None, waits=0, whose=Whose.APPROVAL),
    ]
    found = [(label, [row.worklist.code for row in part]) for label, part in worklists.today(rows)]
    assert found == [
        ("기한이 지난 일", ["overdue"]),
        ("내가 맡은 일", ["mine"]),
        ("승인·결정을 기다리는 일", ["approval"]),
        ("맡은 사람이 없는 일", ["nobody's"]),
        ("함께 하는 일", ["tomorrow", "next week", "old", "young"]),
    ]


# --- The pages -------------------------------------------------------------------------------------


def queries(visitor: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert visitor.get(address).status_code == 200
    return len(caught)


def test_the_start_page_asks_as_often_however_much_waits(client: Client) -> None:
    program = staff.program()
    visitor = staff.enter(client, staff.officer(program))
    address = reverse("admin:index")
    ApplicationFactory(filed=True, sub_program=program)
    queries(visitor, address)
    few = queries(visitor, address)
    ApplicationFactory.create_batch(12, filed=True, sub_program=program)
    assert queries(visitor, address) == few


def test_the_menu_costs_no_query_and_names_only_what_the_role_acts_on(client: Client) -> None:
    operator = staff.enter(client, staff.operator())
    address = reverse("admin:portal_job_changelist")
    with CaptureQueriesContext(connection) as caught:
        page = operator.get(address).content.decode()
    assert "중단된 작업" in page
    assert "요건검토를 시작할 신청" not in page
    assert not [row["sql"] for row in caught if "portal_notice" in row["sql"]]


@pytest.mark.parametrize("role", [OFFICER, MANAGER, OPERATOR, AUDITOR])
def test_the_start_page_shows_what_waits_and_every_list(client: Client, role: str) -> None:
    program = staff.program()
    person = person_with(role)
    person.sub_programs.add(program)
    visitor = staff.enter(client, person)
    ApplicationFactory(filed=True, sub_program=program)
    job(1, hours=30)
    page = visitor.get(reverse("admin:index"))
    text = page.content.decode()
    waits = {
        OFFICER: "요건검토를 시작할 신청",
        MANAGER: "요건검토를 시작할 신청",
        OPERATOR: "중단된 작업",
    }
    shown = [row.worklist.label for _, rows in page.context["today"] for row in rows]
    assert shown[-1:] == ([waits[role]] if role in waits else [])
    assert "모든 목록" in text
    assert ("기다리는 일이 없습니다" in text) is (role not in waits)


def test_a_stranger_to_all_roles_is_told_that_nothing_is_theirs(client: Client) -> None:
    visitor = staff.enter(client, UserFactory(is_staff=True))
    assert "처리할 업무가 없습니다" in visitor.get(reverse("admin:index")).content.decode()


# --- PostgreSQL ------------------------------------------------------------------------------------

# Tables that grow with the applications, or with what the portal sends and runs for them.
GROWING = {
    model._meta.db_table
    for model in (
        Application, BonusClaim, ConflictOfInterest, ScoreSheet, PendingStep, Deliverable, Objection,
        DecisionChange, SheetDecision, StaffFlag, Job, Notice, ScannedFile, ConsumerReport,
    )
}  # fmt: skip
PARTIAL = {
    index.name
    for model in apps.get_models()
    for index in [*model._meta.indexes, *model._meta.constraints]
    if getattr(index, "condition", None) is not None and not isinstance(index, CheckConstraint)
}


def unconditional(plan: dict[str, Any]) -> list[str]:
    """Return the scans of growing tables that neither a condition nor a partial index narrows."""
    return [
        f"{node['Node Type']} {node['Relation Name']}"
        for node in plans.nodes(plan)
        if node.get("Relation Name") in GROWING
        and not any(name in node for name in plans.CONDITIONS)
        and node.get("Index Name") not in PARTIAL
    ]


@pytest.mark.postgres
@pytest.mark.parametrize("role", ROLES)
def test_postgresql_counts_within_an_index(role: str) -> None:
    plans.forget_statistics(GROWING)
    person = person_with(role)
    person.sub_programs.add(staff.program())
    with plans.reads() as statements:
        worklists.standings_of(person, NOW)
        for row in worklists.worklists_of(person):
            for column in filter(None, (row.since, row.due)):
                worklists.earliest(row.rows(person, NOW).order_by(), column)
    assert len(statements) > len(worklists.worklists_of(person))
    for sql in statements:
        assert unconditional(plans.plan_of(sql)) == [], sql


@pytest.mark.postgres
def test_the_check_of_plans_finds_a_whole_read() -> None:
    plain = plans.plan_of("SELECT * FROM applications_application ORDER BY version")
    assert unconditional(plain) != []
