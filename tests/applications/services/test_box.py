"""The document box: papers by kind with their days, copied into drafts, told before they end."""

from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from applications.models import Attachment, BoxPaper
from applications.queries import box as queries
from applications.queries.intake import drafting as drafts
from applications.services import box, claims
from applications.services.intake import drafting, preparing
from applications.states import MemberRole
from applications.visibility import papers_of
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import Notice
from portal.uploads import files, unreferenced
from programs.models import RequiredDocument
from programs.queries import papers
from tests.factories import staff
from tests.factories.agreements import pdf
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    BoxPaperFactory,
    CompanyFactory,
    UserFactory,
    member_of,
    owner_of,
)

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
TAX = "national_tax_clearance"


def put(company, kind=TAX, **changes) -> BoxPaper:
    given = {"issued_on": TODAY, "valid_until": None, "upload": pdf(), "by": owner_of(company)}
    return box.put(company, kind=kind, **{**given, **changes}, now=NOW)


def draft_with(*codes: str):
    made = ApplicationFactory()
    for code in codes:
        RequiredDocument.objects.create(
            sub_program=made.sub_program, code=code, label=code, formats=["pdf"], origin="x"
        )
    return made


def offered(draft, at=NOW):
    return queries.offers(drafts.load(draft), now=at)


@pytest.mark.parametrize(
    ("kind", "issued", "written", "until"),
    [
        (TAX, date(2021, 2, 1), None, date(2021, 3, 3)),
        (TAX, date(2021, 2, 1), date(2021, 2, 28), date(2021, 2, 28)),
        ("factory_registration", date(2020, 11, 30), None, date(2021, 2, 28)),
        ("sme_certificate", date(2020, 4, 1), date(2021, 3, 31), date(2021, 3, 31)),
        ("business_registration", date(2005, 1, 3), None, None),
    ],
)
def test_the_kind_says_until_when_a_paper_is_good(kind, issued, written, until) -> None:
    made = put(CompanyFactory(), kind, issued_on=issued, valid_until=written)
    assert (made.valid_until, made.removed_at) == (until, None)


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        ("quote", {}, "paper_unknown"),
        (TAX, {"issued_on": TODAY + timedelta(days=1)}, "paper_issued_on"),
        (TAX, {"issued_on": TODAY - timedelta(days=31)}, "paper_expired"),
        (TAX, {"valid_until": TODAY + timedelta(days=31)}, "valid_until"),
        (TAX, {"valid_until": TODAY - timedelta(days=1)}, "valid_until"),
        ("sme_certificate", {}, "valid_until"),
        ("business_registration", {"valid_until": TODAY}, "valid_until"),
        (TAX, {"upload": ContentFile(b"hello", name="a.exe")}, "file_type"),
    ],
)
def test_a_paper_that_cannot_be_used_is_refused(kind, changes, code) -> None:
    with pytest.raises(BadInput) as refused:
        put(CompanyFactory(), kind, **changes)
    assert refused.value.code == code
    assert not BoxPaper.objects.exists()


def test_every_kind_has_what_its_page_tells() -> None:
    for kind in papers.kinds().values():
        assert kind.label
        assert kind.issuer
        assert kind.link.startswith("https://")
        assert kind.origin
        assert not (kind.valid_days and kind.valid_months)
        ends = kind.written or kind.valid_days or kind.valid_months
        assert bool(kind.remind_days) == bool(ends)


def test_a_new_paper_takes_the_place_of_the_old_one(django_capture_on_commit_callbacks) -> None:
    company = CompanyFactory()
    old = put(company)
    with django_capture_on_commit_callbacks(execute=True):
        new = put(company, replaces=old)
    assert list(queries.kept(company.pk)) == [new]
    assert not files.is_kept(old.file)
    with pytest.raises(NotFound):  # somebody else replaced it meanwhile
        put(company, replaces=old)
    with pytest.raises(NotFound):  # of another kind
        put(company, "business_registration", replaces=new)
    assert list(queries.kept(company.pk)) == [new]


def test_a_kind_has_room_for_some_papers_and_none_twice() -> None:
    company = CompanyFactory()
    same = pdf()
    put(company, upload=same)
    with pytest.raises(BadInput, match="같은 파일"):
        put(company, upload=same)
    for _ in range(papers.most() - 1):
        put(company)
    with pytest.raises(BadInput) as full:
        put(company)
    assert full.value.code == "paper_count"


def test_a_draft_gets_a_file_of_its_own(django_capture_on_commit_callbacks) -> None:
    draft = draft_with(TAX)
    paper = put(draft.company)
    used = box.use(draft, requirement=TAX, paper=paper, by=draft.created_by, now=NOW)
    assert (used.sha256, used.issued_on, used.valid_until) == (
        paper.sha256, paper.issued_on, paper.valid_until,
    )  # fmt: skip
    assert used.file != paper.file
    with django_capture_on_commit_callbacks(execute=True):
        box.remove(paper, by=draft.created_by, now=NOW)
    assert not files.is_kept(paper.file)
    assert files.is_kept(used.file)
    content = preparing.of(drafts.load(draft), now=NOW).content
    assert content["attachments"][0] | {"issued_on": "2021-02-10"} == content["attachments"][0]


def test_taking_a_file_from_a_draft_leaves_the_box(django_capture_on_commit_callbacks) -> None:
    draft = draft_with(TAX)
    paper = put(draft.company)
    used = box.use(draft, requirement=TAX, paper=paper, by=draft.created_by, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        drafting.detach(used, by=draft.created_by, now=NOW)
    assert files.is_kept(paper.file)


def test_only_usable_papers_of_the_firm_are_offered() -> None:
    draft = draft_with(TAX, "quote")
    good = put(draft.company)
    put(CompanyFactory())
    put(draft.company, "business_registration")
    late = BoxPaperFactory(company=draft.company, valid_until=TODAY - timedelta(days=1))
    assert offered(draft) == {TAX: [good]}
    with pytest.raises(MoveNotAllowed, match="유효기간"):
        box.use(draft, requirement=TAX, paper=late, by=draft.created_by, now=NOW)
    other = put(CompanyFactory())
    with pytest.raises(NotFound):
        box.use(draft, requirement=TAX, paper=other, by=draft.created_by, now=NOW)
    assert not Attachment.objects.exists()
    assert offered(draft, NOW + timedelta(days=31)) == {}


def test_one_press_fills_what_is_empty() -> None:
    draft = draft_with(TAX, "local_tax_clearance", "business_registration")
    put(draft.company)
    best = put(draft.company, "local_tax_clearance")
    put(draft.company, "local_tax_clearance", issued_on=TODAY - timedelta(days=5))
    drafting.attach(draft, requirement=TAX, upload=pdf(), by=draft.created_by, now=NOW)
    made = box.fill(drafts.load(draft), by=draft.created_by, now=NOW)
    assert [(row.requirement, row.sha256) for row in made] == [("local_tax_clearance", best.sha256)]
    empty = ApplicationFactory()
    with pytest.raises(MoveNotAllowed):
        box.fill(drafts.load(empty), by=empty.created_by, now=NOW)


def test_a_paper_that_ended_since_is_a_warning_in_the_review() -> None:
    draft = draft_with(TAX)
    paper = put(draft.company)
    box.use(draft, requirement=TAX, paper=paper, by=draft.created_by, now=NOW)
    code = f"expired:document:{TAX}"

    def found(days: int) -> list[bool]:
        at = NOW + timedelta(days=days)
        return [
            row.blocking for row in drafts.missing(drafts.load(draft), now=at) if row.code == code
        ]

    assert (found(30), found(31)) == ([], [False])


def test_those_who_write_for_the_firm_are_told_once_before_a_paper_ends() -> None:
    company = CompanyFactory()
    owner, editor = owner_of(company), member_of(company, MemberRole.EDITOR)
    member_of(company, MemberRole.VIEWER)
    put(company)
    put(company, "business_registration")
    for days in (22, 23, 24):
        box.sweep(NOW + timedelta(days=days))
    told = Notice.objects.filter(key__startswith="paper-ends:")
    assert {row.user for row in told} == {owner, editor}
    assert told.count() == 2
    assert "국세 납세증명서 유효기간이 2021. 3. 12." in told[0].subject.replace("\xa0", " ")
    assert f"/companies/{company.pk}/papers/" in told[0].body


def test_the_file_of_a_paper_goes_long_after_its_end(django_capture_on_commit_callbacks) -> None:
    paper = put(CompanyFactory())
    last = NOW + timedelta(days=30 + papers.kept_days())
    box.sweep(last)
    assert BoxPaper.objects.get().removed_at is None
    with django_capture_on_commit_callbacks(execute=True):
        box.sweep(last + timedelta(days=1))
    paper.refresh_from_db()
    assert (paper.removed_at, paper.removed_by) == (last + timedelta(days=1), None)
    assert not files.is_kept(paper.file)


def test_a_firm_that_goes_to_others_leaves_its_box(django_capture_on_commit_callbacks) -> None:
    company = CompanyFactory()
    former = owner_of(company)
    paper = put(company)
    claim = claims.file(
        number=company.business_number,
        firm_name="주인",
        text="저희 번호입니다.",
        upload=pdf(),
        by=UserFactory(),
        now=NOW,
    )
    claims.examine(claim, uphold=True, opinion="확인", by=staff.officer(), now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        claims.decide(claim, by=staff.manager(), now=NOW)
    assert not papers_of(former).exists()
    assert not papers_of(claim.claimant).exists()
    assert not files.is_kept(paper.file)


def test_a_file_of_the_box_is_no_orphan() -> None:
    paper = put(CompanyFactory())
    lost = files.store_made(ContentFile(b"nobody's"))
    found = set(unreferenced.find(now=now() + timedelta(days=2)))
    assert lost in found
    assert paper.file not in found


# Pages


def enter(client: Client, company, role=MemberRole.OWNER):
    person = member_of(company, role)
    staff.enter(client, person)
    return person


def read(client: Client, paper: BoxPaper) -> int:
    answer = client.get(f"/companies/papers/{paper.pk}/")
    assert b"".join(answer.streaming_content)  # read to its end, which lets go of the file
    return answer.status_code


def test_the_page_puts_replaces_and_removes(client: Client) -> None:
    company = CompanyFactory()
    person = enter(client, company)
    page = f"/companies/{company.pk}/papers/"
    sent = {"act": "put", "kind": "business_registration", "issued_on": "2015-01-03"}
    assert client.post(page, {**sent, "upload": pdf("등록증.pdf")}).status_code == 302
    first = BoxPaper.objects.get()
    assert (first.uploaded_by, first.name) == (person, "등록증.pdf")
    refused = client.post(page, sent)
    assert refused.status_code == 400
    assert 'disclosure" open' in refused.content.decode()
    again = {**sent, "replaces": str(first.pk), "upload": pdf("새 등록증.pdf")}
    assert client.post(page, again).status_code == 302
    second = queries.kept(company.pk).get()
    assert second.name == "새 등록증.pdf"
    body = client.get(page).content.decode()
    assert "새 등록증.pdf" in body
    assert "2015. 1. 3." in body.replace("\xa0", " ")
    assert read(client, second) == 200
    assert client.post(page, {"act": "remove", "paper": second.pk}).status_code == 302
    assert client.get(f"/companies/papers/{second.pk}/").status_code == 404
    second.refresh_from_db()
    assert (second.removed_by, second.removed_at is not None) == (person, True)


def test_a_reader_of_the_firm_reads_alone(client: Client) -> None:
    company = CompanyFactory()
    paper = put(company)
    enter(client, company, MemberRole.VIEWER)
    page = f"/companies/{company.pk}/papers/"
    body = client.get(page).content.decode()
    assert paper.name in body
    assert "서류함에 넣기" not in body
    assert read(client, paper) == 200
    assert client.post(page, {"act": "remove", "paper": paper.pk}).status_code == 404
    assert client.post(page, {"act": "put", "kind": TAX}).status_code == 404
    paper.refresh_from_db()
    assert paper.removed_at is None


def test_a_member_of_two_firms_removes_only_where_the_role_allows(client: Client) -> None:
    ours, theirs = CompanyFactory(), CompanyFactory()
    person = enter(client, ours)
    theirs.members.create(user=person, role=MemberRole.VIEWER, since=NOW)
    paper = put(theirs, by=person)
    sent = client.post(f"/companies/{ours.pk}/papers/", {"act": "remove", "paper": paper.pk})
    assert sent.status_code == 404
    paper.refresh_from_db()
    assert paper.removed_at is None


def test_the_step_takes_one_paper_or_all(client: Client, monkeypatch) -> None:
    monkeypatch.setattr("applications.views.intake.drafting.now", lambda: NOW)
    draft = draft_with(TAX, "local_tax_clearance")
    tax, local = put(draft.company), put(draft.company, "local_tax_clearance")
    staff.enter(client, draft.created_by)
    page = f"/applications/{draft.pk}/edit/documents/"
    assert "서류함에서 모두 가져오기" in client.get(page).content.decode()
    answer = client.post(page, {"act": "use", "paper": tax.pk})
    assert answer.url == f"{page}#document-{TAX}"
    foreign = put(CompanyFactory())
    assert client.post(page, {"act": "use", "paper": foreign.pk}).status_code == 404
    assert client.post(page, {"act": "fill"}).status_code == 302
    assert set(draft.attachments.values_list("sha256", flat=True)) == {tax.sha256, local.sha256}
    assert "서류함에서 모두 가져오기" not in client.get(page).content.decode()
