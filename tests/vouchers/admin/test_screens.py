"""Staff screens: the operator acts, agency and ministry read, others find nothing."""

import re

import pytest
from auditlog.models import LogEntry
from django.conf import settings
from django.test import Client
from django.urls import reverse

from portal.jobs import queue
from portal.templatetags.dates import kst
from tests.factories import reports
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from tests.factories.staff import enter
from vouchers.models import (
    AssignmentRun,
    CatalogueImport,
    ExclusionProposal,
    Monitor,
    PanelApplication,
    PanelMark,
    PanelSelection,
    SaleSuspension,
    Service,
)
from vouchers.services import assignment
from vouchers.services.rewards import awards
from vouchers.states import ImportKind, MonitorState, ServiceState

pytestmark = pytest.mark.django_db

LISTS = (
    "service",
    "supplier",
    "catalogueimport",
    "panelround",
    "panelapplication",
    "panelselection",
    "monitor",
    "assignmentrun",
    "assignmentrule",
)


@pytest.fixture(autouse=True)
def private_root(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def operator(client: Client) -> Client:
    return enter(client, make.operator())


def act(client: Client, model: str, pk: int, name: str, **data: object) -> str:
    answer = client.post(f"/admin/vouchers/{model}/{pk}/act/{name}/", data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_who_may_read_which_list(client: Client, model: str) -> None:
    readers = {"operator": 200, "agency": 200, "ministry": 200, "moderator": 403, "person": 302}
    if model in ("service", "supplier"):
        readers["moderator"] = 200
    for who, expected in readers.items():
        user = getattr(make, who)()
        got = enter(Client(), user).get(f"/admin/vouchers/{model}/").status_code
        assert got in ({expected} if expected != 403 else {403, 404}), who


def test_from_marks_to_a_confirmed_assignment(operator: Client) -> None:
    panel = make.panel(opens_at=NOW.replace(year=2020), closes_at=NOW)
    services = [make.service() for _ in range(2)]
    filed = [make.application(panel, kind=make.KINDS[place % 3]) for place in range(6)]
    for row in filed:
        page = act(
            operator,
            "panelapplication",
            row.pk,
            "mark",
            p_expertise=40,
            p_interest=30,
            reason="좋음",
        )
        assert "평가를 저장했습니다" in page
    assert PanelMark.objects.count() == 6
    codes = "\n".join(row.code for row in services)
    assert "서비스 2개를" in act(operator, "panelround", panel.pk, "cover", codes=codes)
    assert "1차 선정안을" in act(operator, "panelround", panel.pk, "select")
    chosen = PanelSelection.objects.get()
    page = operator.get(f"/admin/vouchers/panelselection/{chosen.pk}/change/").content.decode()
    assert chosen.results_sha256 in page
    assert "발표하고 알렸습니다" in act(operator, "panelselection", chosen.pk, "release")
    assert Monitor.objects.count() == 6
    monitor = Monitor.objects.first()
    said = {"service": services[0].pk, "kind": "pin", "reason": "현장"}
    assert "기록했습니다" in act(operator, "monitor", monitor.pk, "rule", **said)
    assert "배정을 계산하고" in act(operator, "panelround", panel.pk, "assign", seed=5)
    run = AssignmentRun.objects.get()
    queue.run(run.job_id)
    page = operator.get(f"/admin/vouchers/assignmentrun/{run.pk}/change/").content.decode()
    assert "모든 서비스에 필요한 인원을 구분에 맞게 배정했습니다." in page
    spare = make.service()
    act(operator, "panelround", panel.pk, "cover", codes=spare.code)
    assert panel.coverage.count() == 3
    assert "서비스 1개를" in act(operator, "panelround", panel.pk, "uncover", codes=spare.code)
    assert "새 배정 8건을 확정" in act(operator, "assignmentrun", run.pk, "confirm")
    page = act(operator, "panelround", panel.pk, "uncover", codes=codes)
    assert "이미 단원에게 배정한 서비스입니다" in page
    assert panel.coverage.count() == 2
    for model, pk in (
        ("panelround", panel.pk),
        ("panelapplication", filed[0].pk),
        ("monitor", monitor.pk),
        ("service", services[0].pk),
        ("supplier", services[0].supplier_id),
    ):
        assert operator.get(f"/admin/vouchers/{model}/{pk}/change/").status_code == 200


def test_an_import_shows_a_result_for_each_line(operator: Client) -> None:
    answer = operator.post(
        "/admin/vouchers/catalogueimport/start/",
        {"kind": "suppliers", "file": make.suppliers_csv(3)},
    )
    made = CatalogueImport.objects.get()
    assert answer.status_code == 302
    queue.run(made.job_id)
    address = f"/admin/vouchers/catalogueimport/{made.pk}"
    page = operator.get(f"{address}/change/").content.decode()
    assert "아직 아무것도 바꾸지 않았습니다" in page
    made.refresh_from_db()
    answer = operator.post(f"{address}/act/apply/", {"basis": "other"})
    assert "보신 뒤에 미리 보기가 바뀌었습니다" in answer.content.decode()
    assert operator.post(f"{address}/act/apply/", {"basis": made.basis}).status_code == 302
    made.refresh_from_db()
    queue.run(made.job_id)
    page = operator.get(f"{address}/change/").content.decode()
    assert "반영했습니다" in page
    assert "3줄" in page


def test_the_preview_of_an_import_shows_first_what_becomes_empty(operator: Client) -> None:
    make.imported(ImportKind.SUPPLIERS, make.suppliers_csv(1))
    header, line = ["사업자등록번호", "기업명", "주소"], [make.number(1), "새 이름", ""]
    operator.post(
        "/admin/vouchers/catalogueimport/start/",
        {"kind": "suppliers", "file": make.table(header, [line], "공급기업.csv")},
    )
    made = CatalogueImport.objects.latest("pk")
    queue.run(made.job_id)
    page = operator.get(f"/admin/vouchers/catalogueimport/{made.pk}/change/").content.decode()
    assert "<del>주식회사 가온1</del> → <ins>새 이름</ins>" in page
    assert "<strong>비워짐</strong>" in page
    assert "지금 있는 값이 비워지는 1줄을 확인했습니다." in page


def test_readers_have_no_buttons_and_no_way_in(client: Client) -> None:
    filed = make.application(make.panel())
    for reader in (make.ministry(), make.moderator()):
        desk = enter(Client(), reader)
        desk.post(
            f"/admin/vouchers/panelapplication/{filed.pk}/act/mark/",
            {"p_expertise": 1, "p_interest": 1, "reason": "x"},
        )
        assert desk.get("/admin/vouchers/catalogueimport/start/").status_code == 404
    assert not PanelMark.objects.exists()


def test_staff_do_not_see_drafts(operator: Client) -> None:
    draft = make.application(make.panel(), state="draft")
    assert operator.get(f"/admin/vouchers/panelapplication/{draft.pk}/change/").status_code == 404


def test_bursts_are_flagged_in_one_query_for_the_list(
    operator: Client, django_assert_max_num_queries
) -> None:
    panel = make.panel()
    for _ in range(3):
        make.application(panel, ip_hash="a" * 64)
    with django_assert_max_num_queries(14):
        page = operator.get("/admin/vouchers/panelapplication/").content.decode()
    assert page.count("같은 접속 주소 3건") == 3
    assert PanelApplication.objects.count() == 3


def test_the_agency_suspends_and_excludes(client: Client) -> None:
    desk, service = enter(client, make.agency()), make.service()
    act(desk, "service", service.pk, "suspend", reason="시정하지 않음")
    proposed = SaleSuspension.objects.get()
    act(desk, "salesuspension", proposed.pk, "confirm")
    service.refresh_from_db()
    assert service.state == ServiceState.ON_SALE
    act(enter(Client(), make.agency()), "salesuspension", proposed.pk, "confirm")
    service.refresh_from_db()
    assert service.state == ServiceState.SUSPENDED
    act(desk, "service", service.pk, "resume", reason="시정 확인")
    monitor = make.monitor(make.panel())
    act(desk, "monitor", monitor.pk, "exclude", reason="대리 작성")
    proposal = ExclusionProposal.objects.get()
    assert "지금은 ‘제외 확정’ 처리를 할 수 없습니다" in act(
        desk, "exclusionproposal", proposal.pk, "confirm"
    )
    monitor.refresh_from_db()
    assert monitor.state == MonitorState.ACTIVE
    act(enter(Client(), make.operator()), "exclusionproposal", proposal.pk, "confirm")
    monitor.refresh_from_db()
    assert monitor.state == MonitorState.EXCLUDED
    assert Service.objects.get().state == ServiceState.ON_SALE
    assert assignment.problem(monitor.round).members == ()


def test_services_are_searched_by_the_index(operator: Client) -> None:
    make.service(name="가온 화상 회의")
    make.service(name="누리 보안")
    page = operator.get("/admin/vouchers/service/?q=화상회의").content.decode()
    assert "가온 화상 회의" in page
    assert "누리 보안" not in page


def test_the_web_server_lets_through_what_the_import_page_takes() -> None:
    lines = (settings.BASE_DIR / "deploy/nginx/portal.conf.template").read_text()
    own = lines.split(f"location = {reverse('admin:vouchers_catalogueimport_start')} {{")[1]
    limit = re.search(r"client_max_body_size (\d+)m;", own.partition("}")[0])
    assert int(limit[1]) * 1024**2 > settings.TABLE_MAX_BYTES


def test_a_supplier_account_is_added_and_removed_and_logged(operator: Client) -> None:
    supplier, account = make.service().supplier, make.person()
    added = act(operator, "supplier", supplier.pk, "member", email=account.email)
    assert "담당자로 등록했습니다" in added
    member = supplier.members.get()
    other = make.service().supplier
    assert "해제했습니다" not in act(
        operator, "supplier", other.pk, "remove-member", member=member.pk
    )
    assert supplier.members.exists()
    page = act(operator, "supplier", supplier.pk, "remove-member", member=member.pk)
    assert "담당자 등록을 해제했습니다" in page
    assert not supplier.members.exists()
    acts = LogEntry.objects.get_for_model(type(member)).values_list("action", flat=True)
    assert set(acts) == {LogEntry.Action.CREATE, LogEntry.Action.DELETE}


def test_a_moderator_reads_no_name_not_even_in_the_history(client: Client) -> None:
    report = reports.submitted()
    member = report.assignment.monitor
    member.user.name = "홍길동"
    member.user.save(update_fields=["name"])
    at = reverse("admin:vouchers_consumerreport_change", args=[report.pk])
    told = enter(client, make.moderator()).get(at).content.decode()
    assert "홍길동" not in told
    assert member.get_kind_display() in told
    url = reverse("admin:vouchers_consumerreport_act", args=[report.pk, "accept"])
    page = client.get(url).content.decode()
    assert "홍길동" not in page
    assert f"{member.get_kind_display()} · 제출" in page
    assert "홍길동" in enter(client, make.operator()).get(at).content.decode()


def test_staff_read_instants_with_their_zone(operator: Client) -> None:
    member = make.monitor(make.panel())
    page = operator.get(reverse("admin:vouchers_monitor_change", args=[member.pk]))
    assert kst(member.joined_at) in page.content.decode()


def test_awards_are_proposed_once(operator: Client) -> None:
    round = reports.published().assignment.round
    at = reverse("admin:vouchers_reportplan_change", args=[round.plan.pk])
    assert "/act/propose-awards/" in operator.get(at).content.decode()
    awards.propose(round, by=make.operator(), now=NOW)
    assert "/act/propose-awards/" not in operator.get(at).content.decode()
    back = reverse("admin:vouchers_panelround_change", args=[round.pk])
    assert at in operator.get(back).content.decode()


def test_an_act_that_changed_nothing_is_no_success(operator: Client) -> None:
    round = reports.published().assignment.round
    service, other = make.service(), make.service()

    def twice(model: str, pk: int, name: str, **data: object) -> list[str]:
        return [act(operator, model, pk, name, **data) for _ in range(2)]

    first, again = twice("panelround", round.pk, "cover", codes=service.code)
    assert "서비스 1개를 체험 서비스로 지정했습니다" in first
    assert "이미 모두 체험 서비스로 지정했습니다" in again
    first, again = twice("panelround", round.pk, "uncover", codes=service.code)
    assert "서비스 1개를 체험 서비스에서 뺐습니다" in first
    assert "체험 서비스로 지정하지 않은 서비스입니다" in again
    first, again = twice("reportplan", round.plan.pk, "pay-fees")
    assert "원고료 1건" in first
    assert "지급할 원고료가 없습니다" in again
    words = {"other": other.supplier.business_number, "kind": "shares", "origin": "공시"}
    first, again = twice("supplier", service.supplier.pk, "link", **words)
    assert "기업 간 관계를 기록했습니다" in first
    assert "이미 기록한 관계입니다" in again
    assert "기업 간 관계를 기록했습니다" not in again
