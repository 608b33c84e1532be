"""The steps of the form: built from data, saved by version, usable without scripts."""

import io

import pytest
from django.test import Client

from applications.models import Application
from applications.services.intake import drafting
from applications.states import MemberRole
from portal.core.clock import now
from programs.models import ProgramRound, RequiredDocument, SubProgram
from programs.states import GrantKind
from tests.applications.views.intake.filling import Controls, send
from tests.factories.applications import (
    ApplicationFactory,
    RoundFactory,
    SubProgramFactory,
    TrackFactory,
    member_of,
)
from tests.portal import corpus

pytestmark = pytest.mark.django_db
AUTOSAVE = {"headers": {"accept": "application/json"}}
QUESTIONS = [
    {
        "code": "title",
        "kind": "text",
        "label": "과제 이름",
        "required": True,
        "help": "짧게 <쓰세요>",
    },
    {"code": "version", "kind": "integer", "label": "솔루션 판", "unit": "판"},
    {
        "code": "kinds",
        "kind": "multi",
        "label": "분야",
        "choices": [{"code": "a", "label": "품질"}, {"code": "b", "label": "설비"}],
    },
    {
        "code": "robots",
        "kind": "rows",
        "label": "도입할 로봇",
        "columns": [
            {"code": "model", "kind": "text", "label": "모델", "required": True},
            {"code": "price", "kind": "won", "label": "가격"},
        ],
    },
    {
        "code": "cloud",
        "kind": "text",
        "label": "클라우드 이름",
        "when": {"track": ["cloud"]},
    },
    {"code": "why", "kind": "text", "label": "까닭", "when": {"late": [True]}},
]
LATE = {"code": "late", "kind": "yes_no", "label": "늦었습니까?"}


@pytest.fixture
def scheme() -> SubProgram:
    at = now()
    RoundFactory(opens_at=at.replace(year=at.year - 1), closes_at=at.replace(year=at.year + 1))
    made = SubProgramFactory(
        questions=[LATE, *QUESTIONS],
        cost_items=[{"code": "robot", "label": "로봇"}, {"code": "work", "label": "설치"}],
    )
    TrackFactory(sub_program=made, code="cloud", name="클라우드", grant_kind=GrantKind.SHARE)
    return made


@pytest.fixture
def draft(scheme: SubProgram, client: Client) -> Application:
    made = ApplicationFactory(sub_program=scheme)
    client.force_login(made.created_by)
    return made


def plan(draft: Application) -> str:
    return f"/applications/{draft.pk}/edit/plan/"


def test_only_the_needed_steps_are_there(client: Client, draft: Application):
    assert client.get(f"/applications/{draft.pk}/edit/cost/").status_code == 200
    assert client.get(f"/applications/{draft.pk}/edit/partners/").status_code == 404
    assert client.get(f"/applications/{draft.pk}/edit/nonsense/").status_code == 404
    assert client.get(f"/applications/{draft.pk}/edit/review/").status_code == 404


def test_the_page_shows_only_the_questions_that_apply(client: Client, draft: Application):
    page = client.get(plan(draft)).content.decode()
    assert "과제 이름" in page
    assert "클라우드 이름" not in page
    assert "까닭" not in page


def test_help_from_the_data_file_is_escaped(client: Client, draft: Application):
    assert "짧게 &lt;쓰세요&gt;" in client.get(plan(draft)).content.decode()


def test_changing_the_track_and_saving_shows_its_questions(client: Client, draft: Application):
    answer = send(client, plan(draft), {"track": "cloud", "title": "용접"})
    assert answer["Location"] == plan(draft)
    page = client.get(plan(draft)).content.decode()
    assert "클라우드 이름" in page
    assert "질문이 더해졌습니다" in page
    assert send(client, plan(draft), {"cloud": "KAMP"})["Location"].endswith("/edit/cost/")


def test_an_answer_opens_the_question_that_depends_on_it(client: Client, draft: Application):
    assert send(client, plan(draft), {"late": True})["Location"] == plan(draft)
    assert "까닭" in client.get(plan(draft)).content.decode()


def test_what_was_answered_for_another_track_is_not_lost(client: Client, draft: Application):
    send(client, plan(draft), {"track": "cloud"})
    send(client, plan(draft), {"cloud": "KAMP"})
    send(client, plan(draft), {"track": "basic"})
    assert "클라우드 이름" not in client.get(plan(draft)).content.decode()
    send(client, plan(draft), {"track": "cloud"})
    assert "KAMP" in client.get(plan(draft)).content.decode()


def test_a_question_called_like_a_control_is_no_trouble(client: Client, draft: Application):
    send(client, plan(draft), {"version": "7"})
    section = draft.sections.get(name="plan")
    assert (section.data["version"], section.version) == (7, 1)


def test_a_table_is_filled_with_plain_inputs_and_grows_by_saving(
    client: Client, draft: Application
):
    rows = [{"model": "HCR-5", "price": "30,000,000"}, {"model": "HCR-12", "price": ""}]
    send(client, plan(draft), {"robots": rows})
    kept = draft.sections.get(name="plan").data["robots"]
    assert kept == [
        {"model": "HCR-5", "price": 30_000_000},
        {"model": "HCR-12", "price": None},
    ]
    page = client.get(plan(draft)).content.decode()
    assert 'value="30,000,000"' in page
    assert 'name="q_robots-3-model"' in page
    assert 'aria-label="1행 가격"' in page


def test_several_choices_are_kept_and_can_all_be_taken_back(client: Client, draft: Application):
    send(client, plan(draft), {"kinds": ["a", "b"]})
    assert draft.sections.get(name="plan").data["kinds"] == ["a", "b"]
    send(client, plan(draft), {"kinds": []})
    assert "kinds" not in draft.sections.get(name="plan").data


def test_a_wrong_type_is_named_at_its_field_and_the_text_stays(client: Client, draft: Application):
    answer = send(client, plan(draft), {"title": "용접", "version": "일곱"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'data-code="invalid:version">소수점 없는 숫자로 입력하세요.<' in page
    assert 'href="#id_q_version"' in page
    assert 'value="용접"' in page
    assert 'value="일곱"' in page
    assert "나머지 항목은 저장했습니다" in page
    assert draft.sections.get(name="plan").data == {"title": "용접"}
    again = Controls(page).values
    assert client.post(plan(draft), {**again, "q_version": "7"}).status_code == 302
    assert draft.sections.get(name="plan").data == {"title": "용접", "version": 7}


def test_costs_add_up_and_the_preview_uses_the_deciding_rule(client: Client, draft: Application):
    url = f"/applications/{draft.pk}/edit/cost/"
    send(client, url, {"robot": "150,000,000", "work": "90,000,001원"}, act="stay")
    page = client.get(url).content.decode()
    assert "총사업비: 240,000,001원" in page
    assert client.get(url).context["grant"].support_won == 100_000_000


def test_what_is_missing_is_listed_with_links_to_the_field(client: Client, draft: Application):
    page = client.get(f"/applications/{draft.pk}/edit/cost/")
    found = {row.code: row.url for group in page.context["missing_elsewhere"]
             for row in group["findings"]}  # fmt: skip
    assert found["missing:title"] == f"{plan(draft)}#id_q_title"
    assert page.context["missing_here"][0].code == "missing:cost_items"


def test_the_banner_says_that_nothing_was_submitted(client: Client, draft: Application):
    page = client.get(plan(draft)).content.decode()
    assert "아직 제출되지 않았습니다" in page
    assert "data-countdown" in page


# Autosave


def autosave(client: Client, draft: Application, **answers: str):
    given = {f"q_{name}": value for name, value in answers.items() if name != "at"}
    shown = " ".join(name for name in answers if name != "at")
    sent = {"version": answers.get("at", "0"), "shown": shown, **given}
    return client.post(plan(draft), sent, **AUTOSAVE)


def test_autosave_answers_with_the_new_version(client: Client, draft: Application):
    answer = autosave(client, draft, title="용접")
    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    assert answer.json()["saved_at"].endswith("+09:00")


def test_autosave_from_a_second_tab_is_refused_with_what_is_there(
    client: Client, draft: Application
):
    autosave(client, draft, title="먼저")
    answer = autosave(client, draft, title="나중")
    body = answer.json()
    assert answer.status_code == 409
    assert (body["code"], body["current"], body["version"]) == (
        "stale_version",
        {"title": "먼저"},
        1,
    )


def test_autosave_names_a_wrong_type(client: Client, draft: Application):
    answer = autosave(client, draft, title="용접", version="일곱")
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["code"] == "invalid:version"


def test_autosave_after_filing_is_refused(client: Client):
    filed = ApplicationFactory(filed=True)
    client.force_login(filed.created_by)
    answer = autosave(client, filed, title="늦은 글")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_submitted")


def test_a_filed_application_leads_from_its_form_to_its_status(client: Client):
    filed = ApplicationFactory(filed=True)
    client.force_login(filed.created_by)
    assert client.get(plan(filed))["Location"] == f"/applications/{filed.pk}/"


# Two people


def test_a_conflict_shows_both_texts_and_saving_again_is_a_decision(
    client: Client, draft: Application
):
    send(client, plan(draft), {"title": "처음"})
    page = Controls(client.get(plan(draft)).content.decode()).values
    editor = member_of(draft.company, MemberRole.EDITOR)
    drafting.save_section(
        draft, name="plan", data={"title": "동료의 글"}, version=1, by=editor, now=now()
    )
    answer = client.post(plan(draft), {**page, "q_title": "내 글", "act": "next"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "동료의 글" in shown
    assert 'value="내 글"' in shown
    assert str(editor) in shown
    assert draft.sections.get(name="plan").data["title"] == "동료의 글"
    again = Controls(shown).values
    assert client.post(plan(draft), {**again, "act": "stay"}).status_code == 302
    assert draft.sections.get(name="plan").data["title"] == "내 글"


def colleague_saves(draft: Application, **data: object) -> None:
    """Save answers of the plan as a colleague would."""
    editor = member_of(draft.company, MemberRole.EDITOR)
    section = draft.sections.filter(name="plan").first()
    version = section.version if section else 0
    drafting.save_section(draft, name="plan", data=data, version=version, by=editor, now=now())


def background(client: Client, draft: Application, page: dict, **answers: str):
    """Send a page in the background; the page is based anew on the answer, as autosave.js does."""
    page |= answers
    answer = client.post(plan(draft), page, **AUTOSAVE)
    page |= {"version": str(answer.json()["version"]), "based": answer.json()["based"]}
    return answer


def test_different_fields_of_two_people_are_both_kept(client: Client, draft: Application):
    send(client, plan(draft), {"title": "처음", "version": "1"})
    page = Controls(client.get(plan(draft)).content.decode()).values
    colleague_saves(draft, version=2)
    assert background(client, draft, page, q_title="내 글").status_code == 200
    assert draft.sections.get(name="plan").data == {"title": "내 글", "version": 2}
    # The page still shows the colleague's old number: it is no answer of this person.
    assert background(client, draft, page, q_title="더 고친 글").status_code == 200
    assert draft.sections.get(name="plan").data == {"title": "더 고친 글", "version": 2}


def test_only_the_field_that_both_changed_asks(client: Client, draft: Application):
    send(client, plan(draft), {"title": "처음", "version": "1"})
    page = Controls(client.get(plan(draft)).content.decode()).values
    colleague_saves(draft, title="동료의 글")
    for _ in range(2):
        answer = background(client, draft, page, q_title="내 글", q_version="3")
        body = answer.json()
        assert answer.status_code == 422
        assert [row["field"] for row in body["findings"]] == ["q_title"]
        assert "먼저 바꾼 항목" in body["findings"][0]["message"]
        assert "동료의 글" in body["findings"][0]["message"]
        assert draft.sections.get(name="plan").data == {"title": "동료의 글", "version": 3}
    shown = client.post(plan(draft), {**page, "act": "stay"})
    assert shown.status_code == 409
    assert [row["label"] for row in shown.context["differences"]] == ["과제 이름"]
    decided = Controls(shown.content.decode()).values
    assert client.post(plan(draft), {**decided, "act": "stay"}).status_code == 302
    assert draft.sections.get(name="plan").data == {"title": "내 글", "version": 3}


def test_a_wrong_field_and_a_clash_leave_the_rest_saved(client: Client, draft: Application):
    page = Controls(client.get(plan(draft)).content.decode()).values
    colleague_saves(draft, title="동료의 글")
    sent = {**page, "q_title": "내 글", "q_version": "일곱", "q_kinds": ["a"]}
    answer = client.post(plan(draft), {**sent, "act": "next"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert draft.sections.get(name="plan").data == {"title": "동료의 글", "kinds": ["a"]}
    assert 'data-code="invalid:version"' in shown
    assert 'value="내 글"' in shown


def test_a_track_that_nobody_here_touched_is_not_taken_back(client: Client, draft: Application):
    send(client, plan(draft), {"track": "basic", "title": "처음"})
    page = Controls(client.get(plan(draft)).content.decode()).values
    colleague_saves(draft, track="cloud")
    assert background(client, draft, page, q_title="내 글").status_code == 200
    draft.refresh_from_db()
    assert draft.track.code == "cloud"


@pytest.mark.parametrize("based", ["", "{", "[]", "null", "1"])
def test_a_page_that_does_not_say_what_it_is_based_on_asks_as_a_whole(
    client: Client, draft: Application, based: str
):
    page = Controls(client.get(plan(draft)).content.decode()).values
    colleague_saves(draft, version=2)
    answer = client.post(plan(draft), {**page, "based": based, "q_title": "내 글"}, **AUTOSAVE)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert draft.sections.get(name="plan").data == {"version": 2}


def test_a_conflict_over_the_track_is_shown_too(client: Client, draft: Application):
    Application.objects.filter(pk=draft.pk).update(track=None)
    send(client, plan(draft), {"title": "처음"})
    page = Controls(client.get(plan(draft)).content.decode()).values
    drafting.save_section(
        draft, name="plan", data={"track": "cloud"}, version=1, by=draft.created_by, now=now()
    )
    answer = client.post(plan(draft), {**page, "track": "basic", "act": "next"})
    assert answer.context["differences"][0] == {
        "label": "지원유형",
        "mine": "기본",
        "theirs": "클라우드",
    }


def test_what_is_sent_after_a_colleague_filed_is_shown_and_not_kept(
    client: Client, draft: Application
):
    page = Controls(client.get(plan(draft)).content.decode()).values
    Application.objects.filter(pk=draft.pk).update(
        state="submitted", number="2021-시험-9차-000009", submitted_at=now()
    )
    answer = client.post(plan(draft), {**page, "q_title": "늦은 글", "act": "next"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "아직 제출되지 않았습니다" not in shown
    assert 'data-code="already_submitted"' in shown
    assert 'value="늦은 글"' in shown
    assert not draft.sections.filter(name="plan").exists()


def test_a_form_without_its_version_is_refused(client: Client, draft: Application):
    answer = client.post(plan(draft), {"q_title": "글", "shown": "title"}, **AUTOSAVE)
    assert (answer.status_code, answer.json()["code"]) == (400, "form_damaged")


def test_fields_nobody_asked_for_change_nothing(client: Client, draft: Application):
    before = {name: getattr(draft, name) for name in ("state", "company_id", "number", "site_id")}
    sent = {"version": "0", "shown": "title", "q_title": "글", "state": "released", "number": "1"}
    client.post(plan(draft), {**sent, "company": "9", "site": "9", "submitted_at": "2021-01-01"})
    draft.refresh_from_db()
    assert {name: getattr(draft, name) for name in before} == before


# Company, consents, papers


def test_the_company_step_is_carried_over_and_can_be_taken_again(
    client: Client, draft: Application
):
    ProgramRound.objects.update(
        profile=[{"code": "employees", "kind": "integer", "label": "상시 근로자 수", "unit": "명"}]
    )
    url = f"/applications/{draft.pk}/edit/company/"
    assert 'value="30"' in client.get(url).content.decode()
    send(client, url, {"employees": "12"})
    assert draft.sections.get(name="company").data == {"employees": 12}
    client.post(url, {"act": "reload"})
    assert draft.sections.get(name="company").data["employees"] == 30


def test_consents_stand_apart_with_their_terms(client: Client, draft: Application):
    words = {"purpose": "심사", "items": "이름", "period": "5년", "refusal": "거부 가능"}
    SubProgram.objects.filter(pk=draft.sub_program_id).update(
        consents=[
            {"code": "must", "label": "개인정보", "required": True, "version": "v1", **words},
            {"code": "may", "label": "소식", "required": False, "version": "v2", **words},
        ]
    )
    url = f"/applications/{draft.pk}/edit/declarations/"
    page = client.get(url).content.decode()
    assert page.index("필수 동의") < page.index("선택 동의")
    for word in [*words.values(), "v1", "v2"]:
        assert word in page
    send(client, url, {"c_must": "yes", "c_may": "no"})
    kept = {row.code: (row.given, row.wording) for row in draft.consents.all()}
    assert kept == {"must": (True, "v1"), "may": (False, "v2")}


@pytest.fixture
def quote(draft: Application) -> RequiredDocument:
    return RequiredDocument.objects.create(
        sub_program=draft.sub_program,
        code="quote",
        label="견적서",
        formats=["pdf"],
        max_files=2,
        origin="assumption",
    )


def upload(client: Client, draft: Application, *files: io.BytesIO, code: str = "quote"):
    sent = {"act": "upload", "requirement": code, "files": list(files)}
    return client.post(f"/applications/{draft.pk}/edit/documents/", sent)


def pdf(mark: str, name: str = "") -> io.BytesIO:
    made = io.BytesIO(corpus.pdf(b"<< /Mark (%s) >>" % mark.encode()))
    made.name = name or f"{mark}.pdf"
    return made


def test_several_files_go_up_at_once_and_show_their_hashes(client: Client, draft, quote):
    assert upload(client, draft, pdf("a"), pdf("b")).status_code == 302
    page = client.get(f"/applications/{draft.pk}/edit/documents/").content.decode()
    for kept in draft.attachments.all():
        assert kept.sha256 in page


def test_good_files_stay_and_each_bad_one_is_named(client: Client, draft, quote):
    bad = io.BytesIO(b"MZ program")
    bad.name = "bad.pdf"
    answer = upload(client, draft, pdf("a"), bad)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "bad.pdf: " in page
    assert 'data-code="file_mismatch"' in page
    assert 'href="#id_quote_files"' in page
    assert [row.name for row in draft.attachments.all()] == ["a.pdf"]


def test_sending_no_file_is_said(client: Client, draft, quote):
    answer = upload(client, draft)
    assert answer.status_code == 400
    assert 'data-code="file_missing">올릴 파일을 고르세요.<' in answer.content.decode()


def test_a_file_is_taken_out_again(client: Client, draft, quote):
    upload(client, draft, pdf("a"))
    url = f"/applications/{draft.pk}/edit/documents/"
    client.post(url, {"act": "remove", "attachment": draft.attachments.get().pk})
    assert draft.attachments.get().removed_at is not None
    assert client.post(url, {"act": "remove", "attachment": "x"}).status_code == 404


def test_a_step_costs_the_same_however_much_was_written(
    client: Client, draft: Application, quote, django_assert_max_num_queries
):
    client.get(plan(draft))
    with django_assert_max_num_queries(24):
        client.get(plan(draft))
    send(client, plan(draft), {"robots": [{"model": str(n), "price": "1"} for n in range(15)]})
    upload(client, draft, pdf("a"), pdf("b"))
    client.get(plan(draft))
    with django_assert_max_num_queries(24):
        client.get(plan(draft))
