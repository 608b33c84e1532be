"""Objecting and giving up by page: the owner's way, a stranger's 404, the public counter."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from applications.models import Application, Objection
from applications.queries.selection.decisions import award_of
from applications.services import objection
from applications.services.screening import checks
from demo.samples import sample_pdf
from portal.core.clock import now
from tests.factories import staff
from tests.factories.applications import PartnerFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(monkeypatch) -> list[Application]:
    """A selected one and one in reserve, released just now."""
    monkeypatch.setattr(staff, "NOW", now())
    program = staff.program(money=50_000_000)
    judges = staff.assessors(3)
    rows = [(28, 36, 28), (26, 34, 26)]
    made = [staff.judged(program, marks, judges=judges) for marks in rows]
    staff.released(program, by=staff.manager())
    return [Application.objects.get(pk=row.pk) for row in made]


def entered(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_applicant_objects_with_a_file_and_follows_it(two) -> None:
    client, address = entered(two[1].created_by), f"/applications/{two[1].pk}/objection/"
    assert address in client.get(f"/applications/{two[1].pk}/result/").content.decode()
    assert client.post(address, {"text": "", "confirmed": "on"}).status_code == 400
    paper = SimpleUploadedFile("근거.pdf", sample_pdf("근거"))
    sent = {"text": "점수가 잘못되었습니다.", "files": paper, "confirmed": "on"}
    assert client.post(address, sent).status_code == 302
    page = client.get(address).content.decode()
    assert "심의하고 있습니다" in page
    assert "근거.pdf" in page
    again = client.post(address, {"text": "또", "confirmed": "on"})
    assert again.status_code == 409
    assert Objection.objects.count() == 1


def test_an_owner_declines_and_the_next_in_reserve_needs_approval(two) -> None:
    client, address = entered(two[0].created_by), f"/applications/{two[0].pk}/decline/"
    assert client.post(address, {"note": "사정", "confirmed": ""}).status_code == 400
    assert client.post(address, {"note": "사정", "confirmed": "on"}).status_code == 302
    page = client.get(f"/applications/{two[0].pk}/result/").content.decode()
    assert "포기했습니다" in page
    assert "결정 이력" in page
    assert award_of(two[1]).outcome == "reserve"


def test_strangers_find_nothing(two) -> None:
    made = two[1]
    owner = entered(made.created_by)
    paper = SimpleUploadedFile("근거.pdf", sample_pdf("근거"))
    owner.post(
        f"/applications/{made.pk}/objection/", {"text": "이의", "files": paper, "confirmed": "on"}
    )
    file = Objection.objects.get().papers.get()
    sent = owner.get(f"/objections/papers/{file.pk}/")
    assert b"".join(sent.streaming_content).startswith(b"%PDF")
    sent.close()
    partner = PartnerFactory(application=made, accepted=True)
    people = [
        UserFactory(),
        two[0].created_by,
        member_of(partner.company),
        made.sheets.first().assessor,
    ]
    for person in people:
        client = entered(person)
        for address in (
            f"/applications/{made.pk}/objection/",
            f"/applications/{made.pk}/decline/",
            f"/objections/papers/{file.pk}/",
        ):
            assert client.get(address).status_code == 404, address
            assert client.post(address).status_code in {404, 405}, address


def test_everybody_sees_how_often_decisions_were_changed(two) -> None:
    address = f"/applications/{two[0].pk}/decline/"
    entered(two[0].created_by).post(address, {"note": "사정", "confirmed": "on"})
    page = Client().get("/results/").content.decode()
    assert two[0].sub_program.name in page
    assert 'data-label="포기">1건' in page
    assert 'data-label="결정 번복">0건' in page


def test_the_application_itself_shows_the_deadline_and_the_state_of_the_objection(two) -> None:
    address, client = f"/applications/{two[1].pk}/", entered(two[1].created_by)
    page = client.get(address).content.decode()
    assert f"{address}objection/" in page
    assert "마감까지" in page
    sent = {"text": "점수가 잘못되었습니다.", "confirmed": "on"}
    client.post(f"{address}objection/", sent)
    assert "이의신청을 심의하고 있습니다" in client.get(address).content.decode()
    objection.dismiss(
        Objection.objects.get(), note="다시 보았습니다.", by=staff.manager(), now=now()
    )
    assert "이의신청: 결정을 유지합니다" in client.get(address).content.decode()
    partner = PartnerFactory(application=two[1], accepted=True)
    guest = entered(member_of(partner.company)).get(address).content.decode()
    assert "이의신청" not in guest


def test_the_public_counter_is_linked_where_people_look(two) -> None:
    owner = entered(two[0].created_by)
    owner.post(f"/applications/{two[0].pk}/decline/", {"note": "사정", "confirmed": "on"})
    round = two[0].sub_program.round
    for client, address in (
        (Client(), "/"),
        (Client(), f"/programs/{round.code}/{two[0].sub_program.code}/"),
        (owner, f"/applications/{two[0].pk}/result/"),
    ):
        page = client.get(address).content.decode()
        body, footer = page.split("<footer", 1)
        assert 'href="/results/"' in body, address
        assert 'href="/results/"' in footer


def test_an_exclusion_is_contested_by_page_and_the_link_of_every_letter_works() -> None:
    program = staff.program()
    made = staff.filed(program)
    officer = staff.officer(program)
    checks.take_up(made, by=officer, now=now())
    staff.excluded(made, failed=["other"], note="휴업 중입니다.", by=officer, now=now())
    client, address = entered(made.created_by), f"/applications/{made.pk}/objection/"
    assert address in client.get(f"/applications/{made.pk}/").content.decode()
    page = client.get(address).content.decode()
    assert "그 밖의 요건(사유에 적음)" in page
    assert "휴업 중입니다." in page
    assert client.post(address, {"text": "영업합니다.", "confirmed": "on"}).status_code == 302
    page = client.get(address).content.decode()
    assert "심의하고 있습니다" in page
    assert "휴업 중입니다." in page  # what is contested stays in sight
    case = Objection.objects.get()
    words = {"remedy": "screening", "note": "영업을 확인함"}
    at_the_desk = reverse("admin:applications_objection_act", args=[case.pk, "uphold"])
    for person, state in ((officer, "ineligible"), (staff.manager(), "screening")):
        assert staff.enter(Client(), person).post(at_the_desk, words).status_code == 302
        assert Application.objects.get(pk=made.pk).state == state
    page = client.get(address).content.decode()
    assert "받아들여 요건을 다시 검토합니다" in page
    assert "재결정" not in page
    assert "이의신청을 받아들였습니다" in client.get(f"/applications/{made.pk}/").content.decode()
    assert client.post(address, {"text": "또", "confirmed": "on"}).status_code == 409
    assert "휴업" not in Client().get("/results/").content.decode()
