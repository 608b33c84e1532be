"""The pages of opinions: edited beside the words of the panel, released on the page of the selection."""

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Opinion
from portal.models import User
from tests.factories import opinions as made
from tests.factories import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> list[Opinion]:
    return made.drafts(2)


@pytest.fixture
def officer(two: list[Opinion]) -> User:
    return staff.officer(two[0].application.sub_program)


def address(opinion: Opinion, act: str = "") -> str:
    if act:
        return reverse("admin:applications_opinion_act", args=[opinion.pk, act])
    return reverse("admin:applications_opinion_change", args=[opinion.pk])


def sent(client: Client, opinion: Opinion, **changed: str) -> dict[str, str]:
    """What the form on the page sends, with some fields changed."""
    page = client.get(address(opinion))
    form = {f"part_{place}": row["text"] for place, row in enumerate(opinion.text)}
    return {"seen": page.context["seen"], **form, **changed}


def press(client: Client, model: str, pk: int, act: str, **data: str):
    url = reverse(f"admin:applications_{model}_act", args=[pk, act])
    token = client.get(url).context["seen"]
    return client.post(url, {"seen": token, **data}, follow=True)


def test_the_words_of_the_panel_stand_beside_the_text_without_names(two, officer) -> None:
    desk = staff.enter(Client(), officer)
    page = desk.get(address(two[0])).content.decode()
    for said in made.REASONS:
        assert page.count(f"{said} [need]") == 2  # written and begun
    for judge in User.objects.filter(sheets__application=two[0].application):
        assert judge.name not in page
        assert judge.email not in page


def test_the_page_of_the_application_leads_to_it(two, officer) -> None:
    url = reverse("admin:applications_application_change", args=[two[0].application_id])
    page = staff.enter(Client(), officer).get(url, {"tab": "assessment"}).content.decode()
    assert address(two[0]) in page


def test_a_finished_text_leads_to_the_next_draft(two, officer) -> None:
    desk = staff.enter(Client(), officer)
    data = sent(desk, two[0], part_0="다듬은 글", done="on")
    answer = desk.post(address(two[0], "edit"), data)
    assert answer["Location"].startswith(address(two[1]))
    row = Opinion.objects.get(pk=two[0].pk)
    assert (row.state, row.ready_by, row.text[0]["text"]) == ("ready", officer, "다듬은 글")
    again = desk.post(address(two[0], "edit"), data)  # the second of two clicks
    assert again.status_code == 302
    assert row.moves.count() == 1


def test_a_refused_text_is_shown_again_as_it_was_typed(two, officer) -> None:
    desk = staff.enter(Client(), officer)
    words = "평가에 관한 문의는 010-9999-8888로"
    answer = desk.post(address(two[0], "edit"), sent(desk, two[0], part_0=words, done="on"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert words in page
    assert "010-9999-8888" in page
    assert "사람이나 기업을 알 수 있는 말" in page
    assert Opinion.objects.get(pk=two[0].pk).state == "draft"


def test_two_officers_do_not_overwrite_each_other(two, officer) -> None:
    one = staff.enter(Client(), officer)
    other = staff.enter(Client(), staff.officer(two[0].application.sub_program))
    late = sent(other, two[0], part_0="나중 글")
    one.post(address(two[0], "edit"), sent(one, two[0], part_0="먼저 글"))
    answer = other.post(address(two[0], "edit"), late)
    assert answer.status_code == 200
    assert "나중 글" in answer.content.decode()
    assert Opinion.objects.get(pk=two[0].pk).text[0]["text"] == "먼저 글"


def test_a_manager_reads_what_is_missing_and_then_releases_all(two, officer) -> None:
    selection = two[0].run.selections.get()
    boss = staff.enter(Client(), staff.manager())
    made.ready(two[0], by=officer)
    url = reverse("admin:applications_selection_act", args=[selection.pk, "release-opinions"])
    page = boss.get(url).content.decode()
    assert "다듬는 중 1건" in page
    answer = press(boss, "selection", selection.pk, "release-opinions")
    assert str(two[1].application.number) in answer.content.decode()
    assert not Opinion.objects.filter(state="released").exists()
    press(
        staff.enter(Client(), officer), "opinion", two[1].pk, "withhold", reason="적은 의견이 없음"
    )
    answer = press(boss, "selection", selection.pk, "release-opinions")
    assert "평가의견 2건을 공개했습니다" in answer.content.decode()
    assert Opinion.objects.filter(state="released").count() == 2
    change = reverse("admin:applications_selection_change", args=[selection.pk])
    assert "release-opinions" not in boss.get(change).content.decode()


def test_the_worklists_lead_to_what_waits(two, officer) -> None:
    desk = staff.enter(Client(), officer)
    start = desk.get(reverse("admin:index")).content.decode()
    assert "다듬을 평가의견" in start
    drafts = desk.get(reverse("admin:applications_opinion_changelist"), {"state__exact": "draft"})
    assert all(str(row.application.number) in drafts.content.decode() for row in two)
    made.all_ready(two[0].run.selections.get(), by=officer)
    boss = staff.enter(Client(), staff.manager())
    assert "공개할 평가의견" in boss.get(reverse("admin:index")).content.decode()
    ready = boss.get(reverse("admin:applications_opinion_changelist"), {"open": "yes"})
    assert all(str(row.application.number) in ready.content.decode() for row in two)


def test_who_has_no_part_in_the_programme_sees_nothing(two) -> None:
    for other in (staff.officer(staff.program()), staff.operator(), staff.assessors(1)[0]):
        answer = staff.enter(Client(), other).get(address(two[0]))
        assert answer.status_code in {302, 403, 404}, other


def test_an_auditor_reads_and_does_nothing(two) -> None:
    client = staff.enter(Client(), staff.auditor())
    page = client.get(address(two[0]))
    assert page.status_code == 200
    assert page.context["form"] is None
    assert page.context["buttons"] == []


def test_a_correction_is_begun_on_a_page_of_its_own(two, officer) -> None:
    first = made.published(two[0])
    answer = press(
        staff.enter(Client(), officer), "opinion", first.pk, "correct", reason="이름이 있었음"
    )
    second = Opinion.objects.get(corrects=first)
    assert answer.redirect_chain[-1][0].startswith(address(second))
    assert "이름이 있었음" in answer.content.decode()
