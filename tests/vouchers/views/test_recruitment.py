"""Applying to a panel and a member's own page; pages of others do not exist."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.templatetags.dates import kdate
from portal.uploads import files
from tests.factories import reports
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from tests.factories.staff import enter
from tests.portal.test_signin import SIGNUP, mailed_code
from vouchers.models import PanelApplication, PanelEvidence, SupplierTie
from vouchers.services import assignment
from vouchers.services.reports import moderation
from vouchers.states import PanelApplicationState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon(settings, tmp_path, monkeypatch):
    settings.PRIVATE_ROOT = tmp_path
    for module in ("panel", "recruitment", "selection", "members", "assignment", "catalogue"):
        monkeypatch.setattr(f"vouchers.views.{module}.now", lambda: NOW)


@pytest.fixture
def panel():
    return make.panel()


@pytest.fixture
def user(client: Client):
    made = make.person()
    client.force_login(made)
    return made


def begin(client: Client, panel) -> PanelApplication:
    answer = client.post(f"/vouchers/panels/{panel.code}/apply/")
    assert answer.status_code == 302
    return PanelApplication.objects.latest("pk")


def test_a_person_applies_from_the_page_to_the_receipt(client, panel, user) -> None:
    page = client.get(f"/vouchers/panels/{panel.code}/")
    assert "공급기업 관계자는 지원할 수 없습니다" in page.content.decode()
    draft = begin(client, panel)
    at = f"/vouchers/panel/applications/{draft.pk}/"
    client.post(f"{at}evidence/", {"file": SimpleUploadedFile("재직.png", make.PNG)})
    saved = client.post(at, {**make.WHOLE, "version": 1}, headers={"accept": "application/json"})
    assert saved.json()["version"] == 2
    stale = client.post(at, {**make.WHOLE, "version": 1}, headers={"accept": "application/json"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    filed = client.post(at, {**make.WHOLE, "version": 2, "act": "submit"})
    assert filed.status_code == 302, filed.context["form"].errors
    draft.refresh_from_db()
    assert draft.state == PanelApplicationState.SUBMITTED
    assert draft.ip_hash
    page = client.get(at).content.decode()
    assert draft.sha256 in page
    assert "접수 완료" in page


def test_a_visitor_signs_up_and_is_back_at_the_recruitment(client, panel) -> None:
    here = f"/vouchers/panels/{panel.code}/"
    page = client.get(here).content.decode()
    for way in ("/accounts/login/", "/accounts/signup/"):
        assert f'href="{way}?next={here}"' in page
    verification = client.post(f"/accounts/signup/?next={here}", {**SIGNUP, "next": here})
    landed = client.post(verification.headers["Location"], {"code": mailed_code()})
    assert landed.headers["Location"] == here
    assert "지원서 쓰기" in client.get(here).content.decode()


def test_the_recruitment_says_how_much_work_it_is_and_what_is_paid(client) -> None:
    panel = reports.round(load=8)
    page = " ".join(client.get(f"/vouchers/panels/{panel.code}/").content.decode().split())
    assert "한 사람이 많아야 8건" in page
    assert "글 180자 이상, 평가 5가지, 이용 화면이나 사진 1장 이상" in page
    for won in ("50,000원", "400,000원", "20,100,000원"):
        assert won in page
    assert "우수 활동자 20명" in page
    assert "무료로 써 봅니다" in page


def test_a_refused_application_lists_what_is_missing_and_keeps_the_input(
    client, panel, user
) -> None:
    draft = begin(client, panel)
    at = f"/vouchers/panel/applications/{draft.pk}/"
    many = {"categories": ["meeting", "care"]}
    answer = client.post(at, {"version": 1, "name": "김국민", "act": "submit"} | many)
    assert answer.status_code == 422
    page = answer.content.decode()
    for value in many["categories"]:
        assert re.search(rf'<input[^>]*value="{value}"[^>]*checked', page)
    assert "자격을 보이는 증빙" in page
    assert 'value="김국민"' in page
    draft.refresh_from_db()
    again = client.post(at, {**make.WHOLE, "version": draft.version, "act": "save"})
    assert again.status_code == 302


def test_a_suppliers_person_reads_why_and_has_no_application(client, panel) -> None:
    make.supplier(email="info@tied.example")
    client.force_login(make.person(email="kim@tied.example"))
    answer = client.post(f"/vouchers/panels/{panel.code}/apply/", follow=True)
    assert "전자우편 도메인과 같습니다" in answer.content.decode()
    assert not PanelApplication.objects.exists()
    for _ in range(8):  # a group of firms does not fill the page
        make.supplier(email="info@tied.example")
    page = client.post(f"/vouchers/panels/{panel.code}/apply/", follow=True).content.decode()
    assert page.count("전자우편 도메인과 같습니다") == 3
    assert "까닭이 6가지 더 있습니다." in page


def test_strangers_find_nothing(client, panel, user) -> None:
    other = make.application(panel, state=PanelApplicationState.SELECTED)
    monitor = make.monitor(panel, application=other)
    proof = PanelEvidence.objects.create(
        application=other, name="a.png", file="ab/" + "0" * 32, size=1, sha256="0", uploaded_at=NOW
    )
    for path in (
        f"applications/{other.pk}/",
        f"applications/{other.pk}/withdraw/",
        f"applications/{other.pk}/decline/",
        f"evidence/{proof.pk}/",
        f"members/{monitor.pk}/wishes/",
        f"members/{monitor.pk}/leave/",
    ):
        assert client.get(f"/vouchers/panel/{path}").status_code == 404, path
    for path in (f"applications/{other.pk}/evidence/", f"evidence/{proof.pk}/remove/"):
        assert client.post(f"/vouchers/panel/{path}").status_code == 404, path


def test_staff_read_submitted_evidence_and_never_that_of_a_draft(client, panel) -> None:
    drafted = make.application(panel, state=PanelApplicationState.DRAFT)
    filed = make.application(panel)
    kept = files.store_bytes(make.PNG)
    rows = [
        PanelEvidence.objects.create(
            application=row,
            name="a.png",
            file=kept,
            size=1,
            sha256="0",
            content_type="image/png",
            uploaded_at=NOW,
        )
        for row in (drafted, filed)
    ]
    enter(client, make.operator())
    answers = [client.get(f"/vouchers/panel/evidence/{row.pk}/") for row in rows]
    assert [answer.status_code for answer in answers] == [404, 200]
    assert b"".join(answers[1].streaming_content) == make.PNG


def test_a_member_wishes_reads_drops_and_leaves(client, panel, user) -> None:
    services = [make.service() for _ in range(2)]
    make.cover(panel, services)
    monitor = make.monitor(
        panel,
        application=make.application(panel, user=user, state=PanelApplicationState.SELECTED),
    )
    at = f"/vouchers/panel/members/{monitor.pk}/"
    answer = client.post(f"{at}wishes/", {"wish1": services[1].code, "wish2": services[0].code})
    assert answer.status_code == 302
    assert [row.service for row in monitor.wishes.all()] == [services[1], services[0]]
    by = make.operator()
    run = assignment.compute(assignment.start(panel, seed=1, by=by, now=NOW), now=NOW)
    assignment.confirm(run, by=by, now=NOW)
    page = client.get("/vouchers/panel/").content.decode()
    assert services[0].name in page
    row = monitor.assignments.first()
    client.post(f"/vouchers/panel/assignments/{row.pk}/drop/", {"reason": "접속할 수 없음"})
    row.refresh_from_db()
    assert row.state == "dropped"
    assert client.post(f"{at}leave/", {"reason": "이직"}).status_code == 302
    monitor.refresh_from_db()
    assert monitor.state == "left"


def test_the_member_page_needs_a_fixed_number_of_queries(
    client, panel, user, django_assert_num_queries
) -> None:
    make.cover(panel, [make.service() for _ in range(3)])
    make.monitor(
        panel,
        application=make.application(panel, user=user, state=PanelApplicationState.SELECTED),
    )
    by = make.operator()
    with django_assert_num_queries(5):
        client.get("/vouchers/panel/")
    run = assignment.compute(assignment.start(panel, seed=1, by=by, now=NOW), now=NOW)
    assignment.confirm(run, by=by, now=NOW)
    with django_assert_num_queries(5):
        client.get("/vouchers/panel/")


def test_no_result_is_shown_before_its_release(client, panel, user) -> None:
    filed = make.application(panel, user=user)
    page = client.get(f"/vouchers/panel/applications/{filed.pk}/").content.decode()
    assert "선정 결과" not in page


def test_the_member_page_shows_the_state_of_each_report(client, panel, user) -> None:
    row = reports.assigned(reports.round())
    client.force_login(row.monitor.user)
    page = client.get("/vouchers/panel/").content.decode()
    assert "작성 전" in page
    assert f"/vouchers/panel/assignments/{row.pk}/drop/" in page
    reports.submitted(row)
    page = client.get("/vouchers/panel/").content.decode()
    assert "제출 완료, 검토 중" in page
    assert f"/vouchers/panel/assignments/{row.pk}/drop/" not in page
    mine = client.get(f"/vouchers/panel/applications/{row.monitor.application_id}/")
    assert "참여 사양" not in mine.content.decode()


def test_earnings_are_shown_with_the_formula_and_without_one(client, user) -> None:
    member = make.monitor(make.panel(code="no-rules"))
    client.force_login(member.user)
    assert "채택된 보고서가 아직 없습니다" in client.get("/vouchers/my/activity/").content.decode()
    report = reports.published()
    client.force_login(report.assignment.monitor.user)
    page = client.get("/vouchers/my/activity/").content.decode()
    assert "하루 늦을 때마다 10점을 뺍니다" in page
    day = client.get(f"/vouchers/reports/{report.pk}/").content.decode()
    assert f"{kdate(report.assignment.report.used_from)}</span> ~" in day


def test_a_returned_report_is_not_called_late(client, monkeypatch) -> None:
    """Punctuality is reckoned from the first time a report was handed in."""
    report = reports.submitted()
    row = report.assignment
    moderation.send_back(report, note="더 적어 주세요.", by=make.moderator(), now=NOW)
    unwritten = reports.assigned(row.round, monitor=row.monitor)
    for module in ("members", "assignment", "reports.writing"):
        monkeypatch.setattr(f"vouchers.views.{module}.now", row.due_at)
    client.force_login(row.monitor.user)
    desk = client.get("/vouchers/panel/").content.decode()
    assert desk.count("기한 지남") == 1
    write = "/vouchers/my/reports/{}/".format
    assert "다시 내도 늦은 제출이 아닙니다" in client.get(write(row.pk)).content.decode()
    assert "활동 점수가 줄어듭니다" in client.get(write(unwritten.pk)).content.decode()
    review = f"{write(row.pk)}review/"
    assert "마감이 지났습니다" not in client.get(review).content.decode()


def test_a_suppliers_person_is_told_on_the_form_before_submitting(client, panel, user) -> None:
    make.supplier(name="가온", business_number="1248100998")
    draft = begin(client, panel)
    at = f"/vouchers/panel/applications/{draft.pk}/"
    page = client.get(at).content.decode()
    assert "공급기업 쪽 사람은 지원할 수 없습니다" in page
    assert "제출할 수 없습니다</" not in page
    client.post(at, {**make.WHOLE, "version": 1, "act": "save"})
    page = client.get(at).content.decode()
    assert "공급기업과 관계가 있어 제출할 수 없습니다" in page
    assert "소속 사업자등록번호와 같습니다" in page
    without = {**make.WHOLE, "business_number": "", "affiliation": "없음", "version": 2}
    client.post(at, {**without, "act": "save"})
    page = client.get(at).content.decode()
    assert "소속 사업자등록번호와 같습니다" in page
    assert "없던 일이 되지 않습니다" in page
    answer = client.post(f"{at}appeal/", {"appeal": ""})
    assert answer.status_code == 400
    client.post(f"{at}appeal/", {"appeal": "번호를 잘못 적었습니다."})
    tie = SupplierTie.objects.get()
    assert (tie.appeal, tie.stated) == ("번호를 잘못 적었습니다.", True)
    enter(client, make.operator())
    address = f"/admin/vouchers/suppliertie/{tie.pk}/"
    assert "번호를 잘못 적었습니다." in client.get(f"{address}change/").content.decode()
    client.post(f"{address}act/dismiss/", {"reason": "재직증명서로 확인함"})
    client.force_login(user)
    assert "제출할 수 없습니다</" not in client.get(at).content.decode()
