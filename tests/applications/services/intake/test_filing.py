"""Filing: whole or not at all, once, in time by one clock, frozen with its form."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from applications.models import (
    Application,
    ApplicationMove,
    BonusClaim,
    Company,
    FormVersion,
    IssuedDocument,
    Section,
    Submission,
)
from applications.queries.intake import drafting as drafting_queries
from applications.services.intake import drafting, filing
from applications.states import MemberRole
from portal.core.clock import KST
from portal.core.errors import Closed, MoveNotAllowed, PortalError, RuleBroken, StaleVersion
from portal.core.money import share_of
from portal.models import Job, Notice
from portal.records import snapshot
from programs.models import Budget, ProgramRound, SubProgram
from programs.services import ledger
from tests.factories import drafts, programs
from tests.factories.applications import NOW, member_of

CODES = ("build", "robot", "meister", "aftercare", "capability", "cloud", "level-check")
CLOSES = datetime(2021, 2, 25, 18, tzinfo=KST)
OPENS = datetime(2021, 1, 22, tzinfo=KST)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def robot(db: None) -> SubProgram:
    programs.load()
    return programs.program("robot")


def row_counts() -> dict[str, int]:
    """How much of a filing stands in the tables."""
    return {
        "filed": Submission.objects.count(),
        "moves": ApplicationMove.objects.filter(move="submit").count(),
        "papers": IssuedDocument.objects.filter(kind="receipt").count(),
        "jobs": Job.objects.filter(kind="applications.paper").count(),
        "letters": Notice.objects.filter(key__startswith="receipt:").count(),
    }


NOTHING = dict.fromkeys(("filed", "moves", "papers", "jobs", "letters"), 0)
ONCE = dict.fromkeys(NOTHING, 1)


def submit(draft: Application, *, now: datetime = NOW, **more: object) -> Submission:
    return drafts.file(draft, now=now, **more)


def reloaded(filed: Submission) -> Submission:
    """The submission as the database gives it back."""
    return Submission.objects.select_related("form", "application").get(pk=filed.pk)


# --- What is frozen ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_a_complete_draft_of_each_of_the_seven_is_filed_and_frozen(code: str) -> None:
    programs.load()
    draft = drafts.complete(programs.program(code))
    assert drafting_queries.missing(drafting_queries.load(draft), now=NOW) == []
    filed = reloaded(submit(draft))
    assert row_counts() == ONCE
    assert snapshot.sha256(filed.content) == filed.sha256
    assert snapshot.sha256(filed.form.content) == filed.form.sha256 == filed.content["form_sha256"]
    assert filed.content["version"] == draft.version
    assert filed.content["eligibility"] == {"eligible": True, "findings": []}
    assert (filed.application.state, filed.application.submitted_at) == ("submitted", NOW)
    assert filed.application.number == filed.number == filed.content["number"]
    assert (filed.application.region, filed.application.size) == ("gyeonggi", "small")


def test_the_snapshot_holds_every_answer_and_every_part(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    filed = reloaded(submit(draft))
    read = drafting_queries.load(draft)
    content = filed.content
    assert content["answers"] == snapshot.to_plain(read.reviewed.values)
    assert set(content["answers"]) == set(read.answers)
    assert content["facts"] == snapshot.to_plain(read.facts)
    assert content["profile"]["industry_code"] == draft.company.industry_code
    assert content["company"]["business_number"] == draft.company.business_number
    assert content["site"]["name"] == draft.site.name
    assert [row["sha256"] for row in content["attachments"]] == list(
        draft.attachments.order_by("pk").values_list("sha256", flat=True)
    )
    assert [row["business_number"] for row in content["partners"]] == list(
        draft.partners.order_by("pk").values_list("company__business_number", flat=True)
    )
    assert {row["code"]: row["given"] for row in content["consents"]} == dict(
        draft.consents.values_list("code", "given")
    )


def test_the_grant_is_frozen_as_the_rule_gives_it_and_shares_add_up(robot: SubProgram) -> None:
    filed = reloaded(submit(drafts.complete(robot)))
    preview = filed.content["preview"]
    lines = len(robot.cost_items)
    total = drafts.COST_WON // lines * lines
    assert filed.total_cost_won == preview["total_cost_won"] == total
    assert filed.support_won == preview["support_won"] == share_of(total, 50) // 1000 * 1000
    assert filed.support_won + filed.own_won == total


def test_one_changed_byte_changes_the_hash(robot: SubProgram) -> None:
    filed = reloaded(submit(drafts.complete(robot)))
    text = json.dumps(filed.content, ensure_ascii=False)
    for place in range(10, len(text), max(1, len(text) // 50)):
        if not text[place].isdigit():
            continue
        forged = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
        assert snapshot.sha256(json.loads(forged)) != filed.sha256, place


def test_what_changes_later_does_not_change_what_was_filed(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    filed = reloaded(submit(draft))
    Company.objects.update(name="바뀐 이름", address="다른 곳", industry_code="99999")
    SubProgram.objects.update(questions=[], conditions=[], consents=[])
    again = reloaded(filed)
    assert (again.content, again.sha256) == (filed.content, filed.sha256)
    assert again.form.content["questions"]
    assert snapshot.sha256(again.content) == again.sha256


def test_two_filings_under_the_same_form_keep_it_once(robot: SubProgram) -> None:
    first, second = (submit(drafts.complete(robot)) for _ in range(2))
    assert first.form_id == second.form_id
    assert FormVersion.objects.count() == 1
    assert first.sha256 != second.sha256


def test_a_changed_form_is_another_version(robot: SubProgram) -> None:
    first = submit(drafts.complete(robot))
    SubProgram.objects.filter(pk=robot.pk).update(bonus_cap=0)
    robot.documents.update(guide="새 안내")
    second = submit(drafts.complete(robot))
    assert first.form_id != second.form_id


def test_the_number_names_year_scheme_and_round(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    assert submit(draft).number == f"2021-{robot.short}-1차-{draft.pk:06d}"


def test_a_submission_cannot_be_rewritten_or_erased(robot: SubProgram) -> None:
    filed = submit(drafts.complete(robot))
    ways: list[Callable[[], object]] = [
        lambda: Submission.objects.update(sha256="0" * 64),
        lambda: Submission.objects.filter(pk=filed.pk).delete(),
        lambda: FormVersion.objects.update(content={}),
        lambda: filed.save(),
    ]
    for way in ways:
        with pytest.raises(DatabaseError), transaction.atomic():
            way()
    assert reloaded(filed).sha256 == filed.sha256


@pytest.mark.django_db
def test_a_claimed_bonus_is_kept_for_staff_and_an_unclaimed_one_is_not() -> None:
    programs.load()
    build = programs.program("build")
    claimed = submit(drafts.complete(build, claim=True))
    item = build.bonus_items.get()
    row = BonusClaim.objects.get(application_id=claimed.pk)
    assert (row.code, row.points, row.state) == (item.code, item.points, "claimed")
    assert claimed.content["answers"][item.question]
    plain = submit(drafts.complete(build))
    assert not BonusClaim.objects.filter(application_id=plain.pk).exists()


def test_the_receipt_goes_to_whoever_filed(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    editor = member_of(draft.company, MemberRole.EDITOR)
    filed = submit(draft, by=editor)
    letter = Notice.objects.get(key=f"receipt:{draft.pk}")
    assert (letter.to_email, letter.user) == (editor.email, editor)
    assert filed.number in letter.body
    assert filed.sha256 in letter.body
    assert "2021. 2. 10. 14:03:22" in letter.body
    assert filed.submitted_by == editor


def test_filing_asks_the_database_a_fixed_number_of_times(
    robot: SubProgram, django_assert_max_num_queries
) -> None:
    draft = drafts.complete(robot)
    submit(drafts.complete(robot))  # the form version is known, as for all but the first
    with django_assert_max_num_queries(45):
        submit(draft)


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_an_empty_draft_is_told_everything_at_once_and_stays(code: str) -> None:
    programs.load()
    draft = drafts.empty(programs.program(code))
    before = Application.objects.values().get(pk=draft.pk)
    with pytest.raises(RuleBroken) as refused:
        submit(draft)
    told = {row.code for row in refused.value.findings}
    assert told == {
        row.code
        for row in drafting_queries.missing(drafting_queries.load(draft), now=NOW)
        if row.blocking
    }
    kinds = {code.split(":")[0] for code in told}
    assert "missing" in kinds
    assert {c for c in told if c.startswith("missing:consent:")} == {
        f"missing:consent:{row['code']}"
        for row in draft.sub_program.consents
        if row.get("required", True)
    }
    assert len(told) >= 4
    assert row_counts() == NOTHING
    assert Application.objects.values().get(pk=draft.pk) == before


def test_each_missing_part_alone_stops_the_filing(robot: SubProgram) -> None:
    takes_away: dict[str, Callable[[Application], object]] = {
        "missing:document:": lambda a: a.attachments.filter(pk=a.attachments.first().pk).delete(),
        "missing:consent:": lambda a: a.consents.filter(given=True).update(given=False),
        "partner_": lambda a: a.partners.all().delete(),
        "missing:": lambda a: a.sections.filter(name="plan").update(data={}),
        "missing:cost": lambda a: a.sections.filter(name="cost").delete(),
    }
    for expected, take_away in takes_away.items():
        draft = drafts.complete(robot)
        take_away(draft)
        with pytest.raises(RuleBroken) as refused:
            submit(draft)
        assert any(row.code.startswith(expected) for row in refused.value.findings), expected
    assert row_counts() == NOTHING


def test_a_partner_who_has_not_answered_stops_the_filing(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    draft.partners.update(state="invited", company=None)
    with pytest.raises(RuleBroken) as refused:
        submit(draft)
    assert {row.code.split(":")[0] for row in refused.value.findings} == {"partner_pending"}


def test_at_the_closing_instant_it_is_closed_and_the_draft_stays(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    with pytest.raises(Closed) as refused:
        submit(draft, now=CLOSES)
    assert refused.value.code == "round_closed"
    assert refused.value.message.count("2021. 2. 25. 18:00:00 KST") == 2  # deadline and arrival
    draft.refresh_from_db()
    assert (draft.state, draft.number) == ("draft", None)
    assert row_counts() == NOTHING


def test_a_microsecond_before_the_closing_it_is_filed(robot: SubProgram) -> None:
    filed = reloaded(submit(drafts.complete(robot), now=CLOSES - INSTANT))
    assert filed.submitted_at == CLOSES - INSTANT
    assert snapshot.sha256(filed.content) == filed.sha256


def test_a_microsecond_before_the_opening_it_is_too_early(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    with pytest.raises(Closed) as refused:
        submit(draft, now=OPENS - INSTANT)
    assert refused.value.code == "round_upcoming"
    assert submit(draft, now=OPENS).submitted_at == OPENS


def test_the_deadline_is_the_one_in_force_when_it_arrives(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    ProgramRound.objects.update(closes_at=CLOSES + timedelta(days=2))
    assert submit(draft, now=CLOSES + timedelta(days=1)).pk == draft.pk


def test_lateness_is_told_before_gaps_are(robot: SubProgram) -> None:
    with pytest.raises(Closed):
        submit(drafts.empty(robot), now=CLOSES)


@pytest.mark.django_db
def test_a_rolling_intake_ends_when_its_pot_is_empty() -> None:
    programs.load()
    rolling = SubProgram.objects.filter(intake="rolling").first()
    assert rolling is not None
    pot = rolling.pot
    draft = drafts.complete(rolling)
    second = drafts.complete(rolling)
    assert submit(draft, now=CLOSES + timedelta(days=30)).number
    amount = Budget.objects.get(pk=pot.pk).available_won
    ledger.reserve(
        pot, ledger.Booking(amount=amount, reference="all", subject="x"), by=None, now=NOW
    )
    with pytest.raises(Closed) as refused:
        submit(second)
    assert refused.value.code == "budget_gone"


# --- Exactly once --------------------------------------------------------------------------------


def test_sent_again_it_answers_with_the_same_submission(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    first = submit(draft)
    other = member_of(draft.company, MemberRole.EDITOR)
    later = [
        submit(draft),
        submit(draft, by=other),
        submit(draft, now=CLOSES + timedelta(days=1)),  # the answer was lost; it was in time
        submit(Application.objects.get(pk=draft.pk)),
    ]
    assert {again.sha256 for again in later} == {first.sha256}
    assert {again.submitted_at for again in later} == {NOW}
    assert row_counts() == ONCE


def test_sent_again_after_staff_took_it_up_it_still_answers_the_same(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    first = submit(draft)
    Application.objects.filter(pk=draft.pk).update(state="screening")
    assert submit(draft).sha256 == first.sha256
    draft.refresh_from_db()
    assert draft.state == "screening"


def test_a_change_between_reading_and_writing_is_read_again(
    robot: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.complete(robot)
    by = draft.created_by
    edited = []

    def slow_file(*given: object, **words: object) -> Submission:
        if not edited:
            plan = draft.sections.get(name="plan")
            edited.append(
                drafting.save_section(
                    draft, name="plan", data=plan.data, version=plan.version, by=by, now=NOW
                )
            )
        return whole(*given, **words)

    whole = filing._file
    monkeypatch.setattr(filing, "_file", slow_file)
    filed = reloaded(submit(draft))  # saved again as it was: nothing that was seen has changed
    draft.refresh_from_db()
    assert filed.content["version"] == draft.version
    assert filed.content["answers"] == snapshot.to_plain(
        drafting_queries.load(draft).reviewed.values
    )
    assert row_counts() == ONCE


def test_a_draft_that_never_stands_still_is_not_filed(
    robot: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.complete(robot)
    whole = filing._file

    def overtaken(*given: object, **words: object) -> Submission:
        Application.objects.filter(pk=draft.pk).update(version=F("version") + 1)
        return whole(*given, **words)

    monkeypatch.setattr(filing, "_file", overtaken)
    with pytest.raises(StaleVersion):
        submit(draft)
    assert row_counts() == NOTHING


def test_a_fault_half_way_leaves_nothing_behind(
    robot: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.complete(robot)
    here = "applications.services.intake.filing"
    steps = (f"{here}.move", f"{here}.outbox.new", f"{here}.documents.order")
    for step in (*steps, "portal.records.bulk.insert_together"):
        with monkeypatch.context() as broken:
            broken.setattr(step, lambda *a, **k: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                submit(draft)
        draft.refresh_from_db()
        assert draft.state == "draft"
        assert row_counts() == NOTHING
    submit(draft)
    assert row_counts() == ONCE


# --- Afterwards ----------------------------------------------------------------------------------


def test_what_was_filed_cannot_be_edited_any_more(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    submit(draft)
    by, sections = draft.created_by, list(Section.objects.order_by("pk").values())
    plan = draft.sections.get(name="plan")
    acts: list[Callable[[], object]] = [
        lambda: drafting.save_section(
            draft, name="plan", data={}, version=plan.version, by=by, now=NOW
        ),
        lambda: drafting.choose_track(draft, code="cobot", by=by, now=NOW),
        lambda: drafting.consent(draft, answers={}, by=by, now=NOW),
        lambda: drafting.detach(draft.attachments.first(), by=by, now=NOW),
    ]
    for act in acts:
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "already_submitted"
    assert list(Section.objects.order_by("pk").values()) == sections


def test_a_withdrawn_application_frees_the_site_and_keeps_what_was_filed(
    robot: SubProgram,
) -> None:
    draft = drafts.complete(robot)
    filed = submit(draft)
    by = draft.created_by
    filing.withdraw(Application.objects.get(pk=draft.pk), by=by, now=NOW, note="사정 변경")
    draft.refresh_from_db()
    assert draft.state == "withdrawn"
    assert reloaded(filed).sha256 == filed.sha256
    again = drafting.start(robot, site=draft.site, by=by, now=NOW)
    assert again.pk != draft.pk


def test_withdrawing_needs_a_reason_and_a_state_that_allows_it(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    by = draft.created_by
    with pytest.raises(MoveNotAllowed) as refused:
        filing.withdraw(draft, by=by, now=NOW, note=" ")
    assert refused.value.code == "note_required"
    submit(draft)
    Application.objects.filter(pk=draft.pk).update(state="released")
    with pytest.raises(MoveNotAllowed):
        filing.withdraw(Application.objects.get(pk=draft.pk), by=by, now=NOW, note="늦은 취하")


def test_a_withdrawn_draft_cannot_be_filed(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    filing.withdraw(draft, by=draft.created_by, now=NOW, note="그만둡니다")
    with pytest.raises(PortalError) as refused:
        submit(draft)
    assert refused.value.code == "move_not_allowed"
    assert row_counts() == NOTHING
