"""Firms are looked up when they consent, file and change; staff see what changed and decide alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import (
    Agreement,
    Company,
    Instalment,
    RegistryChange,
    RegistryCheck,
    RegistryConsent,
    ScoreRun,
    Selection,
)
from applications.queries import registries as queries
from applications.rules import registries as rules
from applications.rules.evidence import RECORDS
from applications.services import company as company_services
from applications.services import registries as services
from applications.states import MemberRole
from bench.agency import Agency, agency
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, Unavailable
from portal.jobs import queue
from portal.models import DeclaredTie, Failure, Job, JobState, RegistryRecord
from portal.registries import gateway, nts
from portal.registries.answers import NotAnswered
from portal.registries.declared import connected, recheck_hours, registries
from programs.models import SubProgram
from tests.factories import programs, staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    SubProgramFactory,
    member_of,
    number_of,
)

pytestmark = pytest.mark.django_db
STATUS, IDENTITY = registries()["business_status"], registries()["business_identity"]


@pytest.fixture
def nts_server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agency]:
    monkeypatch.setattr(gateway, "PAUSE_SECONDS", 0.0)
    with agency() as one:
        settings.REGISTRIES = one.options("BusinessStatus") | one.options("BusinessIdentity")
        yield one


def firm(**fields: Any) -> Company:
    return CompanyFactory(representative="김하나", **fields)


def consenting(**fields: Any) -> Company:
    company = firm(**fields)
    services.consent(company, by=member_of(company), now=now())
    return company


def ask_all() -> None:
    for code in connected():
        services.ask_due(code, now=now())


def words(company: Company) -> dict[str, str]:
    return {
        row.registry.code: row.reading.words for row in queries.of_company(company) if row.reading
    }


@pytest.mark.parametrize(
    ("found", "facts", "expected", "text"),
    [
        (
            True,
            {"status": "01", "tax": "일반과세자", "closed_on": ""},
            True,
            "계속사업자 · 일반과세자",
        ),
        (True, {"status": "02", "tax": "", "closed_on": ""}, False, "휴업자"),
        (
            True,
            {"status": "03", "tax": "", "closed_on": "20200105"},
            False,
            "폐업자(폐업일 2020.1.5.)",
        ),
        (True, {"status": "03", "tax": "", "closed_on": ""}, False, "폐업자"),
        (True, {"status": "09", "tax": "", "closed_on": ""}, False, "알 수 없는 상태"),
        (False, {}, False, "국세청에 등록되지 않은 사업자등록번호"),
    ],
)
def test_a_status_is_told_in_words(
    found: bool, facts: dict[str, str], expected: bool, text: str
) -> None:
    assert rules.read("business_status", found=found, facts=facts) == rules.Reading(text, expected)


def test_every_registry_can_be_read_and_says_what_is_sent() -> None:
    assert set(rules._READERS) == set(registries())
    assert all(row.sends for row in registries().values())


# Consent


def test_only_who_consented_is_asked_about(nts_server: Agency) -> None:
    company, other = consenting(), firm()
    ask_all()
    assert set(nts_server.asked) == {company.business_number}
    assert words(company)["business_status"].startswith("계속사업자")
    assert words(other) == {}
    person = member_of(company)
    assert services.withdraw_consent(company, by=person, now=now())
    assert not services.withdraw_consent(company, by=person, now=now())
    nts_server.asked.clear()
    RegistryRecord.objects.update(
        failure="down",
        tried_at=now() - timedelta(days=1),
        answer=None,
        confirmed_at=None,
        valid_until=None,
    )
    ask_all()
    assert not nts_server.asked


def test_who_withdraws_while_a_job_is_at_work_is_not_asked_about(
    nts_server: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, other = consenting(), consenting()
    asked = queries.questions

    def withdrawn_after(*words: Any) -> Any:
        found = asked(*words)
        services.withdraw_consent(company, by=member_of(company), now=now())
        return found

    monkeypatch.setattr(queries, "questions", withdrawn_after)
    services.ask_due(STATUS.code, now=now())
    assert set(nts_server.asked) == {other.business_number}


def test_consenting_twice_is_one_consent(nts_server: Agency) -> None:
    company = firm()
    first = services.consent(company, by=member_of(company), now=now())
    assert services.consent(company, by=member_of(company), now=now()) == first
    services.withdraw_consent(company, by=member_of(company), now=now())
    assert services.consent(company, by=member_of(company), now=now()) != first
    assert RegistryConsent.objects.count() == 2


def test_the_form_of_registration_asks_only_where_a_registry_is_connected(
    client: Client, nts_server: Agency, settings: Any
) -> None:
    person = member_of(firm())
    client.force_login(person)
    page = client.get(reverse("company_new")).content.decode()
    assert "기관 조회에 동의합니다." in page
    data = {"name": "새 기업", "kind": "company", "business_number": number_of(91)}
    client.post(reverse("company_new"), {**data, "registries": "on"})
    company = Company.objects.get(name="새 기업")
    given = queries.consent_of(company)
    assert given is not None
    assert given.given_by == person
    settings.REGISTRIES = {}
    assert "기관 조회" not in client.get(reverse("company_new")).content.decode()
    assert (
        "기관 조회" not in client.get(reverse("company_detail", args=[company.pk])).content.decode()
    )


def test_the_firm_reads_what_was_answered_and_what_was_not(
    client: Client, nts_server: Agency
) -> None:
    company = firm()
    owner, writer = member_of(company), member_of(company, MemberRole.EDITOR)
    url = reverse("company_detail", args=[company.pk])
    client.force_login(writer)
    assert client.post(url, {"act": "consent"}).status_code == 404
    client.force_login(owner)
    assert "동의하지 않아 조회하지 않았습니다." in client.get(url).content.decode()
    client.post(url, {"act": "consent"})
    assert "조회를 기다리고 있습니다." in client.get(url).content.decode()
    nts_server.fault = "down"
    ask_all()
    page = client.get(url).content.decode()
    assert "조회하지 못함" in page
    assert "기관의 시스템이 응답하지 않았습니다." in page
    assert "확인</span>" not in page
    nts_server.fault = ""
    RegistryRecord.objects.update(tried_at=now() - timedelta(hours=1))
    ask_all()
    page = client.get(url).content.decode()
    assert "계속사업자" in page
    assert "조회하지 못함" not in page
    client.post(url, {"act": "withdraw-consent"})
    assert queries.consent_of(company) is None


def test_a_firm_is_asked_about_only_where_its_wording_names_the_registry(
    nts_server: Agency, settings: Any
) -> None:
    company = consenting()
    code = "local_tax"
    settings.REGISTRIES = settings.REGISTRIES | nts_server.public(code)
    nts_server.rows[code] = {company.business_number: [{"npymYn": "N", "vldTrmEndYmd": ""}]}
    ask_all()
    assert code not in words(company)
    assert company not in queries.consenting(registries()[code])
    assert queries.summary(company)["wording_is_wider"]
    earlier = queries.consent_of(company)
    later = services.consent(company, by=member_of(company), now=now())
    assert earlier is not None
    earlier.refresh_from_db()
    assert (earlier.wording, later.wording) == ("2021-1", "2021-2")
    assert earlier.withdrawn_at is not None
    ask_all()
    assert words(company)[code] == "체납 없음"
    assert services.consent(company, by=member_of(company), now=now()) == later


@pytest.mark.parametrize(
    ("registry", "found", "facts", "told"),
    [
        ("business_status", True, {"status": "01"}, {"closed_business": False}),
        ("business_status", True, {"status": "02"}, {"closed_business": True}),
        ("business_status", False, {}, {"closed_business": True}),
        ("business_identity", True, {"matches": True}, {}),
        ("national_tax", True, {"arrears": "N", "until": "20210331"}, {"tax_arrears": False}),
        ("national_tax", True, {"arrears": "N", "until": "20210209"}, {}),
        ("local_tax", True, {"arrears": "Y", "until": ""}, {"tax_arrears": True}),
        ("local_tax", True, {"arrears": "?", "until": ""}, {}),
        ("local_tax", False, {}, {}),
        ("sme_certificate", True, {"size": "중기업", "until": ""}, {"company_size": "medium"}),
        ("sme_certificate", False, {}, {}),
        ("insured_employees", True, {"employees": "31"}, {"employees": 31}),
        ("insured_employees", False, {}, {}),
        (
            "factory_registration",
            True,
            {"rows": [{"name": "a", "industry": "C25924"}]},
            {"manufacturer": True, "excluded_industry": False},
        ),
        ("factory_registration", True, {"rows": [{"name": "a", "industry": "56111"}]}, {}),
        ("factory_registration", False, {}, {}),
        ("medical_products", True, {"rows": []}, {}),
    ],
)
def test_an_answer_tells_what_it_knows_and_nothing_else(
    registry: str, found: bool, facts: dict[str, Any], told: dict[str, Any]
) -> None:
    on = NOW.date()
    assert rules.told(registry, found=found, facts=facts, on=on) == told
    assert rules.read(registry, found=found, facts={"closed_on": "", "tax": "", **facts}).words


def test_a_certificate_counts_through_its_last_day() -> None:
    facts = {"until": f"{NOW:%Y-%m-%d}"}
    assert not rules.run_out(facts, on=NOW.date())
    assert rules.run_out(facts, on=NOW.date() + timedelta(days=1))
    assert not rules.run_out({}, on=NOW.date())


def test_the_sources_of_the_catalogue_exist() -> None:
    programs.load()
    for program in SubProgram.objects.all():
        papers = set(program.documents.values_list("code", flat=True))
        for condition in program.conditions_parsed():
            for source in (*condition.sources, *condition.against):
                known = {
                    "registry": set(registries()),
                    "paper": papers | {"factory_registration"},
                    "record": set(RECORDS),
                }[source.kind]
                assert set(source.codes) <= known, (program.code, condition.code)


# What is due


def due(code: str = "business_status") -> set[int]:
    at = now()
    rows = queries.due(
        registries()[code],
        since=at - services.LOOK_BACK,
        failed_before=at - services.AGAIN,
        older_than=at - timedelta(hours=recheck_hours()),
        now=at,
    )
    return set(rows.values_list("pk", flat=True))


def test_a_firm_is_due_once_again_when_it_filed_or_was_not_answered(nts_server: Agency) -> None:
    company = consenting()
    assert due() == {company.pk}
    ask_all()
    assert due() == set()
    ApplicationFactory(filed=True, company=company, submitted_at=now())
    assert due() == {company.pk}
    ask_all()
    assert due() == set()
    RegistryRecord.objects.update(failure="slow")
    assert due() == set()  # it was asked a moment ago
    RegistryRecord.objects.update(
        tried_at=now() - services.AGAIN * 2, confirmed_at=None, valid_until=None, answer=None
    )
    assert due() == {company.pk}


@pytest.mark.parametrize("waits", ["decision", "payment", ""])
def test_an_answer_is_asked_for_again_before_a_decision_and_a_payment(
    nts_server: Agency, waits: str
) -> None:
    company = consenting()
    ask_all()
    application = ApplicationFactory(assessing=True, company=company)
    if waits == "decision":
        manager = staff.manager()
        asked = {"requested_by": manager, "requested_at": NOW}
        run = ScoreRun.objects.create(
            sub_program=application.sub_program,
            number=1,
            rubric={},
            rubric_sha256="0" * 64,
            **asked,
        )
        Selection.objects.create(sub_program=application.sub_program, run=run, **asked)
    elif waits == "payment":
        agreement = Agreement.objects.create(
            application=application, company=company, number="협약", kind="share",
            award_won=1, grant_won=1, drafted_at=NOW, papers_due_at=NOW, sign_due_at=NOW,
        )  # fmt: skip
        Instalment.objects.create(
            agreement=agreement, number=1, label="선급금", after="conclusion", amount_won=1,
            state="requested", requested_by=staff.manager(), requested_at=NOW,
        )  # fmt: skip
    assert due() == set()
    for hours, expected in [(71, set()), (73, {company.pk} if waits else set())]:
        at = now() - timedelta(hours=hours)
        RegistryRecord.objects.update(tried_at=at, confirmed_at=at, valid_until=at)
        assert due() == expected


def test_a_firm_without_what_a_registry_compares_is_never_due_there(nts_server: Agency) -> None:
    company = consenting(founded_on=None)
    assert due("business_identity") == set()
    company_services.update(
        company,
        data={"founded_on": now().date() - timedelta(days=900)},
        opened=company.updated_at,
        by=member_of(company),
        now=now(),
    )
    assert due("business_identity") == {company.pk}
    ask_all()
    assert due("business_identity") == set()


def test_a_sweep_starts_one_job_for_each_registry_with_work(nts_server: Agency) -> None:
    assert services.sweep(now=now()) == 0
    consenting()
    at = now()
    later = at + timedelta(minutes=10)
    assert (services.sweep(now=at), services.sweep(now=later)) == (2, 0)  # their jobs still wait
    jobs = Job.objects.filter(kind=services.ASK_JOB)
    assert jobs.count() == 2
    for job in jobs:
        assert queue.run(job.pk) == JobState.DONE
    assert services.sweep(now=now()) == 0


# Checks of a sub-programme


def check_of(*companies: Company, by: Any = None) -> RegistryCheck:
    program = SubProgramFactory()
    for company in companies:
        ApplicationFactory(filed=True, company=company, sub_program=program, submitted_at=now())
    return services.start_check(program, by=by or staff.manager(), now=now())


def test_a_check_asks_everybody_anew_and_counts_what_changed(nts_server: Agency) -> None:
    first, second, third = consenting(), consenting(), firm()
    ask_all()
    nts_server.closed[first.business_number] = "20211101"
    nts_server.asked.clear()
    check = check_of(first, second, third)
    assert check.job is not None
    assert queue.run(check.job.pk) == JobState.DONE
    check.refresh_from_db()
    assert set(nts_server.asked) == {first.business_number, second.business_number}
    assert check.unasked == 1
    assert check.results["business_status"] == {"answered": 2, "changed": 1, "failed": {}}
    assert check.finished_at is not None
    [change] = queries.changes_for(staff.manager())
    assert change.subject == first.business_number


def test_a_check_that_was_interrupted_goes_on_where_it_stopped(nts_server: Agency) -> None:
    companies = [consenting() for _ in range(3)]
    check = check_of(*companies)
    one = companies[0].business_number
    gateway.ask(
        STATUS, [q for q in queries.questions(STATUS, queries.consenting()) if q.subject == one]
    )
    nts_server.asked.clear()
    services.run_check(check, now=now())
    assert one not in nts_server.asked
    assert check.results["business_status"]["answered"] == 3


def test_a_check_waits_while_the_agency_is_away_and_can_be_ended(nts_server: Agency) -> None:
    check = check_of(consenting())
    nts_server.fault = "down"
    assert check.job is not None
    assert queue.run(check.job.pk) == JobState.QUEUED
    with pytest.raises(MoveNotAllowed, match="진행 중"):
        services.stop_check(check, by=staff.manager(), now=now())
    with pytest.raises(MoveNotAllowed, match="진행 중"):
        services.start_check(check.sub_program, by=staff.manager(), now=now())
    queue.cancel(check.job, now=now())
    check.refresh_from_db()
    services.stop_check(check, by=staff.manager(), now=now())
    assert check.results["business_status"]["failed"] == {"down": 1}
    assert check.results["business_status"]["answered"] == 0


def test_a_check_comes_to_the_firms_behind_a_call_that_always_fails(
    nts_server: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    companies = [consenting() for _ in range(3)]
    stuck = min(company.business_number for company in companies)
    answered = nts.BusinessStatus.ask

    def ask(service: nts.BusinessStatus, questions: Any) -> Any:
        if stuck in {question.subject for question in questions}:
            raise NotAnswered(Failure.UNREADABLE)
        return answered(service, questions)

    monkeypatch.setattr(nts.BusinessStatus, "ask", ask)
    one_each = {code: replace(row, per_call=1) for code, row in registries().items()}
    monkeypatch.setattr(services, "connected", lambda: one_each)
    check = check_of(*companies)
    with pytest.raises(Unavailable):
        services.run_check(check, now=now())
    assert RegistryRecord.objects.filter(registry=STATUS.code).count() == 1
    services.run_check(check, now=now())
    assert check.finished_at is not None
    assert check.results["business_status"]["answered"] == 2
    assert check.results["business_status"]["failed"] == {"unreadable": 1}


def test_a_check_needs_a_registry_and_the_right(settings: Any) -> None:
    program = SubProgramFactory()
    with pytest.raises(MoveNotAllowed, match="연결된"):
        services.start_check(program, by=staff.manager(), now=now())
    with pytest.raises(MoveNotAllowed, match="권한"):
        services.start_check(program, by=staff.auditor(), now=now())


# What staff see


def changed(nts_server: Agency) -> tuple[Company, RegistryChange]:
    company = consenting()
    ApplicationFactory(filed=True, company=company, submitted_at=now())
    ask_all()
    nts_server.closed[company.business_number] = "20211101"
    gateway.ask(STATUS, queries.questions(STATUS, queries.consenting()))
    [change] = queries.changes_for(staff.manager())
    return company, change


def test_staff_note_what_they_found_once_and_nothing_is_decided(
    client: Client, nts_server: Agency
) -> None:
    company, change = changed(nts_server)
    state = company.applications.get().state
    staff.enter(client, staff.manager())
    page = client.get(reverse("admin:applications_registrychange_changelist")).content.decode()
    assert company.name in page
    assert "폐업자(폐업일 2021.11.1.)" in page
    url = reverse("admin:applications_registrychange_act", args=[change.pk, "review"])
    form = client.get(url)
    seen = form.context["seen"]
    client.post(url, {"seen": seen, "note": "폐업 사실증명을 받았습니다."})
    page = client.get(
        reverse("admin:applications_registrychange_change", args=[change.pk])
    ).content.decode()
    assert "폐업 사실증명을 받았습니다." in page
    assert company.applications.get().state == state
    with pytest.raises(MoveNotAllowed, match="이미"):
        services.review(change, note="다시", by=staff.manager(), now=now())


def test_changes_are_shown_to_the_staff_of_the_sub_programme_alone(nts_server: Agency) -> None:
    company, change = changed(nts_server)
    program = company.applications.get().sub_program
    assert list(queries.changes_for(staff.officer(program))) == [change]
    assert not queries.changes_for(staff.officer(SubProgramFactory())).exists()
    assert not queries.changes_for(member_of(company)).exists()


def test_a_tied_person_notes_nothing(nts_server: Agency) -> None:
    company, change = changed(nts_server)
    manager = staff.manager()
    DeclaredTie.objects.create(
        user=manager,
        kind="shares",
        firm_name=company.name,
        business_number=company.business_number,
        declared_at=now(),
    )
    with pytest.raises(MoveNotAllowed):
        services.review(change, note="봤습니다", by=manager, now=now())


@pytest.mark.parametrize("count", [2, 12])
def test_the_list_of_changes_asks_as_much_however_long_it_is(
    client: Client, nts_server: Agency, django_assert_max_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        ApplicationFactory(filed=True, company=consenting(), submitted_at=now())
    ask_all()
    nts_server.closed = dict.fromkeys(nts_server.asked, "20211101")
    gateway.ask(STATUS, queries.questions(STATUS, queries.consenting()))
    staff.enter(client, staff.manager())
    with django_assert_max_num_queries(12):
        page = client.get(reverse("admin:applications_registrychange_changelist"))
    assert page.content.decode().count("폐업자") == count


def test_a_check_is_started_and_followed_by_its_page(client: Client, nts_server: Agency) -> None:
    company = consenting()
    program = SubProgramFactory()
    ApplicationFactory(filed=True, company=company, sub_program=program, submitted_at=now())
    staff.enter(client, staff.manager())
    start = reverse("admin:applications_registrycheck_start")
    assert (
        start in client.get(reverse("admin:applications_registrycheck_changelist")).content.decode()
    )
    form = client.get(start)
    answer = client.post(start, {"seen": form.context["seen"], "sub_program": program.pk})
    check = RegistryCheck.objects.get()
    assert check.job is not None
    queue.run(check.job.pk)
    page = client.get(answer["Location"]).content.decode()
    assert "국세청 사업자 상태" in page
    assert "1곳" in page
