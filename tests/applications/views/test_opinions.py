"""What a firm reads of its opinion, on the page, as PDF and by the API; and that nobody else does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Application, IssuedDocument, Opinion
from applications.pdf_contexts import describe
from applications.services.assessment import opinions
from portal.models import User
from tests.factories import opinions as made
from tests.factories import staff
from tests.factories.applications import NOW, MemberFactory, PartnerFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
SOON = "공개하면 메일로 알려 드리고"


@pytest.fixture
def refused() -> Opinion:
    return made.drafts(2)[1]


def page_of(opinion: Opinion, user: User):
    client = staff.enter(Client(), user)
    return client.get(reverse("application_result", args=[opinion.application_id]))


def words(opinion: Opinion, user: User | None = None) -> str:
    answer = page_of(opinion, user or opinion.application.created_by)
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_the_release_the_page_says_when_they_come(refused: Opinion) -> None:
    page = words(refused)
    assert SOON in page
    assert not any(said in page for said in made.REASONS)
    made.all_ready(refused.run.selections.get())
    assert not any(said in words(refused) for said in made.REASONS)


def test_a_refused_firm_reads_what_its_panel_wrote(refused: Opinion) -> None:
    released = made.published(refused)
    page = words(released)
    assert SOON not in page
    assert all(f"{said} [need]" in page for said in made.REASONS)
    assert "종합 의견" in page
    for judge in User.objects.filter(sheets__application=refused.application):
        assert judge.name not in page
    for who in (released.ready_by, released.released_by):
        assert who.name not in page


def test_every_member_reads_it_and_nobody_else(refused: Opinion) -> None:
    company = made.published(refused).application.company
    viewer = MemberFactory(company=company, role="viewer").user
    assert made.REASONS[0] in words(refused, viewer)
    partner = PartnerFactory(application=refused.application, accepted=True)
    colleague = MemberFactory(company=partner.company).user
    other = Opinion.objects.exclude(pk=refused.pk).get().application.created_by
    judge = refused.application.sheets.order_by("pk")[0].assessor
    for stranger in (colleague, other, judge, UserFactory(), staff.operator()):
        assert page_of(refused, stranger).status_code == 404, stranger


def test_a_withheld_one_says_why(refused: Opinion) -> None:
    officer = staff.officer(refused.application.sub_program)
    opinions.withhold(refused, reason="적은 의견이 없습니다.", by=officer, now=NOW)
    page = words(made.published(refused))
    assert "공개하는 평가의견이 없습니다. 사유: 적은 의견이 없습니다." in page


def test_a_correction_is_named_and_replaces_the_text(refused: Opinion) -> None:
    first = made.published(refused)
    officer = staff.officer(refused.application.sub_program)
    second = opinions.correct(first, reason="이름이 남아 있었음", by=officer, now=LATER)
    texts = {row["code"]: "바로잡은 글" for row in second.text}
    opinions.save(second, texts=texts, by=officer, now=LATER, done=True, checked=True)
    assert "바로잡은 글" not in words(refused)
    opinions.release(
        Opinion.objects.select_related("application").get(pk=second.pk),
        by=staff.manager(),
        now=LATER,
    )
    page = words(refused)
    assert "바로잡은 글" in page
    assert "이름이 남아 있었음" in page
    assert made.REASONS[0] not in page


def test_the_result_as_pdf_is_made_anew_with_the_opinion(refused: Opinion) -> None:
    application = Application.objects.get(pk=refused.application_id)
    client = Client()
    client.force_login(application.created_by)
    url = reverse("application_document", args=[application.pk, "result"])
    client.post(url)
    first = IssuedDocument.objects.get(application=application, kind="result")
    assert describe(first)[2]["opinion"] is None
    released = made.published(refused)
    client.post(url)
    second = IssuedDocument.objects.filter(application=application, kind="result").latest("version")
    assert (first.version, second.version) == (1, 2)
    assert describe(second)[2]["opinion"] == released


def test_the_api_gives_it_to_the_firm_alone(refused: Opinion) -> None:
    owner = refused.application.created_by
    url = reverse("api_application", args=[refused.application_id])

    def body(user: User):
        client = Client()
        client.force_login(user)
        answer = client.get(url)
        return answer.json()["opinion"] if answer.status_code == 200 else answer.status_code

    assert body(owner) is None
    made.published(refused)
    given = body(owner)
    assert set(given) == {"released_at", "parts", "withheld", "correction"}
    assert [row["label"] for row in given["parts"]] == [
        "항목 need",
        "항목 plan",
        "항목 team",
        "종합 의견",
    ]
    assert made.REASONS[0] in given["parts"][0]["text"]
    partner = PartnerFactory(application=refused.application, accepted=True)
    assert body(MemberFactory(company=partner.company).user) == 404
