"""Papers that a firm need not attach: agencies have told what they would show, and it counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications import pdf_contexts
from applications.admin.application import content
from applications.forms.application.content import lines
from applications.models import Application, Company
from applications.queries.intake import drafting as queries
from applications.rules import registries as rules
from applications.services import box, registries
from applications.services.intake import drafting, filing, preparing
from portal.core import clock
from portal.core.clock import now
from portal.core.errors import RuleBroken
from portal.models import Job, RegistryAnswer, RegistryRecord
from portal.registries.declared import connected
from portal.registries.declared import registries as declared
from programs.queries import papers
from tests.factories import drafts, programs
from tests.factories.agencies import ANSWERING
from tests.factories.agreements import pdf
from tests.factories.applications import NOW, member_of

SPARED = {
    "business_registration", "sme_certificate", "national_tax_clearance", "local_tax_clearance",
}  # fmt: skip
SOON = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("registry", "found", "facts", "spares"),
    [
        ("business_status", True, {"status": "01"}, True),
        ("business_status", True, {"status": "03"}, False),
        ("business_status", False, {}, False),
        ("business_identity", True, {"matches": True}, True),
        ("business_identity", True, {"matches": False}, False),
        ("national_tax", True, {"arrears": "N", "until": f"{NOW:%Y%m%d}"}, True),
        ("national_tax", True, {"arrears": "N", "until": f"{NOW - timedelta(1):%Y%m%d}"}, False),
        ("national_tax", True, {"arrears": "Y", "until": ""}, False),
        ("local_tax", False, {"arrears": "N"}, False),
        ("sme_certificate", True, {"size": "소기업", "until": ""}, True),
        ("sme_certificate", False, {}, False),
        ("factory_registration", True, {"rows": [{"name": "a", "industry": "C25"}]}, True),
        ("factory_registration", True, {"rows": []}, False),
    ],
)
def test_an_answer_spares_a_paper_only_while_it_says_what_the_paper_must_show(
    registry: str, found: bool, facts: dict[str, Any], spares: bool
) -> None:
    facts = {"tax": "", "closed_on": "", **facts}
    asked: dict[str, Any] = {"found": found, "facts": facts, "now": NOW}
    assert rules.stands_for_paper(registry, until=SOON, **asked) is spares
    assert not rules.stands_for_paper(registry, until=NOW, **asked)


def test_papers_are_told_by_registries_that_exist_and_by_all_of_them() -> None:
    kinds = papers.kinds()
    assert {code for kind in kinds.values() for code in kind.told_by} <= set(declared())
    assert set(papers.told(declared())) == {code for code, kind in kinds.items() if kind.told_by}
    assert papers.told([]) == {}
    for code, named in papers.told(declared()).items():
        for left_out in named:
            assert code not in papers.told(set(declared()) - {left_out})


@pytest.fixture
def draft(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Application:
    """Return a complete robot draft without the papers that an agency issues."""
    settings.REGISTRIES = ANSWERING
    programs.load_open(now())
    made = drafts.complete(programs.program("robot"), now=now(), representative="김하나")
    for paper in made.attachments.filter(requirement__in=SPARED):
        drafting.detach(paper, by=made.created_by, now=now())
    return Application.objects.get(pk=made.pk)


def consent(company: Company) -> None:
    registries.consent(company, by=member_of(company), now=now())
    for code in connected():
        registries.ask_due(code, now=now())


def missing(draft: Application) -> set[str]:
    dossier = queries.load(draft)
    found = {row.code for row in queries.missing(dossier, now=now()) if row.blocking}
    assert {code.rpartition(":")[0] for code in found} <= {"missing:document"}
    return {code.rpartition(":")[2] for code in found}


def test_without_consent_every_paper_is_asked_for(draft: Application) -> None:
    assert missing(draft) == SPARED
    with pytest.raises(RuleBroken):
        drafts.file(draft, now=now())


def test_answers_stand_for_papers_and_are_frozen_with_the_filing(draft: Application) -> None:
    consent(draft.company)
    assert missing(draft) == set()
    words = {text for _, _, _, text in lines(preparing.prepare(draft, now=now()))}
    assert "기관 조회로 갈음 · 국세청 국세 납세증명: 체납 없음" in {
        text.split("(")[0] for text in words
    }
    filed = drafts.file(draft, now=now())
    told = filed.content["told"]
    assert {row["requirement"] for row in told} == SPARED
    for row in told:
        answer = RegistryAnswer.objects.get(pk=row["answer"])
        assert (answer.registry, answer.subject) == (row["registry"], draft.company.business_number)
        assert declared()[row["registry"]].title in row["says"]
    for shown in (pdf_contexts.receipt(filed)["told"], content.told(filed)):
        labels = {row["requirement"]: row["label"] for row in shown}
        assert labels["national_tax_clearance"] == "국세 납세증명서"
    assert all(row["at"].endswith("KST") for row in content.told(filed))


def test_a_paper_that_is_attached_stands_for_itself(draft: Application) -> None:
    consent(draft.company)
    drafting.attach(
        draft, requirement="sme_certificate", upload=pdf("확인서.pdf"), by=draft.created_by,
        now=now(),
    )  # fmt: skip
    filed = drafts.file(draft, now=now())
    assert {row["requirement"] for row in filed.content["told"]} == SPARED - {"sme_certificate"}


def test_no_paper_is_spared_by_an_answer_that_does_not_count(draft: Application) -> None:
    company = draft.company
    consent(company)
    records = RegistryRecord.objects.filter(subject=company.business_number)
    assert missing(draft) == set()
    for record in records.exclude(registry__in=["insured_employees", "medical_products"]):
        kept = record.valid_until
        records.filter(pk=record.pk).update(valid_until=now() - timedelta(seconds=1))
        spared = papers.told(set(declared()) - {record.registry})
        assert missing(draft) == SPARED - set(spared), record.registry
        records.filter(pk=record.pk).update(valid_until=kept)
    registries.withdraw_consent(company, by=member_of(company), now=now())
    assert missing(draft) == SPARED


def test_an_answer_that_runs_out_before_filing_spares_nothing_any_more(
    draft: Application,
) -> None:
    consent(draft.company)
    seen = drafts.seen(draft, now=now())
    until = min(RegistryRecord.objects.exclude(answer=None).values_list("valid_until", flat=True))
    programs.load_open(until)
    with pytest.raises((RuleBroken, filing.ChangedSinceReview)):
        filing.submit(draft, by=draft.created_by, now=until, seen=seen)
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_firm_that_writes_is_asked_about_again_when_its_answer_has_run_out(
    draft: Application,
) -> None:
    consent(draft.company)
    asked, over = now() - timedelta(hours=1), now() - timedelta(minutes=1)
    RegistryRecord.objects.update(tried_at=asked, confirmed_at=asked, valid_until=over)
    Company.objects.update(updated_at=asked)
    assert registries.sweep(now=now()) == len(connected())
    Application.objects.update(updated_at=now() - registries.LOOK_BACK)
    Job.objects.all().delete()
    assert registries.sweep(now=now()) == 0


def test_the_page_says_what_need_not_be_attached_and_the_box_leaves_it_out(
    draft: Application,
) -> None:
    company, client = draft.company, Client()
    client.force_login(draft.created_by)
    url = reverse("application_step", args=[draft.pk, "documents"])
    before = client.get(url).content.decode()
    assert "기관 조회에 동의" in before
    assert "기관 조회로 확인" not in before
    consent(company)
    after = client.get(url).content.decode()
    assert after.count("기관 조회로 확인") == len(SPARED)
    assert "국세청 국세 납세증명: 체납 없음" in after
    for kind in ("business_registration", "quote"):
        if kind in papers.kinds():
            box.put(
                company, kind=kind, issued_on=clock.now().date(), valid_until=None,
                upload=pdf("등록증.pdf"), by=member_of(company), now=now(),
            )  # fmt: skip
    assert box.fill(queries.load(draft), by=draft.created_by, now=now()) == []


def test_the_firm_reads_what_stands_for_papers_and_its_partners_do_not(draft: Application) -> None:
    consent(draft.company)
    partner = draft.partners.get(state="accepted")
    told, url = "기관 조회로 갈음한 서류", reverse("application_review", args=[draft.pk])
    for filed in (False, True):
        if filed:
            drafts.file(draft, now=now())
        for person, reads in ((draft.created_by, True), (member_of(partner.company), False)):
            client = Client()
            client.force_login(person)
            page = client.get(url)
            assert page.status_code == 200
            assert (told in page.content.decode()) is reads
