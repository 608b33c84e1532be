"""Pages of assessors: own sheets only, a conflict statement first, nothing of the others before
the lock, and in a blind stage nothing that identifies the applicant."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Application, Member, ScoreSheet
from applications.queries.assessment import reading
from applications.services.assessment import sheets as sheets_services
from applications.visibility import applications_of, attachments_of
from portal.models import News, User
from programs.models import Criterion
from tests.factories import staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    AttachmentFactory,
    PartnerFactory,
    SubmissionFactory,
)

pytestmark = pytest.mark.django_db
LIST = reverse("assessor_desk")
QUESTIONS = [
    {"code": "plan", "kind": "long_text", "label": "계획", "section": "plan"},
    {"code": "lines", "kind": "rows", "label": "공정", "section": "plan"}
    | {"columns": [{"code": "name", "kind": "text", "label": "이름"}]},
]


def page(sheet: ScoreSheet, name: str = "sheet") -> str:
    return reverse(f"assessor_{name}", args=[sheet.pk])


def filled(sheet: ScoreSheet, **changes) -> dict[str, object]:
    sheet.refresh_from_db()
    sent = {"version": sheet.version, "comment": "종합"}
    for code, points, _ in staff.CRITERIA:
        sent |= {f"mark_{code}": points - 5, f"reason_{code}": "근거"}
    return sent | changes


def text(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def messages_of(answer) -> list[str]:
    return [str(line) for line in answer.context["messages"]]


def codes(answer) -> list[str]:
    return [line.extra_tags for line in answer.context["messages"]]


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program) -> User:
    return staff.officer(program)


@pytest.fixture
def judges() -> list[User]:
    return staff.assessors(3)


@pytest.fixture
def enter() -> Callable[[User], Client]:
    return lambda user: staff.enter(Client(), user)


def telling(program) -> Application:
    """An application whose every part names the applicant."""
    made = ApplicationFactory(sub_program=program, assessing=True, frozen=None)
    company, owner = made.company, Member.objects.get(company=made.company).user
    owner.name, owner.phone = "홍담당", "010-8765-4321"
    owner.save()
    partner = PartnerFactory(application=made, accepted=True)
    paper = AttachmentFactory(application=made, name=f"{company.name}_계획서.pdf")
    words = (
        f"{company.name}의 {company.representative}가 {owner.name}({owner.email}, {owner.phone})과"
        f" {partner.company.name}의 로봇을 {company.address}에 둡니다. {paper.name} 참고."
        f" 번호 {company.business_number}, 문의 02-555-7777, ceo@secret.example, 급하면 031-444-8888로"
    )
    SubmissionFactory(
        application=made,
        form=staff.form(questions=QUESTIONS),
        content={
            "company": {
                "name": company.name,
                "business_number": company.business_number,
                "representative": company.representative,
                "address": company.address,
                "phone": company.phone,
            },
            "site": {"name": made.site.name, "address": made.site.address},
            "answers": {"plan": words, "lines": [{"name": f"{company.name} 1공정"}]},
            "profile": {"region": "gyeonggi"},
            "track": {"name": "기본"},
        },
    )
    return made


@pytest.fixture
def sheets(program, officer, judges) -> list[ScoreSheet]:
    return sheets_services.assign_all(telling(program), assessors=judges, by=officer, now=NOW)


def secrets(application: Application) -> list[str]:
    company = application.company
    owner = Member.objects.get(company=company).user
    partner = application.partners.get()
    return [
        company.name, company.representative, company.address, company.phone,
        company.business_number, owner.name, owner.email, owner.phone, partner.company.name,
        partner.company_name, partner.email, application.attachments.get().name,
        application.site.name, application.number, "02-555-7777", "ceo@secret.example",
        "031-444-8888",
    ]  # fmt: skip


def test_the_guidance_beside_a_criterion_is_no_markup(enter, program, officer, judges) -> None:
    Criterion.objects.update(guide='<form action="/evil/">현장을 봅니다.')
    given = sheets_services.assign_all(telling(program), assessors=judges, by=officer, now=NOW)
    sheet = next(row for row in given if row.assessor_id == judges[0].pk)
    sheets_services.declare(sheet, tied=False, words="", by=judges[0], now=NOW)
    shown = text(enter(judges[0]).get(page(sheet)))
    assert '<form action="/evil/">' not in shown
    assert "&lt;form action=&quot;/evil/&quot;&gt;현장을 봅니다." in shown


# --- Who comes in ------------------------------------------------------------------------------


ADDRESSES = ["sheet", "conflict", "abstain"]


def test_nobody_but_an_assessor_finds_the_desk(enter, sheets, officer) -> None:
    for stranger in (officer, staff.manager(), staff.auditor(), sheets[0].application.created_by):
        client = enter(stranger)
        for url in (LIST, *(page(sheets[0], name) for name in ADDRESSES)):
            assert client.get(url).status_code == 404


def test_the_sheet_of_another_does_not_exist(enter, sheets, judges) -> None:
    client = enter(judges[0])
    for name in ADDRESSES:
        assert client.get(page(sheets[1], name)).status_code == 404
        assert client.post(page(sheets[1], name), filled(sheets[1])).status_code == 404
    assert client.post(page(sheets[1], "autosave"), filled(sheets[1])).status_code == 404


def test_the_second_factor_is_required(client, sheets, judges) -> None:
    client.force_login(judges[0])
    for url in (LIST, page(sheets[0])):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/2fa/")


def test_assessors_read_applications_at_their_desk_and_nowhere_else(
    enter, sheets, judges, client
) -> None:
    application = sheets[0].application
    assert not applications_of(judges[0]).exists()
    walker = enter(judges[0])
    for url in (
        f"/applications/{application.pk}/",
        f"/api/v1/applications/{application.pk}/",
        f"/admin/applications/application/{application.pk}/change/",
        f"/admin/applications/scoresheet/{sheets[0].pk}/change/",
    ):
        answer = walker.get(url)
        assert answer.status_code in {302, 404}
        assert application.company.name not in answer.content.decode()


# --- The conflict statement ----------------------------------------------------------------------


def test_the_file_opens_after_the_word_on_conflicts(enter, sheets, judges) -> None:
    client, sheet = enter(judges[0]), sheets[0]
    assert not attachments_of(judges[0]).exists()
    assert client.get(page(sheet)).url == page(sheet, "conflict")
    assert "로봇을" not in text(client.get(page(sheet, "conflict")))
    assert client.post(page(sheet, "conflict"), {}).status_code == 400
    assert client.post(page(sheet, "conflict"), {"tied": "no"}).url == page(sheet)
    assert "로봇을" in text(client.get(page(sheet)))
    assert attachments_of(judges[0]).count() == 1
    assert not attachments_of(judges[1]).exists()


@pytest.mark.parametrize(
    ("state", "locked", "seen"),
    [("assessing", False, 1), ("assessing", True, 1), ("decided", True, 1), ("released", False, 1),
     ("released", True, 0), ("contracted", True, 0), ("closed", True, 0)],
)  # fmt: skip
def test_the_files_close_again_with_the_release(
    sheets, judges, state: str, locked: bool, seen: int
) -> None:
    """A case assessed anew after its release has new, open sheets."""
    fields = {"declared_at": NOW, **({"locked_at": NOW, "sha256": "0" * 64} if locked else {})}
    ScoreSheet.objects.filter(pk=sheets[0].pk).update(**fields)
    Application.objects.filter(pk=sheets[0].application_id).update(state=state)
    assert attachments_of(judges[0]).count() == seen


def test_a_tie_is_described_and_closes_the_application(enter, sheets, judges) -> None:
    client, sheet = enter(judges[0]), sheets[0]
    assert client.post(page(sheet, "conflict"), {"tied": "yes"}).status_code == 400
    answer = client.post(page(sheet, "conflict"), {"tied": "yes", "words": "자문했습니다"})
    assert answer.url == LIST
    assert "로봇을" not in text(client.get(page(sheet)))
    assert not attachments_of(judges[0]).exists()
    assert "회피" in text(client.get(LIST))


def test_stepping_back_needs_a_reason(enter, sheets, judges) -> None:
    client, sheet = enter(judges[0]), sheets[0]
    assert client.post(page(sheet, "abstain"), {"reason": ""}).status_code == 400
    assert client.post(page(sheet, "abstain"), {"reason": "일정"}).url == LIST
    sheet.refresh_from_db()
    assert sheet.end_reason == "일정"


def test_a_tie_to_a_firm_is_declared_at_the_desk(enter, sheets, judges) -> None:
    client, url = enter(judges[0]), reverse("assessor_ties")
    assert client.post(url, {"kind": "advice", "firm_name": ""}).status_code == 400
    bad = {"kind": "advice", "firm_name": "한빛", "business_number": "111"}
    assert client.post(url, bad).status_code == 400
    client.post(url, bad | {"business_number": ""})
    assert judges[0].declared_ties.get().firm_name == "한빛"
    assert "한빛" in text(client.get(url))


# --- The sheet -----------------------------------------------------------------------------------


@pytest.fixture
def mine(sheets, judges) -> ScoreSheet:
    return sheets_services.declare(sheets[0], tied=False, words="", by=judges[0], now=NOW)


def test_an_assessor_saves_locks_and_can_then_only_read(enter, mine, judges) -> None:
    client = enter(judges[0])
    saved = client.post(page(mine), filled(mine, reason_need="", act="save"), follow=True)
    assert any("아직 제출하지 않았습니다" in line for line in messages_of(saved))
    gaps = client.post(page(mine), filled(mine, reason_need="", act="lock"), follow=True)
    assert "reason_missing:need" in codes(gaps)
    assert client.post(page(mine), filled(mine, act="lock")).url == LIST
    mine.refresh_from_db()
    assert mine.locked_at is not None
    assert 'name="mark_need"' not in text(client.get(page(mine)))
    client.post(page(mine), filled(mine, mark_need=1, act="save"))
    client.post(page(mine, "autosave"), filled(mine, mark_need=1))
    assert ScoreSheet.objects.get(pk=mine.pk).marks["need"] == 25


def test_what_is_typed_is_saved_with_its_version(enter, mine, judges) -> None:
    client = enter(judges[0])
    first = client.post(
        page(mine, "autosave"), filled(mine), headers={"accept": "application/json"}
    )
    assert first.json()["version"] == 2
    stale = client.post(
        page(mine, "autosave"), filled(mine, version=1), headers={"accept": "application/json"}
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    wrong = client.post(page(mine, "autosave"), filled(mine, mark_need=31))
    assert wrong.status_code == 400


def test_a_mark_out_of_range_is_shown_at_its_field(enter, mine, judges) -> None:
    answer = enter(judges[0]).post(page(mine), filled(mine, mark_need=31))
    assert answer.status_code == 400
    assert "error-summary" in answer.content.decode()
    assert ScoreSheet.objects.get(pk=mine.pk).marks == {}


def test_two_windows_do_not_overwrite_each_other(enter, mine, judges) -> None:
    client, late = enter(judges[0]), filled(mine, comment="둘째 창")
    client.post(page(mine), filled(mine, comment="첫 창"))
    answer = client.post(page(mine), late)
    assert answer.status_code == 409
    assert "둘째 창" in answer.content.decode()  # what was typed is still there
    assert ScoreSheet.objects.get(pk=mine.pk).comment == "첫 창"


def test_next_leads_to_the_open_sheet(enter, mine, judges) -> None:
    client, url = enter(judges[0]), reverse("assessor_next")
    assert client.get(url).url == page(mine)
    client.post(page(mine), filled(mine, act="lock"))
    assert client.get(url).url == LIST


def test_others_are_hidden_until_the_own_sheet_is_locked_and_nameless_after(
    enter, mine, sheets, judges
) -> None:
    other = sheets_services.declare(sheets[1], tied=False, words="", by=judges[1], now=NOW)
    enter(judges[1]).post(
        page(other), filled(other, mark_need=17, reason_need="남의비밀", act="lock")
    )
    client = enter(judges[0])
    assert "다른 평가위원" not in text(client.get(page(mine)))
    client.post(page(mine), filled(mine, act="lock"))
    after = text(client.get(page(mine)))
    assert "다른 평가위원 1" in after
    assert ">17<" in after
    for hidden in ("남의비밀", judges[1].name, judges[1].email, "다른 평가위원 2"):
        assert hidden not in after


def test_the_desk_asks_as_much_for_many_as_for_few(
    enter, program, officer, judges, django_assert_max_num_queries
) -> None:
    client = enter(judges[0])
    for count in (2, 6):
        for _ in range(count):
            staff.opened(staff.judged(program, judges=[]), judges[0], officer)
        with django_assert_max_num_queries(14):
            assert text(client.get(LIST)).count("<tr>") > count


# --- The blind stage ---------------------------------------------------------------------------


@pytest.fixture
def blind(program, sheets) -> Application:
    program.blind = True
    program.save()
    return sheets[0].application


def declare(client: Client, sheet: ScoreSheet) -> None:
    """State that there is no tie, in a blind stage over the list of firms."""
    blind = sheet.application.sub_program.blind
    url = batch_url(sheet) if blind else page(sheet, "conflict")
    version = client.get(url).context["form"]["version"].value() if blind else ""
    client.post(url, {"tied": "no", "version": version})


def batch_url(sheet: ScoreSheet) -> str:
    return reverse("assessor_batch", args=[sheet.application.sub_program_id])


def assessor_sees(client: Client, sheet: ScoreSheet) -> str:
    """Everything the pages show of a sheet, before and after the lock."""
    seen = [text(client.get(LIST))]
    if not sheet.application.sub_program.blind:
        seen.append(text(client.get(page(sheet, "conflict"))))
    declare(client, sheet)
    seen.append(text(client.get(page(sheet))))
    seen.append(text(client.get(page(sheet, "abstain"))))
    seen.append(b"".join(client.get(reverse("assessor_export")).streaming_content).decode())
    client.post(page(sheet), filled(sheet, act="lock"))
    seen += [text(client.get(page(sheet))), text(client.get(LIST))]
    return "\n".join(seen)


def test_a_blind_stage_identifies_no_applicant(enter, blind, sheets, judges) -> None:
    seen = assessor_sees(enter(judges[0]), sheets[0])
    assert [word for word in secrets(blind) if word and word in seen] == []
    assert reading.HIDDEN in seen
    assert reading.ANONYMOUS in seen
    assert not attachments_of(judges[0]).exists()


def test_without_it_the_same_pages_name_the_applicant(enter, sheets, judges) -> None:
    seen = assessor_sees(enter(judges[0]), sheets[0])
    assert all(word in seen for word in secrets(sheets[0].application)[:3])


def test_a_refusal_in_a_blind_stage_names_no_firm(enter, blind, sheets, judges) -> None:
    client = enter(judges[0])
    declare(client, sheets[0])
    judges[0].phone = blind.company.phone
    judges[0].save()
    answer = client.post(page(sheets[0]), filled(sheets[0], act="lock"), follow=True)
    assert "tied" in codes(answer)
    assert blind.company.name not in answer.content.decode()


def test_the_statement_of_a_blind_stage_is_made_over_all_firms_in_the_order_of_names(
    enter, blind, sheets, judges, program, officer
) -> None:
    for _ in range(6):
        staff.judged(program, judges=[])  # firms of others fill the list up
    client, sheet = enter(judges[0]), sheets[0]
    assert client.get(page(sheet)).url == page(sheet, "conflict")
    assert client.get(page(sheet, "conflict")).url == batch_url(sheet)
    listed = text(client.get(LIST))
    assert f"평가표 {sheet.pk}" not in listed
    shown = [
        label for _, label in client.get(batch_url(sheet)).context["form"].fields["firms"].choices
    ]
    assert shown == sorted(shown)
    assert len(shown) >= 6
    assert any(blind.company.name in label for label in shown)
    assert any(blind.partners.get().company.name in label for label in shown)


def test_a_lone_application_stands_among_firms_of_other_sub_programmes(
    enter, blind, sheets, judges
) -> None:
    for _ in range(6):
        staff.judged(staff.program(), judges=[])
    form = enter(judges[0]).get(batch_url(sheets[0])).context["form"]
    assert len(form.fields["firms"].choices) >= 6


def test_a_tie_from_the_list_ends_the_right_sheets_and_shows_none_of_them(
    enter, blind, sheets, judges, program, officer
) -> None:
    other = sheets_services.assign(
        staff.judged(program, judges=[]), assessor=judges[0], by=officer, now=NOW
    )
    client, url = enter(judges[0]), batch_url(other)
    form = client.get(url).context["form"]
    key = next(key for key, name in form.fields["firms"].choices if blind.company.name in name)
    sent = {"tied": "yes", "firms": [key], "version": form["version"].value()}
    assert client.post(url, sent).status_code == 400  # without words
    assert client.post(url, {**sent, "tied": "no"}).status_code == 400
    assert client.post(url, {**sent, "words": "자문했습니다"}).url == LIST
    sheets[0].refresh_from_db()
    other.refresh_from_db()
    assert (sheets[0].ended, other.ended, other.declared_at is not None) == (True, False, True)
    assert blind.company.name in sheets[0].end_reason  # for the officers
    seen = text(client.get(LIST)) + text(client.get(page(other)))
    seen += b"".join(client.get(reverse("assessor_export")).streaming_content).decode()
    assert f"평가표 {sheets[0].pk}" not in seen
    assert client.get(page(sheets[0])).status_code == 404
    assert client.get(url).url == LIST


def test_a_firm_of_another_application_in_the_list_is_a_tie_for_later(
    enter, blind, sheets, judges, program
) -> None:
    stranger = staff.judged(program, judges=[])
    client, url = enter(judges[0]), batch_url(sheets[0])
    form = client.get(url).context["form"]
    key = next(key for key, name in form.fields["firms"].choices if stranger.company.name in name)
    sent = {"tied": "yes", "firms": [key], "words": "가족", "version": form["version"].value()}
    assert client.post(url, sent).url == LIST
    sheets[0].refresh_from_db()
    assert not sheets[0].ended
    assert stranger.conflicts.get().assessor == judges[0]


def test_a_statement_over_a_list_that_has_changed_is_refused_with_what_was_ticked(
    enter, blind, sheets, judges, program, officer
) -> None:
    client, url = enter(judges[0]), batch_url(sheets[0])
    form = client.get(url).context["form"]
    key = form.fields["firms"].choices[0][0]
    sheets_services.assign(
        staff.judged(program, judges=[]), assessor=judges[0], by=officer, now=NOW
    )
    sent = {"tied": "yes", "firms": [key], "words": "가족", "version": form["version"].value()}
    answer = client.post(url, sent)
    assert answer.status_code == 409
    assert answer.content.decode().count("checked") == 2  # the firm and "yes"
    assert client.post(url, {**sent, "version": answer.context["batch"].version}).url == LIST


def test_partner_firms_are_named_before_the_statement(enter, sheets, judges) -> None:
    shown = text(enter(judges[0]).get(page(sheets[0], "conflict")))
    assert sheets[0].application.partners.get().company.name in shown


def test_the_desk_says_until_when_the_sheets_of_each_round_are_due(
    enter, sheets, judges, program
) -> None:
    ScoreSheet.objects.update(due_at=NOW + timedelta(days=3))
    shown = text(enter(judges[0]).get(LIST))
    assert f"{program.round.name} {program.name}: " in shown
    assert "남은 평가표 1부" in shown


def test_notices_to_assessors_name_no_applicant(blind, sheets, judges) -> None:
    told = [*judges[0].notices.all(), *News.objects.filter(user=judges[0])]
    notices = "\n".join(f"{row.subject} {row.body}" for row in told)
    assert notices
    assert [word for word in secrets(blind) if word and word in notices] == []
