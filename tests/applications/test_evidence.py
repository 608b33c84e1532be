"""Every fact of an application says where it comes from; what nobody answered confirms nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import (
    Agreement,
    Application,
    Check,
    Company,
    PendingStep,
    RegistryConsent,
    Submission,
)
from applications.queries import evidence
from applications.services import evidence as services
from applications.services.screening import checks
from applications.services.set_acts import running
from applications.states import CheckDecision, SetActKind
from portal.core.errors import MoveNotAllowed
from portal.models import RegistryAnswer, RegistryRecord, User
from programs.models import SubProgram
from tests.factories import drafts, programs, staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    AttachmentFactory,
    PartnerFactory,
    member_of,
    owner_of,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
LATER_STILL = timedelta(days=1)
STATUS = "business_status"
GOES_ON = {"status": "01", "tax": "", "closed_on": ""}
CLOSED = {"status": "03", "tax": "", "closed_on": ""}
CONDITIONS = [
    {
        "code": "not_closed",
        "kind": "is_false",
        "fact": "closed_business",
        "message": "휴업하거나 폐업한 기업은 신청할 수 없습니다.",
        "label": "휴·폐업 여부",
        "sources": [{"registry": [STATUS]}, {"document": ["license"]}],
    },
    {
        "code": "settled",
        "kind": "is_false",
        "fact": "unsettled",
        "message": "끝내지 않은 의무가 있으면 신청할 수 없습니다.",
        "label": "미이행 의무",
        "against": [{"record": ["overdue_duty"]}],
    },
    {"code": "solvent", "kind": "is_false", "fact": "insolvency", "message": "파산·회생"},
]
FACTS = {"closed_business": False, "unsettled": False, "insolvency": False}


@pytest.fixture(autouse=True)
def connected(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REGISTRIES = {STATUS: {"adapter": "nobody.is.asked"}}
    monkeypatch.setattr(running, "clock_now", lambda: LATER)


@pytest.fixture
def program() -> SubProgram:
    return staff.program()


@pytest.fixture
def officer(program: SubProgram) -> User:
    return staff.officer(program)


def filed(program: SubProgram, **facts: Any) -> Application:
    return staff.filed(program, facts={**FACTS, **facts}, conditions=CONDITIONS)


def consent(company: Company) -> None:
    RegistryConsent.objects.create(
        company=company, wording="2021-1", given_by=owner_of(company), given_at=NOW
    )


def answer(company: Company, facts: dict[str, Any], *, hours: int = 24) -> RegistryAnswer:
    made = RegistryAnswer.objects.create(
        registry=STATUS,
        subject=company.business_number,
        details_sha256="0" * 64,
        found=True,
        facts=facts,
        sha256="a" * 64,
        answered_at=NOW,
    )
    RegistryRecord.objects.update_or_create(
        registry=STATUS,
        subject=company.business_number,
        defaults={
            "answer": made,
            "tried_at": NOW,
            "confirmed_at": NOW,
            "valid_until": NOW + timedelta(hours=hours),
            "failure": "",
        },
    )
    return made


def not_answered(company: Company, failure: str) -> None:
    RegistryRecord.objects.create(
        registry=STATUS, subject=company.business_number, tried_at=NOW, failure=failure
    )


def standing(application: Application, code: str = "not_closed") -> str:
    rows = evidence.of_filed([application.pk], now=LATER)[application.pk]
    return next(row.standing for row in rows if row.condition.code == code)


# Reading


def test_an_answer_confirms_what_the_firm_states(program) -> None:
    application = filed(program)
    consent(application.company)
    made = answer(application.company, GOES_ON)
    row = evidence.of_filed([application.pk], now=LATER)[application.pk][0]
    assert (row.standing, row.met) == ("confirmed", True)
    stated, registry = row.evidence
    assert (stated.source, stated.says, stated.at) == ("stated", "아니요", NOW)
    assert stated.reference == application.number
    assert (registry.source, registry.label) == ("registry", "국세청 사업자 상태")
    assert (registry.reference, registry.sha256) == (f"조회 {made.pk}", "a" * 64)
    assert (registry.at, registry.until) == (NOW, NOW + timedelta(hours=24))


def test_an_answer_that_denies_leaves_the_verdict_to_a_person(program) -> None:
    application = filed(program)
    answer(application.company, CLOSED)
    row = evidence.of_filed([application.pk], now=LATER)[application.pk][0]
    assert (row.standing, row.met) == ("differs", None)


@pytest.mark.parametrize("failure", ["key", "limit", "down", "slow", "unreadable", "partial"])
def test_what_was_not_answered_is_not_confirmed(program, failure) -> None:
    application = filed(program)
    consent(application.company)
    assert standing(application) == "unanswered"
    not_answered(application.company, failure)
    assert standing(application) == "unanswered"
    says = evidence.of_filed([application.pk], now=LATER)[application.pk][0].evidence[1].says
    assert says.startswith("조회하지 못함")


def test_an_answer_that_is_out_of_date_confirms_nothing(program) -> None:
    application = filed(program)
    answer(application.company, GOES_ON, hours=1)
    assert standing(application) == "unanswered"


def test_without_consent_the_paper_way_is_open(program) -> None:
    application = filed(program)
    assert standing(application) == "stated"
    AttachmentFactory(application=application, requirement="license")
    assert standing(application) == "paper"


def test_a_registry_that_is_not_connected_is_not_spoken_of(program, settings) -> None:
    settings.REGISTRIES = {}
    application = filed(program)
    answer(application.company, GOES_ON)
    row = evidence.of_filed([application.pk], now=LATER)[application.pk][0]
    assert (row.standing, len(row.evidence)) == ("stated", 1)


def test_the_record_of_the_portal_denies_and_never_confirms(program) -> None:
    application = filed(program)
    assert standing(application, "settled") == "stated"
    other = ApplicationFactory(company=application.company, released=True)
    agreement = Agreement.objects.create(
        application=other, company=application.company, number="협약-1", kind="share",
        award_won=1, grant_won=1, drafted_at=NOW, papers_due_at=NOW, sign_due_at=NOW,
    )  # fmt: skip
    step = PendingStep.objects.create(
        agreement=agreement, step="final", waits_for="firm", since=NOW, due_at=LATER + LATER_STILL
    )
    assert standing(application, "settled") == "stated"
    PendingStep.objects.filter(pk=step.pk).update(due_at=NOW)
    assert standing(application, "settled") == "differs"
    row = evidence.of_filed([application.pk], now=LATER)[application.pk][1]
    assert row.met is None
    assert row.evidence[1].says == "협약-1 최종보고서 제출"


def test_other_firms_are_not_mixed_in(program) -> None:
    ours, other = filed(program), filed(program)
    answer(other.company, CLOSED)
    found = evidence.of_filed([ours.pk, other.pk], now=LATER)
    assert [found[ours.pk][0].standing, found[other.pk][0].standing] == ["stated", "differs"]


# Filing


def test_filing_freezes_the_sources_beside_the_content() -> None:
    programs.load()
    draft = drafts.complete(programs.program("robot"))
    answer(draft.company, GOES_ON)
    submission = drafts.file(draft)
    rows = {row["code"]: row for row in Submission.objects.get(pk=submission.pk).evidence}
    closed = rows["not_closed"]
    assert closed["standing"] == "confirmed"
    assert {each["source"] for each in closed["evidence"]} == {"stated", "registry", "paper"}
    assert closed["evidence"][0]["reference"] == submission.number
    assert "evidence" not in submission.content
    exclusions = {
        "not_closed", "no_tax_arrears", "no_default", "not_insolvent", "not_banned", "settled",
        "not_duplicate", "allowed_industry",
    }  # fmt: skip
    assert exclusions <= set(rows)
    assert all(rows[code]["evidence"] for code in exclusions)


# Screening


def test_checks_are_read_anew_until_they_are_decided(program, officer) -> None:
    application = filed(program)
    checks.take_up(application, by=officer, now=NOW)
    check = application.checks.get(code="not_closed")
    assert (check.standing, check.met) == ("stated", True)
    answer(application.company, CLOSED)
    services.answered_since(NOW, now=LATER)
    check.refresh_from_db()
    assert (check.standing, check.met) == ("differs", None)
    checks.overrule(check, reason="다시 열었음을 확인", by=officer, now=LATER)
    answer(application.company, GOES_ON)
    services.answered_since(NOW, now=LATER)
    check.refresh_from_db()
    assert check.standing == "differs"
    assert services.read_anew([application.pk], now=LATER + LATER_STILL) == 0


def test_what_a_source_denies_is_not_confirmed_with_the_rest(program, officer) -> None:
    application = filed(program, closed_business=True)
    answer(application.company, GOES_ON)
    checks.take_up(application, by=officer, now=NOW)
    Check.objects.filter(application=application, code="not_closed").update(met=True)
    assert checks.confirm_met(application, by=officer, now=NOW) == 2
    with pytest.raises(MoveNotAllowed):
        checks.confirm_met(application, by=officer, now=NOW)


def test_an_act_on_many_confirms_what_a_source_confirms_alone(program, officer) -> None:
    answered, late, unknown = (filed(program) for _ in range(3))
    for row in (answered, late, unknown):
        consent(row.company)
        checks.take_up(row, by=officer, now=NOW)
    answer(answered.company, GOES_ON)
    answer(late.company, GOES_ON, hours=1)
    not_answered(unknown.company, "down")
    chosen = Application.objects.filter(pk__in=[answered.pk, late.pk, unknown.pk])
    made = running.start(
        SetActKind.CONFIRM,
        chosen,
        confirmed=running.choose(SetActKind.CONFIRM, chosen).confirmed,
        selection={},
        options={},
        reason="한꺼번에",
        by=officer,
        now=NOW,
    )
    running.run(made)
    confirmed = Check.objects.filter(decision=CheckDecision.CONFIRMED)
    assert [(row.application_id, row.code) for row in confirmed] == [(answered.pk, "not_closed")]


# Pages


def test_the_firm_and_the_officer_see_the_source_of_every_fact(program, officer) -> None:
    application = filed(program)
    answer(application.company, CLOSED)
    checks.take_up(application, by=officer, now=NOW)
    page = reverse("application_detail", args=[application.pk])
    told = in_words(owner_of(application.company), page)
    assert "사실의 출처" in told
    assert "기관 조회 · 국세청 사업자 상태: 폐업자" in told
    assert "기업이 스스로 밝힌 사실만으로는 확인되지 않음" in told
    assert "출처의 답이 신청서와 다릅니다" in told
    desk = reverse("admin:applications_application_change", args=[application.pk])
    told = words_of(staff.enter(Client(), officer), desk)
    assert "기관 조회 · 국세청 사업자 상태: 폐업자" in told
    assert "포털 기록 · 기한이 지난 보고·정산·환수: 이 포털에는 기록이 없음" in told


def test_partners_do_not_see_what_agencies_say_of_the_applicant(program) -> None:
    application = filed(program)
    answer(application.company, CLOSED)
    partner = PartnerFactory(application=application, accepted=True)
    for name in ("application_detail", "application_review"):
        told = in_words(member_of(partner.company), reverse(name, args=[application.pk]))
        assert "사실의 출처" not in told


def in_words(user: User, page: str) -> str:
    client = Client()
    client.force_login(user)
    return words_of(client, page)


def words_of(client: Client, page: str) -> str:
    answered = client.get(page)
    assert answered.status_code == 200, page
    return " ".join(answered.content.decode().split())
