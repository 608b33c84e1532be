"""Staff screens: who sees what, who may edit, and money only through the ledger."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from applications.roles import ASSESSOR
from portal.access.roles import AUDITOR, OPERATOR
from portal.core.clock import KST
from portal.models import IncidentMinute, User
from programs.models import (
    Budget,
    LedgerEntry,
    PotProposal,
    ProgramRound,
    RoundChange,
    RoundProposal,
    RuleProposal,
    SubProgram,
    TotalProposal,
)
from programs.queries import ledger as ledger_queries
from programs.roles import MANAGER, OFFICER
from tests.factories.applications import UserFactory
from tests.factories.programs import program

pytestmark = pytest.mark.usefixtures("round_2021")
MODELS = [
    "programround", "subprogram", "budget", "ledgerentry", "nationalgoal", "ruleproposal", "rulechange",
    "potproposal", "totalproposal",
]  # fmt: skip


def staff_client(*roles: str) -> tuple[Client, User]:
    """Sign a member of staff in past the second factor."""
    user = UserFactory(roles=list(roles), is_staff=True)
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "password"}, {"method": "mfa"}]
    session.save()
    return client, user


def url(model: str, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:programs_{model}_{page}", args=args)


def text(response: object) -> str:
    return response.content.decode()


def fields_of(page: str) -> dict[str, str]:
    """Read the form of a staff page as a browser would send it back."""
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        box = 'type="checkbox"' in tag
        if name and 'type="submit"' not in tag and (not box or "checked" in tag):
            sent[name[1]] = value[1] if value else "on" if box else ""
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.S):
        sent[name] = body.removeprefix("\n").replace("&quot;", '"').replace("&#x27;", "'")
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        if picked := re.search(r'value="([^"]*)" selected', body):
            sent[name] = picked[1]
    return sent


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [MANAGER, AUDITOR, OPERATOR, OFFICER])
def test_staff_open_every_list(model: str, role: str) -> None:
    client, _ = staff_client(role)
    assert client.get(url(model)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_assessors_open_none(model: str) -> None:
    client, _ = staff_client(ASSESSOR)
    assert client.get(url(model)).status_code == 404


def test_an_officer_sees_only_their_own_programme() -> None:
    client, officer = staff_client(OFFICER)
    mine, other = program("robot"), program("build")
    mine.officers.add(officer)
    page = text(client.get(url("subprogram")))
    assert mine.name in page
    assert other.name not in page
    assert client.get(url("subprogram", "change", mine.pk)).status_code == 200
    assert client.get(url("subprogram", "change", other.pk)).status_code == 302


@pytest.mark.parametrize("role", [OFFICER, AUDITOR, OPERATOR])
def test_only_managers_edit_figures(role: str) -> None:
    client, user = staff_client(role)
    row = program("robot")
    row.officers.add(user)
    address = url("subprogram", "change", row.pk)
    assert 'name="floor"' not in text(client.get(address))
    assert client.post(address, {"floor": "10"}).status_code == 404


def test_a_manager_proposes_a_criterion_and_the_sheet_must_add_up() -> None:
    client, _ = staff_client(MANAGER)
    row = program("robot")
    address = url("subprogram", "change", row.pk)
    sent = fields_of(text(client.get(address)))
    assert sent["criteria-0-max_points"] == "20"
    refused = client.post(address, sent | {"criteria-0-max_points": "25"})
    assert "배점의 합은 100이어야 합니다. 지금은 105입니다." in text(refused)
    saved = client.post(
        address,
        sent | {"criteria-0-max_points": "25", "criteria-1-max_points": "30", "why": "공고 정정"},
    )
    assert saved.status_code == 302, text(saved)
    points = row.criteria.values_list("max_points", flat=True)
    assert list(points) == [20, 35, 20, 25]  # announced: only proposed
    approve_rules()
    assert list(points.all()) == [25, 30, 20, 25]


def approve_rules() -> None:
    """Approve the open proposal as another manager."""
    other, _ = staff_client(MANAGER)
    proposal = RuleProposal.objects.get(ended_at=None)
    saved = other.post(url("ruleproposal", "act", proposal.pk, "approve"), {"note": ""})
    assert saved.status_code == 302, text(saved)


def test_an_approved_change_of_a_document_makes_a_new_form_version() -> None:
    client, _ = staff_client(MANAGER)
    row = program("robot")
    before = row.form_version
    address = url("subprogram", "change", row.pk)
    sent = fields_of(text(client.get(address)))
    saved = client.post(address, sent | {"documents-0-label": "사업자등록증 사본", "why": "정정"})
    assert saved.status_code == 302, text(saved)
    assert program("robot").form_version == before  # announced: only proposed
    approve_rules()
    assert program("robot").form_version != before


@pytest.mark.parametrize(
    ("name", "strange"),
    [
        ("documents-0-when", "5"),
        ("documents-0-when", '{"size": 1}'),
        ("documents-0-when", '{"size": [{"a": 1}]}'),
        ("documents-0-when", '{"size": ["\\ud800"]}'),
        ("documents-0-when", "NaN"),
        ("documents-0-when", "9" * 5_000),
        ("documents-0-when", "[" * 5_000),
        ("documents-0-formats", "5"),
        ("documents-0-formats", '["exe"]'),
        ("documents-0-formats", '{"pdf": 1}'),
        ("documents-0-formats", "[[1]]"),
        ("bonus_items-0-industry_hints", "5"),
        ("tracks-0-origins", "[1]"),
    ],
)
def test_a_value_that_no_page_could_read_is_refused(
    client: Client, name: str, strange: str
) -> None:
    browser, _ = staff_client(MANAGER)
    row = program("build")
    address = url("subprogram", "change", row.pk)
    sent = fields_of(text(browser.get(address)))
    assert name in sent
    refused = browser.post(address, sent | {name: strange})
    assert refused.status_code == 200
    assert "errorlist" in text(refused)
    assert client.get(f"/programs/{row.round.code}/{row.code}/").status_code == 200


def test_the_form_itself_is_not_edited_here() -> None:
    client, _ = staff_client(MANAGER)
    row = program("robot")
    page = text(client.get(url("subprogram", "change", row.pk)))
    for name in ("questions", "conditions", "code", "pot", "form_version", "short"):
        assert f'name="{name}"' not in page


def test_a_manager_alone_changes_no_officers_and_reads_where_two_do() -> None:
    client, _ = staff_client(MANAGER)
    officer, other = UserFactory(roles=[OFFICER]), UserFactory(roles=[OFFICER])
    row = program("robot")
    row.officers.add(officer)
    address = url("subprogram", "change", row.pk)
    page = text(client.get(address))
    assert officer.name in page
    assert f"{reverse('admin:portal_user_changelist')}?role=officer" in page
    assert 'name="officers"' not in page
    client.post(address, {**fields_of(page), "officers": [str(other.pk)], "why": "담당자 교체"})
    assert list(row.officers.all()) == [officer]


def test_a_manager_moves_the_deadline_with_a_reason(round_2021: ProgramRound) -> None:
    client, manager = staff_client(MANAGER)
    address = url("programround", "act", round_2021.pk, "reschedule")
    assert 'value="2021-02-25T18:00:00"' in text(client.get(address))
    round_2021.closes_at = datetime.now(KST).replace(microsecond=0) + timedelta(minutes=5)
    round_2021.save()
    later = f"{round_2021.closes_at + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"
    broken(round_2021)
    assert "오류 7건" in text(client.get(address))
    sent = {"opens_at": "2021-01-22T00:00:00", "closes_at": later}
    assert "reason" in text(client.post(address, sent))
    assert client.post(address, sent | {"reason": "접수 장애"}).status_code == 302
    change = RoundChange.objects.get(act="reschedule")
    assert (change.by, change.reason) == (manager, "접수 장애")
    assert change.after["closes_at"] == f"{later}+09:00"
    page = text(client.get(url("programround", "change", round_2021.pk)))
    assert "접수 장애" in page
    assert "오류 7건" in page


def broken(round: ProgramRound) -> None:
    """Let the portal have recorded errors in the hour before the deadline."""
    IncidentMinute.objects.create(
        scope=f"{round.code}/build",
        minute=round.closes_at - timedelta(minutes=30),
        kind="error",
        source="web-1",
        count=7,
    )


def test_without_an_outage_two_managers_change_the_deadline(round_2021: ProgramRound) -> None:
    client, manager = staff_client(MANAGER)
    sent = {"opens_at": "2021-01-22T00:00:00", "closes_at": "2099-02-26T18:00:00"}
    sent |= {"reason": "태풍으로 인한 재난 선포"}
    refused = client.post(url("programround", "act", round_2021.pk, "reschedule"), sent)
    assert "장애 기록이 없습니다" in text(refused)
    assert (
        client.post(url("programround", "act", round_2021.pk, "propose"), sent).status_code == 302
    )
    proposal = RoundProposal.objects.get()
    address = url("roundproposal", "act", proposal.pk, "approve")
    client.post(address)
    assert not RoundChange.objects.filter(act="reschedule").exists()
    other, second = staff_client(MANAGER)
    shown = text(other.get(address))
    for words in ("접수 마감: ", "→ 2099. 2. 26.", "재난 선포", "내역사업", "제출 0건"):
        assert words in shown
    assert other.post(address).status_code == 302
    change = RoundChange.objects.get(act="reschedule")
    assert (change.by, change.approved_by, change.ground) == (manager, second, "legal")
    other.post(url("roundproposal", "act", proposal.pk, "drop"))
    assert RoundChange.objects.filter(act="reschedule").count() == 1


def test_a_refused_deadline_is_explained(round_2021: ProgramRound) -> None:
    client, _ = staff_client(MANAGER)
    broken(round_2021)
    address = url("programround", "act", round_2021.pk, "reschedule")
    sent = {"opens_at": "2021-01-22T00:00", "closes_at": "2021-02-25T19:00", "reason": "x"}
    assert "지난 시각으로 옮길 수 없습니다" in text(client.post(address, sent))


@pytest.mark.parametrize("role", [OFFICER, AUDITOR, OPERATOR])
def test_others_have_no_buttons(round_2021: ProgramRound, role: str) -> None:
    client, user = staff_client(role)
    program("robot").officers.add(user)
    assert "접수 기간 바꾸기" not in text(client.get(url("programround", "change", round_2021.pk)))
    sent = {"opens_at": "2021-01-22T00:00", "closes_at": "2099-02-26T18:00", "reason": "x"}
    client.post(url("programround", "act", round_2021.pk, "reschedule"), sent)
    pot = Budget.objects.get(code="2021/robot")
    sent = {"amount": "1", "reason": "x"}
    client.post(url("budget", "act", pot.pk, "appropriate"), sent)
    assert not RoundChange.objects.filter(act="reschedule").exists()
    assert not PotProposal.objects.exists()


def test_a_pot_shows_its_recomputed_balance_and_offers_no_field() -> None:
    client, _ = staff_client(MANAGER)
    pot = Budget.objects.get(code="2021/robot")
    page = text(client.get(url("budget", "change", pot.pk)))
    assert "18,100,000,000원 — <strong>일치" in page
    assert not re.search(r'name="(appropriated|reserved|committed|paid)_won"', page)
    assert client.post(url("budget", "change", pot.pk), {"paid_won": 1}).status_code == 404


def test_two_managers_add_money_within_the_total_of_the_round(round_2021: ProgramRound) -> None:
    client, manager = staff_client(MANAGER)
    other, second = staff_client(MANAGER)
    pot = Budget.objects.get(code="2021/robot")
    address = url("budget", "act", pot.pk, "appropriate")
    sent = fields_of(text(client.get(address))) | {"amount": "50,000,000,000", "reason": "추경"}
    assert "먼저 회차의 총예산을 바꾸는 변경안" in text(client.post(address, sent))
    total = url("programround", "act", round_2021.pk, "total")
    raised = {"total_won": "600,000,000,000", "reason": "추경 예산 확정"}
    assert client.post(total, raised).status_code == 302
    raising = TotalProposal.objects.get()
    client.post(url("totalproposal", "act", raising.pk, "approve"))
    round_2021.refresh_from_db()
    assert round_2021.total_won == 437_600_000_000
    shown = text(other.get(url("totalproposal", "act", raising.pk, "approve")))
    assert "437,600,000,000원 → 600,000,000,000원" in shown
    assert other.post(url("totalproposal", "act", raising.pk, "approve")).status_code == 302
    change = RoundChange.objects.get(act="total")
    assert (change.by, change.approved_by) == (manager, second)

    sent = fields_of(text(client.get(address))) | {"amount": "50,000,000,000", "reason": "추경"}
    for _ in range(2):  # a second click does nothing
        assert client.post(address, sent).status_code == 302
    assert ledger_queries.balance(pot).appropriated == 18_100_000_000
    proposal = PotProposal.objects.get()
    approval = url("potproposal", "act", proposal.pk, "approve")
    client.post(approval)
    assert ledger_queries.balance(pot).appropriated == 18_100_000_000
    assert "18,100,000,000원 → 68,100,000,000원" in text(other.get(approval))
    for _ in range(2):
        other.post(approval)
    assert ledger_queries.balance(pot).appropriated == 68_100_000_000
    entry = LedgerEntry.objects.get(reference=f"pot-proposal:{proposal.pk}")
    assert (entry.by, entry.note, entry.proposal.approved_by) == (manager, "추경", second)
    assert "총예산 변경" in text(client.get(url("programround", "change", round_2021.pk)))


def test_a_pot_is_not_reduced_below_what_is_promised() -> None:
    client, _ = staff_client(MANAGER)
    pot = Budget.objects.get(code="2021/robot")
    address = url("budget", "act", pot.pk, "reduce")
    sent = fields_of(text(client.get(address))) | {"amount": "99999999999", "reason": "감액"}
    refused = text(client.post(address, sent))
    assert "남은 예산은 18,100,000,000원" in refused
    assert fields_of(refused)["reason"] == "감액"
    assert not PotProposal.objects.exists()


@pytest.mark.parametrize("model", ["budget", "ledgerentry"])
def test_money_has_no_add_delete_or_bulk_action(model: str) -> None:
    client, _ = staff_client(MANAGER)
    assert client.get(url(model, "add")).status_code == 404
    row = (Budget if model == "budget" else LedgerEntry).objects.first()
    assert client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 404
    sent = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(url(model), sent)
    assert type(row).objects.filter(pk=row.pk).exists()


def test_programmes_are_not_deleted_here() -> None:
    client, _ = staff_client(MANAGER)
    row = program("robot")
    assert client.post(url("subprogram", "delete", row.pk), {"post": "yes"}).status_code == 404
    assert SubProgram.objects.filter(pk=row.pk).exists()


def test_an_unannounced_round_is_announced_by_a_button(round_2021: ProgramRound) -> None:
    client, _ = staff_client(MANAGER)
    ProgramRound.objects.update(announced=False, closes_at=round_2021.closes_at + timedelta(days=1))
    address = url("programround", "act", round_2021.pk, "announce")
    assert client.post(address).status_code == 302
    assert ProgramRound.objects.get().announced


def test_the_minutes_of_an_outage_are_read_where_a_deadline_is_moved() -> None:
    minute = datetime(2021, 2, 25, 17, 41, tzinfo=KST)
    for scope in ("2021-1/robot", "2020-9/robot"):
        IncidentMinute.objects.create(scope=scope, minute=minute, kind="error", source="a", count=7)
    client, _ = staff_client(MANAGER)
    round = ProgramRound.objects.get()
    for name in ("reschedule", "propose"):
        form = text(client.get(url("programround", "act", round.pk, name)))
        (address,) = re.findall(r'href="([^"]*incidentminute[^"]*)"', form)
        page = text(client.get(address))
        assert "2021. 2. 25." in page
        assert "2021-1/robot" in page
        assert "2020-9/robot" not in page
    for role, status in ((OFFICER, 200), (AUDITOR, 200), (ASSESSOR, 404)):
        other, _ = staff_client(role)
        answer = other.get("/admin/portal/incidentminute/")
        assert answer.status_code == status
    row = IncidentMinute.objects.first()
    client.post(f"/admin/portal/incidentminute/{row.pk}/delete/", {"post": "yes"})
    client.post(f"/admin/portal/incidentminute/{row.pk}/change/", {"count": 1})
    assert IncidentMinute.objects.filter(pk=row.pk, count=7).exists()


@pytest.mark.parametrize("model", MODELS)
def test_lists_run_a_fixed_number_of_queries(model: str, django_assert_max_num_queries) -> None:
    client, _ = staff_client(MANAGER)
    with django_assert_max_num_queries(14):
        client.get(url(model))


def test_the_lists_of_a_form_are_tables_and_not_raw_data() -> None:
    client, _ = staff_client(OFFICER, MANAGER)
    page = text(client.get(url("subprogram", "change", program("build").pk)))
    for words in (
        "솔루션(소프트웨어) 도입비",  # cost items
        "하나 고르기",  # questions, with their kind
        "기초 (생산정보 디지털화·이력 추적)",  # and choices
        "중소기업과 중견기업이 신청할 수 있습니다.",  # conditions
        "이미 정했으면 초대하세요.",  # partner roles
        "담당자의 이름, 이메일, 연락처, 소속과 직위",  # consents
        "마지막 날 18시, 쉬는 날이면 다음 근무일",  # steps
        "공급과 설치",  # delivery
        "인건비 한도",  # origins
        "지원유형: ",
    ):
        assert words in page
    for code in ("&quot;label&quot;:", "yes_no", "one_of", "agreement.", "working_day_18</"):
        assert code not in page.split("<form", 1)[1].replace('value="working_day_18', "")
