"""The screening desk: papers in a frame, acts in place, and the way through a list."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.admin.application import content
from applications.models import Application, SupplementTemplate
from applications.services.screening import checks, supplements
from portal.core.clock import now
from portal.uploads import files
from tests.factories import staff
from tests.factories.applications import NOW, AttachmentFactory
from tests.portal import corpus
from tests.portal.test_shown import pages

pytestmark = pytest.mark.django_db
LIST = reverse("admin:applications_application_changelist")
FILTERS = {"_changelist_filters": "state=screening"}


def page_of(application: Application) -> str:
    return reverse("admin:applications_application_change", args=[application.pk])


def act(thing, name: str) -> str:
    return reverse(f"admin:applications_{thing._meta.model_name}_act", args=[thing.pk, name])


def clean(program, officer) -> Application:
    """An application in screening whose checks are all met automatically."""
    row = staff.filed(program)
    checks.take_up(row, by=officer, now=NOW)
    row.checks.update(met=True)
    return row


@pytest.fixture
def paper(program, officer):
    name = files.store_made(ContentFile(pages(2), "x"))
    return AttachmentFactory(
        application=clean(program, officer), file=name, name="견적<1>.pdf", requirement="quote"
    )


def framed(paper) -> str:
    return reverse("admin:applications_application_paper", args=[paper.application_id, paper.pk])


# --- Papers --------------------------------------------------------------------------------------


def test_a_paper_is_shown_as_pictures_that_nothing_leaves(desk, officer, paper) -> None:
    answer = desk(officer).get(framed(paper))
    body = answer.content.decode()
    assert body.count('src="data:image/webp;base64,') == 2
    assert "<script" not in body
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'self';")
    assert policy.endswith("sandbox")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"].startswith("text/html")
    shown = desk(officer).get(page_of(paper.application)).content.decode()
    assert f'src="{framed(paper)}"' in shown
    assert 'sandbox loading="lazy"' in shown


def test_what_cannot_be_drawn_is_said_and_can_still_be_downloaded(desk, officer, paper) -> None:
    broken = files.store_made(ContentFile(b"%PDF-1.7 nothing", "x"))
    type(paper).objects.filter(pk=paper.pk).update(file=broken, sha256="d" * 64)
    answer = desk(officer).get(framed(paper))
    assert answer.status_code == 400
    assert "이 파일은 화면에 보일 수 없습니다." in answer.content.decode()
    assert answer["Content-Security-Policy"].endswith("sandbox")
    shown = desk(officer).get(page_of(paper.application)).content.decode()
    assert reverse("attachment_download", args=[paper.pk]) in shown


def test_text_of_a_paper_is_never_markup(desk, officer, paper) -> None:
    part = "<sec><p><t>&lt;script&gt;alert(1)&lt;/script&gt;</t></p></sec>"
    name = files.store_made(ContentFile(corpus.hwpx(Contents__section0_dot_xml=part), "x"))
    type(paper).objects.filter(pk=paper.pk).update(file=name, name="계획.hwpx", sha256="e" * 64)
    body = desk(officer).get(framed(paper)).content.decode()
    assert "&lt;script&gt;alert(1)" in body
    assert "<script" not in body


def test_the_paper_of_another_application_or_officer_is_not_there(desk, program, officer, paper):
    other = reverse(
        "admin:applications_application_paper", args=[clean(program, officer).pk, paper.pk]
    )
    assert desk(officer).get(other).status_code == 404
    assert desk(staff.officer(staff.program())).get(framed(paper)).status_code == 404
    assert desk(staff.operator()).get(framed(paper)).status_code == 404


# --- Acts in place -------------------------------------------------------------------------------


def test_a_check_is_decided_on_the_page_and_leads_back_to_its_place(desk, program, officer) -> None:
    application = clean(program, officer)
    check, client = application.checks.first(), desk(officer)
    page = client.get(page_of(application), FILTERS)
    (row, *_) = page.context["checks"]
    done = client.post(
        row["urls"]["overrule"], {"seen": row["tokens"]["overrule"], "reason": "확인서와 다름"}
    )
    assert (
        done.url == f"{page_of(application)}?_changelist_filters=state%3Dscreening#check-{check.pk}"
    )
    check.refresh_from_db()
    assert (check.decision, check.reason) == ("overruled", "확인서와 다름")
    refused = client.post(row["urls"]["confirm"], {"seen": row["tokens"]["confirm"]})
    assert "다른 창에서 이미 처리하셨습니다" in refused.content.decode()


def test_beside_a_check_stands_the_fact_and_where_it_was_stated(program) -> None:
    row = staff.filed(program)
    size = {"code": "company_size", "kind": "choice", "label": "기업 규모"}
    debt = {"code": "tax_debt", "kind": "yes_no", "label": "체납이 있습니까?"}
    built = {"code": "built_on", "kind": "date", "label": "구축 완료일"}
    filed = row.submission
    filed.form = staff.form(
        profile=[{**size, "choices": [{"code": "small", "label": "소기업"}]}],
        questions=[debt, built],
        conditions=staff.CONDITIONS,
    )
    filed.content = {"profile": {"company_size": "small"}, "answers": {"tax_debt": False}}
    assert content.facts(filed) == {
        "small": ("기업 규모: 소기업", "기업 정보"),
        "no-tax-debt": ("체납이 있습니까?: 아니요", "제출한 답변"),
        "built": ("구축 완료일: 답하지 않음", "제출한 답변"),
    }


def test_the_page_takes_as_many_queries_for_one_check_as_for_many(desk, program, officer) -> None:
    application, client = clean(program, officer), desk(officer)

    def count() -> int:
        client.get(page_of(application), FILTERS)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page_of(application), FILTERS).status_code == 200
        return len(caught)

    first = application.checks.first()
    application.checks.exclude(pk=first.pk).delete()
    few = count()
    for number in range(9):
        application.checks.create(code=f"c{number}", message="요건", met=True)
        clean(program, officer)
    assert count() == few
    assert few <= 30


# --- The way through a list ----------------------------------------------------------------------


def test_one_act_confirms_sends_on_and_opens_the_next_of_the_same_list(
    desk, program, officer
) -> None:
    last, first = clean(program, officer), clean(program, officer)
    staff.filed(program)  # of no interest to this list
    client = desk(officer)
    page = client.get(page_of(first), FILTERS)
    assert page.context["neighbours"] == {
        "next": f"{page_of(last)}?_changelist_filters=state%3Dscreening"
    }
    url = f"{act(first, 'clear')}?_changelist_filters=state%3Dscreening"
    answer = client.post(url, {"seen": page.context["tokens"]["clear"]})
    assert answer.url == page.context["neighbours"]["next"]
    first.refresh_from_db()
    assert first.state == "assessing"
    again = client.post(url, {"seen": page.context["tokens"]["clear"]})
    assert again.url == answer.url  # the second click of two
    page = client.get(answer.url)
    ended = client.post(
        f"{act(last, 'clear')}?_changelist_filters=state%3Dscreening",
        {"seen": page.context["tokens"]["clear"]},
    )
    assert ended.url == f"{LIST}?state=screening"


def test_what_stays_open_is_told_and_nothing_is_done(desk, program, officer) -> None:
    application = clean(program, officer)
    application.checks.filter(code="built").update(met=None)
    body = desk(officer).post(f"{act(application, 'clear')}?_changelist_filters=state%3Dscreening")
    assert "확인 전인 요건: 구축한 지 1년이 지나야 합니다." in body.content.decode()
    application.refresh_from_db()
    assert application.state == "screening"
    assert not application.checks.exclude(decision="pending").exists()


@pytest.mark.parametrize(
    "filters",
    ["created_by__password__startswith=a", "program=x", "p=zz", "id=" + "9" * 30, "o=1.-2", "q=가"],
)
def test_filters_are_judged_by_the_list(desk, program, officer, filters) -> None:
    application = clean(program, officer)
    page = desk(officer).get(page_of(application), {"_changelist_filters": filters})
    assert page.status_code == 200


def test_the_neighbours_are_those_of_the_officer(desk, program, officer) -> None:
    mine = clean(program, officer)
    clean(staff.program(), staff.manager())
    page = desk(officer).get(page_of(mine), {"_changelist_filters": "state=screening"})
    assert page.context["neighbours"] == {}


# --- Requests for more ---------------------------------------------------------------------------


def test_a_manager_writes_a_text_an_officer_asks_with_it_and_it_stays(
    desk, program, officer, boss
) -> None:
    application = clean(program, officer)
    add = reverse("admin:applications_supplementtemplate_add")
    written = {"label": "견적서", "text": "견적서에 금액을 적어 다시 내 주세요.", "days": "5"}
    desk(officer).post(add, {**written, "active": "on"})
    assert not SupplementTemplate.objects.exists()
    desk(boss).post(add, {**written, "active": "on"})
    desk(boss).post(add, {**written, "label": "다른 사업", "sub_program": staff.program().pk})
    (template, other) = SupplementTemplate.objects.order_by("pk")
    client, ask = desk(officer), act(application, "ask")
    page = client.get(ask).content.decode()
    assert f'href="?template={template.pk}"' in page
    assert other.label not in page
    filled = client.get(ask, {"template": template.pk}).context["form"]
    assert filled["message"].initial == written["text"]
    assert filled["days"].initial == 5
    client.post(f"{ask}?template={template.pk}", {"message": "금액을 적어 주세요.", "days": 5})
    asked = application.supplements.get()
    assert (asked.template, asked.message) == (template, "금액을 적어 주세요.")
    delete = reverse("admin:applications_supplementtemplate_delete", args=[template.pk])
    assert desk(boss).post(delete, {"post": "yes"}).status_code == 404
    assert SupplementTemplate.objects.count() == 2


def test_an_open_request_is_moved_or_taken_back_on_the_page(desk, program, officer) -> None:
    application, client = clean(program, officer), desk(officer)
    supplements.request(application, message="견적서", by=officer, now=now())
    body = client.get(page_of(application)).content.decode()
    assert act(application, "ask") not in body
    assert act(application, "withdraw-ask") in body
    refused = client.post(act(application, "move-ask"), {"days": 3, "reason": "착오"})
    assert "이르게 할 수 없습니다" in refused.content.decode()
    client.post(act(application, "move-ask"), {"days": 30, "reason": "연휴"})
    asked = application.supplements.get()
    assert asked.changed_reason == "연휴"
    client.post(act(application, "withdraw-ask"), {"reason": "이미 냈음"})
    asked.refresh_from_db()
    assert asked.state == "withdrawn"
    own = Client()
    own.force_login(application.created_by)
    told = own.get(reverse("application_supplement", args=[application.pk])).content.decode()
    assert "담당자가 요청을 취소했습니다" in told
    assert "이미 냈음" in told


def test_an_exclusion_names_only_what_staff_found_unmet(desk, program, officer) -> None:
    application = clean(program, officer)
    first, second = application.checks.order_by("pk")[:2]
    checks.overrule(first, reason="확인서와 다름", by=officer, now=NOW)
    client = desk(officer)
    offered = dict(client.get(act(application, "exclude")).context["form"].fields["failed"].choices)
    assert f"check:{first.code}" in offered
    assert f"check:{second.code}" not in offered
    client.post(act(application, "exclude"), {"note": "요건", "failed": []})
    client.post(act(application, "exclude"), {"note": "요건", "failed": [f"check:{second.code}"]})
    assert Application.objects.get(pk=application.pk).state == "screening"
    client.post(act(application, "exclude"), {"note": "요건", "failed": [f"check:{first.code}"]})
    assert application.exclusion_proposals.get().messages == [first.message]
    assert not application.exclusions.exists()
    assert act(application, "exclude") not in client.get(page_of(application)).content.decode()
