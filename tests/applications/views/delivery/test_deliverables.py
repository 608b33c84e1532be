"""Pages of the work: recorded, confirmed and handed in by their own side; 404 to everybody else."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from applications.models import Deliverable, DeliveryEntry, DeliveryFile, Expert
from applications.states import DeliverableState
from demo.samples import sample_pdf
from tests.factories import programs, staff
from tests.factories.applications import UserFactory, member_of
from tests.factories.delivery import TODAY, expert, officer_of, part, under_way

pytestmark = pytest.mark.django_db
RECORD = {"act": "entry", "on": TODAY.isoformat(), "title": "로봇 1대", "body": "설치하고 시운전함"}


@pytest.fixture(autouse=True)
def catalogue() -> None:
    programs.load()


def sign_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def supplier_of(agreement):
    return member_of(agreement.application.partners.get().company)


def test_a_supplier_records_and_the_firm_confirms() -> None:
    agreement = under_way("robot")
    row = part(agreement, "installation")
    url = f"/delivery/{row.pk}/"
    supplier, firm = sign_in(supplier_of(agreement)), sign_in(agreement.application.created_by)
    files = {"files": ContentFile(sample_pdf("설치"), name="설치.pdf")}
    assert supplier.post(url, {**RECORD, **files}).status_code == 302
    assert supplier.post(url, {"act": "hand_in"}).status_code == 302
    page = firm.get(url).content.decode()
    assert "로봇 1대" in page
    assert "완료로 확인하기" in page
    assert firm.post(url, {"act": "accept", "note": ""}).status_code == 302
    row.refresh_from_db()
    assert row.state == DeliverableState.ACCEPTED
    listed = firm.get(f"/applications/{agreement.application_id}/delivery/").content.decode()
    assert "완료" in listed
    kept = DeliveryFile.objects.get()
    sent = firm.get(f"/delivery/files/{kept.pk}/")
    assert b"".join(sent.streaming_content).startswith(b"%PDF")
    assert sign_in(UserFactory()).get(f"/delivery/files/{kept.pk}/").status_code == 404


@pytest.mark.parametrize("number", ["", "²", "x", "9" * 30, "9" * 5_000, "0"])
def test_a_record_that_is_none_cannot_be_confirmed(number: str) -> None:
    agreement = under_way("robot")
    row = part(agreement, "installation")
    firm = sign_in(agreement.application.created_by)
    sent = {"act": "confirm", "entry": number, "note": ""}
    assert firm.post(f"/delivery/{row.pk}/", sent).status_code == 404


def test_a_refusal_stands_beside_the_field_and_nothing_is_lost() -> None:
    agreement = under_way("robot")
    row = part(agreement, "installation")
    supplier = sign_in(supplier_of(agreement))
    answer = supplier.post(f"/delivery/{row.pk}/", {**RECORD, "on": "2999-01-01"})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "entry_day" in page
    assert "설치하고 시운전함" in page
    assert not DeliveryEntry.objects.exists()


def test_the_firm_cannot_press_the_supplier_s_buttons() -> None:
    agreement = under_way("robot")
    row = part(agreement, "installation")
    firm = sign_in(agreement.application.created_by)
    assert "기록 남기기" not in firm.get(f"/delivery/{row.pk}/").content.decode()
    assert firm.post(f"/delivery/{row.pk}/", RECORD).status_code == 404


@pytest.mark.parametrize("who", ["stranger", "other_officer", "other_expert"])
def test_strangers_find_nothing(who: str) -> None:
    agreement = under_way("meister")
    row = part(agreement, "dispatch")
    people = {
        "stranger": UserFactory,
        "other_officer": lambda: staff.officer(programs.program("robot")),
        "other_expert": lambda: expert().user,
    }
    client = staff.enter(Client(), people[who]())
    for url in (f"/delivery/{row.pk}/", f"/applications/{agreement.application_id}/delivery/"):
        assert client.get(url).status_code == 404
    assert client.post(f"/delivery/{row.pk}/", RECORD).status_code == 404


def test_an_expert_applies_and_works_from_the_own_desk() -> None:
    person = UserFactory()
    client = sign_in(person)
    assert "스마트 마이스터" in client.get("/experts/").content.decode()
    form = {
        "route": "equivalent",
        "years": "12",
        "degree": "기계공학 석사",
        "fields_of": ["quality", "data"],
        "regions": ["seoul"],
        "evidence": ContentFile(sample_pdf("학위"), name="학위.pdf"),
    }
    url = "/experts/2021-1/meister/"
    assert client.post(url, {**form, "fields_of": []}).status_code == 400
    form["evidence"] = ContentFile(sample_pdf("학위"), name="학위.pdf")
    assert client.post(url, form).status_code == 302
    asked = Expert.objects.get(user=person)
    assert "확인 대기" in client.get("/experts/").content.decode()
    agreement = under_way("meister")
    Deliverable.objects.filter(agreement=agreement).update(expert=asked)
    assert agreement.company.name in client.get("/experts/").content.decode()
    assert client.get("/experts/2021-1/nobody/").status_code == 404


def test_the_desk_costs_the_same_for_few_and_many(django_assert_max_num_queries) -> None:
    meister = expert(capacity=99)
    client = sign_in(meister.user)
    for _ in range(4):
        agreement = under_way("meister")
        Deliverable.objects.filter(agreement=agreement).update(expert=meister)
    with django_assert_max_num_queries(16):
        client.get("/experts/")


def test_staff_verify_match_and_confirm_in_the_admin() -> None:
    agreement = under_way("meister")
    officer = officer_of(agreement)
    desk = staff.enter(Client(), officer)
    expert()
    page = desk.post(
        reverse("admin:applications_expertmatch_start"),
        {"what": f"{agreement.application.sub_program_id}:meister", "seed": "3"},
    )
    assert page.status_code == 302
    shown = desk.get(page["Location"]).content.decode()
    assert "이대로 배정" in shown
    row = part(agreement, "dispatch")
    for name in ("deliverable", "expert", "expertmatch"):
        listed = desk.get(reverse(f"admin:applications_{name}_changelist"))
        assert listed.status_code == 200
    one = desk.get(reverse("admin:applications_deliverable_change", args=[row.pk]))
    assert one.status_code == 200
    act = desk.get(reverse("admin:applications_deliverable_act", args=[row.pk, "assign"]))
    assert act.status_code == 200
