"""What a review shows is what is filed: every change of what it was made from is noticed."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import F

from applications.forms.application import content
from applications.models import (
    Agreement,
    Application,
    Company,
    PreparedFiling,
    RegistryConsent,
    Site,
    Submission,
)
from applications.queries.intake import drafting as drafting_queries
from applications.queries.intake.partners import expires_at
from applications.rules import evidence as rules
from applications.services.intake import drafting, filing, preparing
from applications.states import MemberRole, PartnerState
from portal.core.clock import KST
from portal.core.errors import Closed, RuleBroken
from portal.models import RegistryRecord, User
from portal.records import snapshot
from programs.models import BonusItem, Budget, ProgramRound, RequiredDocument, SubProgram, Track
from programs.services import ledger
from tests.factories import drafts, programs
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    AttachmentFactory,
    CompanyFactory,
    PartnerFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
Change = Callable[[Application], object]


@pytest.fixture
def robot() -> SubProgram:
    programs.load()
    return programs.program("robot")


def save(draft: Application, name: str, **answers: object) -> object:
    section = draft.sections.get(name=name)
    words = {"version": section.version, "by": draft.created_by, "now": NOW}
    return drafting.save_section(draft, name=name, data=answers, **words)


def company(draft: Application, **fields: object) -> int:
    return Company.objects.filter(pk=draft.company_id).update(**fields)


def program(draft: Application, **fields: object) -> int:
    return SubProgram.objects.filter(pk=draft.sub_program_id).update(**fields)


def first_row(draft: Application, name: str, **fields: object) -> int:
    """Change the first row of a list of the catalogue."""
    first, *rest = SubProgram.objects.values_list(name, flat=True).get(pk=draft.sub_program_id)
    return program(draft, **{name: [{**first, **fields}, *rest]})


def partner(draft: Application, **fields: object) -> int:
    return draft.partners.filter(pk=draft.partners.first().pk).update(**fields)


def rename_partner(draft: Application) -> int:
    return Company.objects.filter(pk=draft.partners.first().company_id).update(name="바뀐 공급기업")


def terms(draft: Application, **fields: object) -> object:
    row = draft.partners.first().terms
    return type(row).objects.filter(pk=row.pk).update(**fields)


def profile_row(draft: Application) -> int:
    first, *rest = draft.sub_program.round.profile
    return ProgramRound.objects.update(profile=[{**first, "label": "바뀐 질문"}, *rest])


def first_file(draft: Application) -> object:
    return drafting.detach(draft.attachments.first(), by=draft.created_by, now=NOW)


def take_back(draft: Application) -> object:
    code = draft.consents.filter(given=True).first().code
    return drafting.consent(draft, answers={code: False}, by=draft.created_by, now=NOW)


# By what is changed: the section in which the page tells it, and the change.
CHANGES: dict[str, tuple[str, Change]] = {
    "an answer": (content.PLAN, lambda a: save(a, "plan", process="바뀐 공정")),
    "a cost": (content.COST, lambda a: save(a, "cost", robot="31000000")),
    "the track": (
        content.PLAN,
        lambda a: drafting.choose_track(a, code="", by=a.created_by, now=NOW),
    ),
    "the confirmed profile": (content.COMPANY, lambda a: save(a, "company", employees="77")),
    "a file that is new": (
        content.DOCUMENTS,
        lambda a: AttachmentFactory(application=a, requirement="quote", name="새 견적서.pdf"),
    ),
    "a file that is gone": (content.DOCUMENTS, first_file),
    "a consent": (content.DECLARATIONS, take_back),
    "the firm's name": (content.COMPANY, lambda a: company(a, name="바뀐 이름")),
    "the firm's address": (content.COMPANY, lambda a: company(a, address="바뀐 주소")),
    "the firm's phone": (content.COMPANY, lambda a: company(a, phone="02-9999-9999")),
    "the representative": (content.COMPANY, lambda a: company(a, representative="바뀐 대표")),
    "the site's name": (
        content.COMPANY,
        lambda a: Site.objects.filter(pk=a.site_id).update(name="바뀐 공장"),
    ),
    "the site's region": (
        content.COMPANY,
        lambda a: Site.objects.filter(pk=a.site_id).update(region="busan"),
    ),
    "the site's address": (
        content.COMPANY,
        lambda a: Site.objects.filter(pk=a.site_id).update(address="바뀐 공장 주소"),
    ),
    "a partner's name": (content.PARTNERS, rename_partner),
    "a partner's answer": (content.PARTNERS, lambda a: partner(a, state=PartnerState.PENDING)),
    "a partner's firm": (content.PARTNERS, lambda a: partner(a, company=CompanyFactory())),
    "a new partner": (
        content.PARTNERS,
        lambda a: PartnerFactory(
            application=a, role="supplier", state="accepted", company=CompanyFactory()
        ),
    ),
    "a partner's task": (content.PARTNERS, lambda a: terms(a, part="바뀐 일")),
    "a partner's quotation": (content.PARTNERS, lambda a: terms(a, quote_won=F("quote_won") + 1)),
    "the programme's name": (content.PROGRAM, lambda a: program(a, name="바뀐 사업")),
    "a condition": (content.FORM, lambda a: first_row(a, "conditions", message="바뀐 요건")),
    "what a condition asks": (content.FORM, lambda a: first_row(a, "conditions", values=["x"])),
    "a question": (content.FORM, lambda a: first_row(a, "questions", label="바뀐 질문입니까?")),
    "a consent's wording": (content.FORM, lambda a: first_row(a, "consents", purpose="바뀐 목적")),
    "a cost item": (content.FORM, lambda a: first_row(a, "cost_items", label="바뀐 비목")),
    "a partner's role": (content.FORM, lambda a: first_row(a, "partner_roles", guide="바뀐 안내")),
    "a question about the firm": (content.FORM, profile_row),
    "a document": (
        content.FORM,
        lambda a: RequiredDocument.objects.filter(sub_program=a.sub_program_id).update(
            guide="바뀜"
        ),
    ),
    "a document that is new": (
        content.FORM,
        lambda a: RequiredDocument.objects.create(
            sub_program=a.sub_program, code="new", label="새 서류", formats=["pdf"], origin="x"
        ),
    ),
    "a bonus": (
        content.FORM,
        lambda a: BonusItem.objects.create(
            sub_program=a.sub_program, code="new", label="새 가점", points=3, origin="x"
        ),
    ),
    "the cap": (
        content.GRANT,
        lambda a: Track.objects.filter(pk=a.track_id).update(cap_won=10_000_000),
    ),
    "the share": (
        content.GRANT,
        lambda a: Track.objects.filter(pk=a.track_id).update(share_percent=40),
    ),
    "the rounding": (content.GRANT, lambda a: program(a, rounding_won=7_000_000)),
}
# What the page does not show and filing freezes all the same.
UNSEEN: dict[str, Change] = {
    "a new member": lambda a: member_of(a.company, MemberRole.VIEWER),
    "a member's address": lambda a: User.objects.filter(pk=a.created_by_id).update(
        email="changed@example.kr"
    ),
    "a member's phone": lambda a: User.objects.filter(pk=a.created_by_id).update(phone="010-1"),
    "a partner's member": lambda a: member_of(a.partners.first().company, MemberRole.OWNER),
    "the draft saved as it was": lambda a: save(a, "plan"),
    "the answer of an agency": lambda a: RegistryRecord.objects.create(
        registry="business_status",
        subject=a.company.business_number,
        tried_at=NOW,
        failure="down",
    ),
    "a consent to ask agencies": lambda a: RegistryConsent.objects.create(
        company=a.company, wording="2021-1", given_by=a.created_by, given_at=NOW
    ),
    "another agreement of the firm": lambda a: Agreement.objects.create(
        application=ApplicationFactory(sub_program=a.sub_program, company=a.company, released=True),
        company=a.company,
        number="협약",
        kind="share",
        award_won=1,
        grant_won=1,
        drafted_at=NOW,
        papers_due_at=NOW,
        sign_due_at=NOW,
    ),
}


def each(changes: dict[str, Change], draft: Application) -> Iterator[str]:
    """Make each change in turn, each on the draft as it was."""
    for name, change in changes.items():
        with transaction.atomic():
            change(Application.objects.get(pk=draft.pk))
            yield name
            transaction.set_rollback(True)


def test_a_change_of_anything_that_was_shown_is_told_and_not_filed(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    seen = drafts.seen(draft)
    for name in each({name: change for name, (_, change) in CHANGES.items()}, draft):
        with pytest.raises(filing.ChangedSinceReview) as refused:
            filing.submit(draft, by=draft.created_by, now=NOW, seen=seen)
        before = refused.value.before
        assert before is not None, name
        told = content.differences(before, preparing.prepare(draft, now=NOW))
        assert CHANGES[name][0] in {row.section for row in told}, name
        for row in told:
            assert row.label.strip(), name
            assert row.before != row.after, name
            assert row.label != "그 밖의 내용", name
        assert not Submission.objects.exists(), name


@pytest.mark.postgres
def test_the_database_tells_of_every_change_of_what_is_frozen(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    seen = drafts.seen(draft)
    changes = {name: change for name, (_, change) in CHANGES.items()} | UNSEEN
    for name in each(changes, draft):
        assert not preparing.stored(draft, seen).holds(NOW), name
    assert preparing.stored(draft, seen).holds(NOW)  # all changes were taken back


def test_what_nobody_was_shown_is_frozen_as_it_is_when_filed(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    seen = drafts.seen(draft)
    for name in each(UNSEEN, draft):
        filed = filing.submit(draft, by=draft.created_by, now=NOW, seen=seen)
        anew = preparing.of(drafting_queries.load(draft), now=NOW)
        assert filed.application.frozen_parties.parties == anew.parties, name
        kept = rules.stamped(anew.evidence, at=NOW, number=filed.number)
        assert filed.evidence == kept, name
        assert filed.content["version"] == Application.objects.get(pk=draft.pk).version, name


@pytest.mark.postgres
def test_what_changes_nothing_that_is_frozen_leaves_it_as_it_is(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    seen = drafts.seen(draft)
    User.objects.update(last_login=NOW)  # everybody signs in
    drafts.complete(robot)  # another firm
    draft.created_by.save()
    assert preparing.stored(draft, seen).holds(NOW)


# --- What is stored ------------------------------------------------------------------------------


def test_it_holds_exactly_what_is_filed(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    prepared = preparing.prepare(draft, now=NOW)
    assert snapshot.sha256(prepared.content) == prepared.sha256
    filed = filing.submit(draft, by=draft.created_by, now=NOW, seen=prepared.sha256)
    stored = Submission.objects.get(pk=filed.pk)
    added = {"number": filed.number, "submitted_at": snapshot.spelled(NOW), "version": 1}
    assert set(stored.content) == set(prepared.content) | set(added)
    assert stored.content == {**prepared.content, **added, "version": prepared.version}
    assert snapshot.sha256(stored.content) == stored.sha256 == filed.sha256


def test_looking_again_stores_nothing_new(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    first = preparing.prepare(draft, now=NOW)
    again = preparing.prepare(draft, now=NOW + timedelta(hours=1))
    assert (again.pk, again.sha256) == (first.pk, first.sha256)
    assert PreparedFiling.objects.count() == 1


def test_the_last_contents_are_kept_and_no_more(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    shown = []
    for turn in range(preparing.KEPT + 3):
        company(draft, name=f"이름 {turn}")
        shown.append(preparing.prepare(draft, now=NOW + turn * INSTANT).sha256)
    kept = set(PreparedFiling.objects.values_list("sha256", flat=True))
    assert kept == set(shown[-preparing.KEPT :])


def test_it_goes_when_the_draft_is_filed_or_withdrawn(robot: SubProgram) -> None:
    filed, withdrawn, open_ = (drafts.complete(robot) for _ in range(3))
    drafts.file(filed)
    for draft in (withdrawn, open_):
        preparing.prepare(draft, now=NOW)
    filing.withdraw(withdrawn, by=withdrawn.created_by, now=NOW, note="사정 변경")
    preparing.sweep(NOW)
    assert list(PreparedFiling.objects.values_list("application", flat=True)) == [open_.pk]


@pytest.mark.parametrize("seen", ["", "0" * 64, "x"])
def test_a_hash_that_nobody_was_shown_files_nothing(robot: SubProgram, seen: str) -> None:
    draft = drafts.complete(robot)
    preparing.prepare(draft, now=NOW)
    with pytest.raises(filing.ChangedSinceReview) as refused:
        filing.submit(draft, by=draft.created_by, now=NOW, seen=seen)
    assert refused.value.before is None
    assert not Submission.objects.exists()


def test_what_another_draft_showed_files_nothing(robot: SubProgram) -> None:
    one, other = (drafts.complete(robot) for _ in range(2))
    with pytest.raises(filing.ChangedSinceReview) as refused:
        filing.submit(one, by=one.created_by, now=NOW, seen=drafts.seen(other))
    assert refused.value.before is None


# --- The instant ---------------------------------------------------------------------------------


def test_it_holds_for_the_day_and_until_an_invitation_expires(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    prepared = preparing.prepare(draft, now=NOW)
    midnight = NOW.astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)
    assert (prepared.valid_from, prepared.valid_until) == (midnight, midnight + DAY)
    asked = PartnerFactory(application=draft, role="supplier", state="invited", company=None)
    turn = expires_at(asked)
    last = preparing.of(drafting_queries.load(draft), now=turn - INSTANT)
    assert last.valid_until == turn
    assert preparing.of(drafting_queries.load(draft), now=turn).valid_from == turn
    assert (last.complete, preparing.of(drafting_queries.load(draft), now=turn).complete) == (
        False,
        True,
    )


def young(draft: Application, founded: date) -> None:
    """Let the programme take firms that are at most three years old."""
    rule = {
        "code": "young",
        "kind": "years_within",
        "fact": "founded_on",
        "number": 3,
        "message": "창업한 지 3년 이내여야 합니다.",
        "label": "설립일",
        "origin": "assumption",
    }
    program(draft, conditions=[*draft.sub_program.conditions, rule])
    save(draft, "company", founded_on=founded.isoformat())


def test_what_was_true_on_the_day_before_is_judged_anew_and_asked_again(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    today = NOW.astimezone(KST).date()
    young(draft, today.replace(year=today.year - 3))
    seen = drafts.seen(draft)
    with pytest.raises(filing.ChangedSinceReview) as refused:
        filing.submit(draft, by=draft.created_by, now=NOW + DAY, seen=seen)
    told = content.differences(refused.value.before, preparing.prepare(draft, now=NOW + DAY))
    assert [(row.section, row.after) for row in told] == [
        (content.ELIGIBILITY, "창업한 지 3년 이내여야 합니다.")
    ]
    with pytest.raises(RuleBroken):
        drafts.file(draft, now=NOW + DAY)
    # A request that came on the day before and is served only now.
    filed = filing.submit(draft, by=draft.created_by, now=NOW, seen=seen)
    assert filed.content["eligibility"] == {"eligible": True, "findings": []}


def test_another_day_that_changes_nothing_asks_nothing(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    filed = filing.submit(draft, by=draft.created_by, now=NOW + DAY, seen=drafts.seen(draft))
    assert filed.submitted_at == NOW + DAY


def test_an_arrival_before_the_deadline_is_filed_after_it(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    closes = robot.window().closes_at
    arrival = closes - INSTANT
    seen = drafts.seen(draft, now=arrival)
    with pytest.raises(Closed):
        filing.submit(draft, by=draft.created_by, now=closes, seen=seen)
    filed = filing.submit(draft, by=draft.created_by, now=arrival, seen=seen)
    assert filed.submitted_at == arrival


def rolling_draft() -> tuple[Application, Budget]:
    programs.load()
    rolling = SubProgram.objects.filter(intake="rolling").first()
    assert rolling is not None
    return drafts.complete(rolling), rolling.pot


@pytest.mark.parametrize(("arrived", "accepted"), [(-INSTANT, True), (INSTANT, False)])
def test_a_rolling_intake_is_judged_by_the_money_at_the_arrival(
    arrived: timedelta, accepted: bool
) -> None:
    draft, pot = rolling_draft()
    seen = drafts.seen(draft)
    amount = Budget.objects.get(pk=pot.pk).available_won
    spent: datetime = NOW + timedelta(hours=1)
    booking = ledger.Booking(amount=amount, reference="all", subject="x")
    ledger.reserve(pot, booking, by=None, now=spent)
    words = {"by": draft.created_by, "now": spent + arrived, "seen": seen}
    if accepted:
        assert filing.submit(draft, **words).submitted_at == spent - INSTANT
    else:
        with pytest.raises(Closed) as refused:
            filing.submit(draft, **words)
        assert refused.value.code == "budget_gone"
