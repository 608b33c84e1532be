"""The pages of an agreement: who may open them, what they do, and what a check gives away."""

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Report, Spending
from applications.services import documents
from applications.services.agreement import endings, instalments
from applications.services.settlement import statements
from applications.states import AgreementState, MemberRole, ReportState
from portal.access.roles import AUDITOR
from portal.core.clock import now
from portal.core.money import won
from portal.models import User
from programs.roles import OFFICER
from tests.factories import staff
from tests.factories.agreements import World, pdf
from tests.factories.applications import UserFactory, member_of

pytestmark = pytest.mark.django_db
PAGES = ("", "sign/", "spending/", "reports/progress/", "reports/final/")
OWNER_PAGES = ("changes/period/", "give-up/")


def enter(user: object) -> Client:
    """A browser in which this person has signed in."""
    return staff.enter(Client(), user)


def got(client: Client, url: str) -> int:
    """Fetch a file and let go of it; returns the status."""
    answer = client.get(url)
    answer.close()
    return answer.status_code


def page(world: World, rest: str = "") -> str:
    """The address of a page of the agreement."""
    return f"/applications/{world.application.pk}/agreement/{rest}"


def test_what_is_not_yours_does_not_exist() -> None:
    world = World().conclude()
    world.spend_one()
    company = world.application.company
    files = [
        reverse("agreement_file", args=["paper", world.agreement.papers.first().pk]),
        reverse("agreement_file", args=["evidence", Spending.objects.get().pk]),
    ]
    other_officer = UserFactory(roles=[OFFICER], is_staff=True)
    strangers = [UserFactory(), member_of(World().application.company), other_officer]
    for person in strangers:
        client = enter(person)
        for rest in (*PAGES, *OWNER_PAGES):
            assert client.get(page(world, rest)).status_code == 404, rest
            assert client.post(page(world, rest), {}).status_code in (404, 405), rest
        assert [got(client, url) for url in files] == [404, 404]
    readers = [world.owner, member_of(company, MemberRole.VIEWER), world.officer]
    for person in readers:
        client = enter(person)
        for rest in PAGES:
            assert client.get(page(world, rest)).status_code == 200, rest
        assert [got(client, url) for url in files] == [200, 200]
    for person in (member_of(company, MemberRole.EDITOR), world.officer):
        for rest in OWNER_PAGES:
            assert enter(person).get(page(world, rest)).status_code == 404
    assert Client().get(page(world)).status_code == 302


def test_a_viewer_reads_and_does_nothing() -> None:
    world = World().conclude()
    client = enter(member_of(world.application.company, MemberRole.VIEWER))
    for rest in ("", "sign/", "spending/", "reports/progress/"):
        assert client.post(page(world, rest), {"act": "file"}).status_code == 404, rest


def test_the_firm_hands_in_papers_and_signs() -> None:
    world = World()
    client = enter(world.owner)
    answer = client.post(page(world), {"requirement": "work_plan", "files": pdf("계획.pdf")})
    assert answer.status_code == 302
    assert world.fresh().papers.get().name == "계획.pdf"
    shown = client.get(page(world, "sign/"))
    digest = shown.context["text"].sha256
    wrong = client.post(page(world, "sign/"), {"sha256": digest, "agreed": "on", "name": "다른이"})
    assert wrong.status_code == 400
    right = {"sha256": digest, "agreed": "on", "name": world.owner.name}
    assert client.post(page(world, "sign/"), right).status_code == 302
    assert client.post(page(world, "sign/"), right).status_code == 409


def test_a_report_is_saved_by_script_and_filed_once() -> None:
    world = World().conclude()
    client = enter(world.owner)
    url = page(world, "reports/progress/")
    words = {"shown": "done percent problems next", "q_done": "설계", "q_percent": "60"}
    headers = {"Accept": "application/json"}
    saved = client.post(url, {**words, "version": 0}, headers=headers)
    assert saved.json()["version"] == 1
    stale = client.post(url, {**words, "version": 0}, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    lacking = client.post(url, {**words, "version": 1, "act": "file"})
    assert lacking.status_code == 422
    assert Report.objects.get(kind="progress").state == ReportState.DRAFT
    upload = client.post(url, {"act": "upload", "files": pdf("사진.pdf")})
    assert upload.status_code == 302
    whole = {**words, "q_next": "설치", "version": 2, "act": "file"}
    assert client.post(url, whole).status_code == 302
    assert Report.objects.get(kind="progress").state == ReportState.FILED
    assert client.post(url, {**whole, "version": 3}).status_code == 409


def test_spending_is_entered_removed_and_handed_over() -> None:
    world = World().conclude()
    client = enter(world.owner)
    url = page(world, "spending/")
    line = {"item": "robot", "spent_on": world.day.isoformat(), "payee": "한빛", "purpose": "구입"}
    late = {**line, "spent_on": "2031-01-01", "amount_won": "100", "upload": pdf()}
    assert client.post(url, late).status_code == 400
    assert client.post(url, {**line, "amount_won": "1000", "upload": pdf()}).status_code == 302
    row = Spending.objects.get()
    assert client.post(url, {"act": "remove", "line": row.pk}).status_code == 302
    assert not Spending.objects.filter(removed_at=None).exists()
    assert client.post(url, {"act": "hand_over"}).status_code in (302, 409)
    assert world.fresh().spending_at is None


def test_the_owner_asks_for_a_change_and_gives_up() -> None:
    world = World(now=now()).conclude()
    client = enter(world.owner)
    later = world.day.replace(year=world.day.year + 1).isoformat()
    answer = client.post(page(world, "changes/period/"), {"ends_on": later, "reason": "납품 지연"})
    assert answer.status_code == 302
    assert world.agreement.amendments.get().proposal == {"ends_on": later}
    assert client.post(page(world, "give-up/"), {"reason": "이전"}).status_code == 302
    assert world.agreement.endings.get().asked_by == world.owner


def test_nothing_can_be_changed_before_the_agreement_is_made() -> None:
    world = World(now=now())
    answer = enter(world.owner).get(page(world, "changes/period/"))
    assert answer.status_code == 409
    assert "협약을 맺은 뒤에 신청할 수 있습니다." in answer.content.decode()


def test_what_is_late_is_said_to_the_firm_and_on_the_list_of_staff() -> None:
    world = World()
    world.agreement.pending_steps.update(due_at=world.now)
    shown = enter(world.owner).get(page(world)).content.decode()
    assert "일 지남" in shown
    assert (
        "일 지남"
        in enter(world.owner).get(f"/applications/{world.application.pk}/").content.decode()
    )
    mine = enter(world.owner).get("/applications/").content.decode()
    assert "기한 지남" in mine
    assert f'href="{page(world)}"' in mine
    listed = enter(world.officer).get("/admin/applications/pendingstep/?late=yes").content.decode()
    assert world.agreement.number in listed
    assert world.agreement.number not in (
        enter(UserFactory(roles=[OFFICER], is_staff=True))
        .get("/admin/applications/pendingstep/")
        .content.decode()
    )


def test_the_list_of_lost_time_costs_the_same_for_one_and_for_three(
    django_assert_max_num_queries: object,
) -> None:
    world = World()
    client = enter(world.officer)
    client.get("/admin/applications/pendingstep/")
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        client.get("/admin/applications/pendingstep/")
    for _ in range(2):
        World()
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        client.get("/admin/applications/pendingstep/")


def test_the_desk_takes_an_agreement_to_its_conclusion() -> None:
    world = World()
    world.papers()
    world.sign()
    client = enter(world.manager)
    url = f"/admin/applications/agreement/{world.agreement.pk}/"
    assert client.get(f"{url}change/").status_code == 200
    words = world.words(world.manager)
    data = {"name": words["name"], "agreed": "on", "sha256": words["sha256"]}
    assert client.post(f"{url}act/conclude/", data).status_code == 302
    assert world.fresh().state == AgreementState.ACTIVE
    officer = enter(world.officer)
    assert officer.post(f"{url}act/request-pay/").status_code == 302
    assert client.post(f"{url}act/pay/").status_code == 302
    assert world.money.paid == 25_000_000
    assert client.get(f"{url}change/").status_code == 200
    auditor = UserFactory(roles=[AUDITOR], is_staff=True)
    assert enter(auditor).get(f"{url}change/").status_code in (200, 404)
    outsider = enter(UserFactory(roles=[OFFICER], is_staff=True))
    assert outsider.get(f"{url}change/").status_code == 404
    assert outsider.post(f"{url}act/request-pay/").status_code == 404


def test_anyone_checks_an_agreement_by_number_and_hash() -> None:
    world = World()
    text = world.agreement.versions.get()
    url = f"/agreements/check/?number={world.agreement.number}&sha256={text.sha256}"
    assert Client().get(url).context["document"] is None  # not concluded: nothing is given away
    world.conclude()
    assert Client().get(url).context["document"].in_force
    assert Client().get(url.replace(text.sha256, "0" * 64)).context["document"] is None


def test_both_papers_are_printed() -> None:
    world = World().conclude()
    world.pay(1)
    world.half_way()
    world.finish()
    world.spend({"robot": 30_000_000})
    world.settle()
    for document in world.application.documents.filter(kind__in=["agreement", "settlement"]):
        made = documents.render(document, now=world.now)
        assert made.pages >= 1
        url = f"/applications/{world.application.pk}/documents/{document.kind}/?download=1"
        assert got(enter(world.owner), url) == 200
        assert got(enter(UserFactory()), url) == 404


def test_the_way_of_the_application_leads_to_its_close() -> None:
    world = World()
    labels = {
        row["label"]: row
        for row in enter(world.owner).get(f"/applications/{world.application.pk}/").context["steps"]
    }
    assert labels["협약"]["state"] == "current"
    world.conclude()
    ending = endings.request(
        world.fresh(), kind="terminate", reason="중단", by=world.officer, now=world.now
    )
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    shown = enter(world.owner).get(f"/applications/{world.application.pk}/").context["steps"]
    assert [row["state"] for row in shown][-1] in ("stopped", "todo")


def test_who_signs_for_money_reads_how_much_before_pressing() -> None:
    world = World().conclude()
    page = f"/admin/applications/agreement/{world.agreement.pk}/"

    def asked(by: User, act: str) -> str:
        return enter(by).get(f"{page}act/{act}/").content.decode()

    first = str(world.part(1))
    assert f"{first}의 지급을 요청합니다." in asked(world.officer, "request-pay")
    instalments.request(world.part(1), by=world.officer, now=world.now)
    assert f"{first}을 지급합니다 ({world.officer} 요청)." in asked(world.manager, "pay")
    instalments.pay(world.part(1), by=world.manager, now=world.now)
    world.half_way()
    world.finish()
    world.spend({"robot": 10_000_000})
    made = statements.propose(world.fresh(), by=world.officer, now=world.now)
    words = asked(world.manager, "settle")
    assert f"확정 지원금 {won(made.settled_won)}" in words
    assert f"초과 지급액 {won(made.recover_won)}" in words
    statements.approve(made, by=world.manager, now=world.now)
    assert made.recover_won > 0
    assert f"환수할 금액은 {won(made.recover_won)}" in asked(world.officer, "recover")
    whole = enter(world.officer).get(f"{page}change/").content.decode()
    assert "환수금 납부 대기" in whole
