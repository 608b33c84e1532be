"""Public pages of showcases, and the pages on which a firm writes its own."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from kamp.models import Showcase, ShowcasePdf
from portal.models import Job, User
from tests.factories.kamp import (
    PersonFactory,
    WorkspaceFactory,
    curator,
    draft,
    in_review,
    member_of,
    published,
    refractory,
)
from tests.factories.staff import enter

pytestmark = pytest.mark.django_db

FORM = {
    "title": "우리 사례",
    "company": "한빛",
    "process": "casting",
    "purpose": "quality",
    "data_kind": "image",
    "summary": "요약",
    "problem": "문제",
    "source_name": "자체 측정",
    "metrics-TOTAL_FORMS": "2",
    "metrics-INITIAL_FORMS": "0",
    "metrics-0-name": "시간",
    "metrics-0-definition": "개당 초",
    "metrics-0-unit": "초",
    "metrics-0-before": "10",
    "metrics-0-after": "5",
    "metrics-0-direction": "lower",
    "metrics-0-origin": "measured",
    "steps-TOTAL_FORMS": "1",
    "steps-INITIAL_FORMS": "0",
    "steps-0-title": "촬영",
    "steps-0-text": "찍습니다",
    "testimonials-TOTAL_FORMS": "1",
    "testimonials-INITIAL_FORMS": "0",
}


def test_the_case_shows_each_figure_with_sample_and_origin(client: Client) -> None:
    refractory()
    page = client.get("/kamp/cases/refractory-xray/").content.decode()
    for words in ("90%", "96%", "+6%p", "90초", "30초", "미공개", "보도", "‘강화학습’", "<svg"):
        assert words in page, words
    assert "이귀선" not in page
    assert "CNN" not in page


def test_the_list_is_filtered_and_takes_a_fixed_number_of_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    refractory()
    with django_assert_num_queries(3):
        client.get("/kamp/")
    for place in range(3):
        published(slug=f"cast-{place}")
    with django_assert_num_queries(3):
        page = client.get("/kamp/")
    assert page.content.decode().count("card__link") == 4
    only = client.get("/kamp/?process=inspection").content.decode()
    assert "내화물" in only
    assert "주물" not in only.partition("<h2>")[2]


def test_the_front_page_has_a_strip_only_when_there_are_cases(client: Client) -> None:
    assert "인공지능으로 바뀐 제조 현장" not in client.get("/").content.decode()
    refractory()
    page = client.get("/").content.decode()
    assert "인공지능으로 바뀐 제조 현장" in page
    assert "표본수 미공개" in page


def test_the_strip_of_the_front_page_shows_every_change_at_once(client: Client) -> None:
    case = refractory()
    for turn, change in enumerate(
        (
            lambda: Showcase.objects.filter(pk=case.pk).update(title="바뀐 제목"),
            lambda: case.metrics.update(name="바뀐 이름"),
            lambda: published(slug="another"),
            lambda: Showcase.objects.update(state="withdrawn"),
        )
    ):
        before = client.get("/").content.decode().partition("kamp-title")[2]
        assert client.get("/").content.decode().partition("kamp-title")[2] == before
        change()
        assert client.get("/").content.decode().partition("kamp-title")[2] != before, turn


@pytest.mark.parametrize("make", [draft, in_review])
def test_an_unpublished_case_does_not_exist(client: Client, make) -> None:
    make()
    for path in ("", "paper/"):
        assert client.get(f"/kamp/cases/cast/{path}").status_code == 404
    assert client.get("/api/v1/kamp/showcases/cast/").status_code == 404


def test_a_one_pager_is_made_once(client: Client) -> None:
    case = refractory()
    url = reverse("kamp_showcase_paper", args=[case.slug])
    assert client.get(url).status_code == 200
    for _ in range(2):
        assert client.post(url).status_code == 302
    assert ShowcasePdf.objects.count() == Job.objects.count() == 1
    assert "만들고 있습니다" in client.get(url).content.decode()


def test_a_firm_writes_its_case_and_submits_it(client: Client) -> None:
    firm = WorkspaceFactory(name="한빛")
    client.force_login(member_of(firm))
    assert client.get(reverse("kamp_case_new", args=[firm.pk])).status_code == 200
    bad = client.post(reverse("kamp_case_new", args=[firm.pk]), {**FORM, "metrics-0-after": ""})
    assert bad.status_code == 400
    assert "함께 적거나" in bad.content.decode()
    answer = client.post(reverse("kamp_case_new", args=[firm.pk]), FORM)
    case = Showcase.objects.get()
    assert answer["Location"] == reverse("kamp_case", args=[case.pk])
    assert (case.metrics.count(), case.steps.count(), case.testimonials.count()) == (1, 1, 0)
    edit = reverse("kamp_case_edit", args=[case.pk])
    assert client.get(edit).status_code == 200
    there = {"metrics-INITIAL_FORMS": "1", "steps-INITIAL_FORMS": "1"}
    client.post(edit, {**FORM, **there, "title": "다시 쓴 제목"})
    client.post(reverse("kamp_case_act", args=[case.pk]), {"act": "submit"})
    case.refresh_from_db()
    assert (case.state, case.title) == ("review", "다시 쓴 제목")
    assert client.get(edit).status_code == 404


def test_of_two_who_edit_a_draft_the_second_is_told_and_keeps_the_words(client: Client) -> None:
    firm = WorkspaceFactory()
    first, second = member_of(firm), member_of(firm, "editor")
    case = draft(first, workspace=firm)
    edit = reverse("kamp_case_edit", args=[case.pk])

    def seen(by: User) -> str:
        client.force_login(by)
        return re.search(r'name="version" value="([^"]+)"', client.get(edit).content.decode())[1]

    def send(by: User, title: str, version: str) -> HttpResponse:
        client.force_login(by)
        there = {"metrics-INITIAL_FORMS": "1", "steps-INITIAL_FORMS": "1"}
        return client.post(edit, {**FORM, **there, "title": title, "version": version})

    both = [seen(first), seen(second)]
    assert send(first, "첫 사람의 제목", both[0]).status_code == 302
    refused = send(second, "둘째 사람의 제목", both[1])
    page = refused.content.decode()
    assert refused.status_code == 409
    assert f"{first.name} 님이" in page
    assert "둘째 사람의 제목" in page
    case.refresh_from_db()
    assert case.title == "첫 사람의 제목"
    again = re.search(r'name="version" value="([^"]+)"', page)[1]
    assert send(second, "둘째 사람의 제목", again).status_code == 302
    case.refresh_from_db()
    assert case.title == "둘째 사람의 제목"


def test_the_case_of_another_firm_does_not_exist(client: Client) -> None:
    firm = WorkspaceFactory()
    case = draft(member_of(firm), workspace=firm)
    for who in (member_of(WorkspaceFactory()), PersonFactory()):
        client.force_login(who)
        for name in ("kamp_case", "kamp_case_edit"):
            assert client.get(reverse(name, args=[case.pk])).status_code == 404
        act = client.post(reverse("kamp_case_act", args=[case.pk]), {"act": "submit"})
        assert act.status_code == 404
        assert client.get(reverse("kamp_case_new", args=[firm.pk])).status_code == 404
        assert client.get(reverse("kamp_people", args=[firm.pk])).status_code == 404
    case.refresh_from_db()
    assert case.state == "draft"


def test_the_api_answers_as_the_page_does(client: Client) -> None:
    refractory()
    published(slug="cast")
    rows = client.get("/api/v1/kamp/showcases/").json()["results"]
    assert [row["code"] for row in rows] == ["cast", "refractory-xray"]
    one = client.get("/api/v1/kamp/showcases/refractory-xray/").json()
    figure = one["metrics"][0]
    assert (figure["before"], figure["after"], figure["sample_size"]) == ("90", "96", None)
    assert figure["origin"] == "press"
    assert set(rows[1]) < set(one)
    narrowed = client.get("/api/v1/kamp/showcases/?purpose=quality&process=casting").json()
    assert [row["code"] for row in narrowed["results"]] == ["cast"]
    for query, code in (("process=x", "filter_value"), ("colour=1", "filter_unknown")):
        refused = client.get(f"/api/v1/kamp/showcases/?{query}")
        assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_an_invitation_is_answered_on_the_page(client: Client) -> None:
    firm = WorkspaceFactory()
    client.force_login(member_of(firm))
    guest = PersonFactory()
    client.post(
        reverse("kamp_people", args=[firm.pk]),
        {"act": "invite", "email": guest.email, "role": "editor"},
    )
    client.force_login(guest)
    assert firm.name in client.get("/kamp/lab/").content.decode()
    sent = firm.invitations.get()
    client.post(reverse("kamp_answer", args=[sent.pk]), {"answer": "yes"})
    assert firm.members.filter(user=guest).exists()


def test_editors_do_not_see_a_firms_workspace(client: Client) -> None:
    firm = WorkspaceFactory()
    enter(client, curator())
    assert client.get(reverse("kamp_people", args=[firm.pk])).status_code == 404


@pytest.mark.parametrize("number", ["", "x", "²", "9" * 30, "9" * 5_000])
def test_an_invalid_picture_number_is_not_found(client: Client, number: str) -> None:
    firm = WorkspaceFactory()
    owner = member_of(firm)
    case = draft(owner, workspace=firm)
    client.force_login(owner)
    sent = {"act": "drop", "picture": number}
    assert client.post(f"/kamp/own-cases/{case.pk}/act/", sent).status_code == 404
