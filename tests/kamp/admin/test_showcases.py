"""Staff screens of showcases: write, preview, publish what another editor wrote."""

import pytest
from django.test import Client
from django.urls import reverse

from kamp.models import Showcase
from tests.factories import staff
from tests.factories.kamp import WorkspaceFactory, curator, draft, in_review, member_of
from tests.kamp.views.test_showcases import FORM

pytestmark = pytest.mark.django_db


def page(case: Showcase) -> str:
    return reverse("admin:kamp_showcase_change", args=[case.pk])


def act(case: Showcase, name: str) -> str:
    return reverse("admin:kamp_showcase_act", args=[case.pk, name])


def test_a_second_editor_publishes_what_the_first_wrote() -> None:
    first, second = (staff.enter(Client(), curator()) for _ in range(2))
    assert first.get(reverse("admin:kamp_showcase_new")).status_code == 200
    answer = first.post(reverse("admin:kamp_showcase_new"), {**FORM, "slug": "new-case"})
    case = Showcase.objects.get(slug="new-case")
    assert answer["Location"] == page(case)
    first.post(act(case, "submit"))
    assert "다른 편집자가 공개합니다" in first.get(page(case)).content.decode()
    refused = first.post(act(case, "publish"))
    assert "own_words" in refused.content.decode()
    assert Client().get("/kamp/cases/new-case/").status_code == 404
    assert "미리 보기" in second.get(page(case)).content.decode()
    second.post(act(case, "publish"))
    assert Client().get("/kamp/cases/new-case/").status_code == 200


def test_a_draft_is_edited_and_shown_with_its_errors() -> None:
    browser = staff.enter(Client(), curator())
    case = draft()
    edit = reverse("admin:kamp_showcase_edit", args=[case.pk])
    assert browser.get(edit).status_code == 200
    assert "오류" in browser.post(edit, {**FORM, "title": ""}).content.decode()
    browser.post(edit, {**FORM, "title": "새 제목"})
    case.refresh_from_db()
    assert case.title == "새 제목"
    other = in_review(slug="other")
    refused = browser.post(reverse("admin:kamp_showcase_edit", args=[other.pk]), FORM)
    assert "move_not_allowed" in refused.content.decode()


def test_other_staff_see_no_showcases() -> None:
    case = in_review()
    for who in (staff.manager(), staff.officer(staff.program())):
        browser = staff.enter(Client(), who)
        assert browser.get(page(case)).status_code == 404
        assert browser.post(act(case, "publish")).status_code == 404
        browser.post(reverse("admin:kamp_showcase_new"), {**FORM, "slug": "x"})
        assert browser.post(
            reverse("admin:kamp_showcase_edit", args=[case.pk]), FORM
        ).status_code in {
            302,
            404,
        }
    case.refresh_from_db()
    assert case.state == "review"
    assert Showcase.objects.count() == 1


def test_the_list_shows_firms_cases_too() -> None:
    firm = WorkspaceFactory(name="한빛정밀")
    draft(member_of(firm), workspace=firm)
    browser = staff.enter(Client(), curator())
    answer = browser.get(reverse("admin:kamp_showcase_changelist"))
    assert answer.status_code == 200
    assert "새 사례" in answer.content.decode()
    assert "한빛정밀" in answer.content.decode()
