"""Ties: found over the whole graph, kept as rows, held by the database, and felt by late sheets."""

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from applications.models import (
    AssessorProfile,
    ConflictOfInterest,
    ConflictStatement,
    FrozenParties,
    Member,
    ScoreSheet,
    SheetDecision,
)
from applications.services import company
from applications.services.assessment import conflicts, exclusions, scoring, sheets
from applications.services.selection import proposals
from applications.states import SheetDecisionKind as K
from portal.access.impartiality import Tied
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.jobs import queue
from portal.models import DeclaredTie, FirmLink, Job, News, Notice
from tests.factories import staff
from tests.factories.applications import (
    NOW,
    CompanyFactory,
    MemberFactory,
    PartnerFactory,
    UserFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
LATER = NOW.replace(hour=18)


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def judge():
    return staff.assessors(1)[0]


@pytest.fixture
def application(program):
    return staff.judged(program, judges=[])


def look(**names) -> dict[str, int]:
    return conflicts.refresh(conflicts.watched(), now=LATER, **names)


def open_ties() -> set[str]:
    rows = ConflictOfInterest.objects.filter(cleared_at=None)
    return set(rows.values_list("code", flat=True))


def declared(judge, firm, kind="advice", number="") -> DeclaredTie:
    return conflicts.declare_tie(
        judge, kind=kind, firm_name=firm, business_number=number, note="", by=judge, now=NOW
    )


@pytest.mark.parametrize("kind", DeclaredTie.Kind.values)
def test_every_declared_kind_ties_to_the_firm_by_name_and_to_a_partner(
    application, judge, kind
) -> None:
    supplier = CompanyFactory(name="로봇공급")
    PartnerFactory(application=application, state="accepted", company=supplier)
    declared(judge, "주식회사 로봇공급", kind)
    assert {tie.code for tie in conflicts.ties(application, judge)} == {"declared_tie"}


def test_shares_tie_through_a_chain_of_firms(application, judge) -> None:
    first, second = CompanyFactory(), CompanyFactory()
    own = application.company.business_number
    for one, other in (
        (first.business_number, second.business_number),
        (second.business_number, own),
    ):
        conflicts.link_firms(one=one, other=other, kind="shares", origin="공시", by=None, now=NOW)
    assert FirmLink.objects.count() == 2
    declared(judge, first.name, "shares", first.business_number)
    assert {tie.code for tie in conflicts.ties(application, judge)} == {"linked_firm"}


def test_the_employer_and_the_address_of_a_profile_tie(application, judge) -> None:
    AssessorProfile.objects.create(
        user=judge,
        business_number=application.company.business_number,
        address=application.company.address,
    )
    found = {tie.code for tie in conflicts.ties(application, judge)}
    assert found == {"same_business_number", "same_address"}


def test_a_refused_tie_is_explained(judge) -> None:
    for kind, firm in (("friend", "한빛"), ("advice", " ")):
        with pytest.raises(BadInput):
            declared(judge, firm, kind)
    with pytest.raises(BadInput):
        conflicts.link_firms(
            one="1248100998", other="124-81-00998", kind="shares", origin="x", by=None, now=NOW
        )


def test_ties_are_kept_once_and_cleared_when_they_no_longer_exist(application, judge) -> None:
    look()  # freezes the firms
    tie = MemberFactory(company=application.company, user=judge)
    assert look()["found"] == 3
    assert look() == {"found": 0, "cleared": 0, "flagged": 0}
    assert open_ties() == {"same_company", "member", "same_business_number"}
    tie.delete()
    assert look()["cleared"] == 3
    assert open_ties() == set()
    assert ConflictOfInterest.objects.count() == 3  # what was found stays on record


def test_looking_costs_the_same_for_many_applications(program, judge) -> None:
    counts = []
    for _ in range(2):
        for _ in range(4):
            PartnerFactory(application=staff.judged(program, judges=[]), accepted=True)
        with CaptureQueriesContext(connection) as queries:
            look()
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- The database holds it -------------------------------------------------------------------


def slipped_in(application, judge, officer) -> bool:
    """Try to write a sheet past every service."""
    try:
        with transaction.atomic():
            ScoreSheet.objects.bulk_create(
                [ScoreSheet(application=application, assessor=judge, assigned_at=NOW)]
            )
    except DatabaseError:
        return False
    return True


def a_tied_pair_gets_no_sheet(application, judge, officer) -> None:
    tie = ConflictOfInterest.objects.create(
        application=application, assessor=judge, code="member", reason="담당자", found_at=NOW
    )
    assert not slipped_in(application, judge, officer)
    ConflictOfInterest.objects.filter(pk=tie.pk).update(cleared_at=NOW)
    assert slipped_in(application, judge, officer)  # the negative control: no tie, no refusal


def test_the_database_refuses_a_sheet_for_a_tied_pair(application, judge, officer) -> None:
    a_tied_pair_gets_no_sheet(application, judge, officer)


@pytest.mark.postgres
def test_postgresql_refuses_a_sheet_for_a_tied_pair(application, judge, officer) -> None:
    assert connection.vendor == "postgresql"
    a_tied_pair_gets_no_sheet(application, judge, officer)


def a_tied_pair_has_no_sheet(application, judge, officer) -> None:
    sheet = staff.opened(application, judge, officer)
    rows = ScoreSheet.objects.filter(pk=sheet.pk)
    tie = ConflictOfInterest.objects.create(
        application=application, assessor=judge, code="member", reason="담당자", found_at=NOW
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(locked_at=NOW, sha256="0" * 64)
    ConflictOfInterest.objects.filter(pk=tie.pk).update(cleared_at=NOW)
    assert rows.update(locked_at=NOW, sha256="0" * 64) == 1


def test_the_database_refuses_the_lock_of_a_tied_pair(application, judge, officer) -> None:
    a_tied_pair_has_no_sheet(application, judge, officer)


@pytest.mark.postgres
def test_postgresql_refuses_the_lock_of_a_tied_pair(application, judge, officer) -> None:
    a_tied_pair_has_no_sheet(application, judge, officer)


# --- A tie that is found late ------------------------------------------------------------------


def judged_by_four(program):
    judges = staff.assessors(4)
    return staff.judged(program, judges=judges), judges


def decided(sheet, kind, program, reason="확인함") -> SheetDecision:
    """Decide about a sheet as two people."""
    made = exclusions.propose(sheet, kind=kind, reason=reason, by=staff.officer(program), now=LATER)
    if made.two:
        exclusions.approve(made, by=staff.manager(), now=LATER)
    return made


def late_tie_is_decided_by_two(program, officer) -> None:
    row, judges = judged_by_four(program)
    made = staff.scored(program, officer)
    assert made.results.get().breakdown["findings"] == []
    declared(judges[0], row.company.name)
    assert look() == {"found": 1, "cleared": 0, "flagged": 1}
    sheet = ScoreSheet.objects.get(assessor=judges[0])
    assert not sheet.ended  # nothing ends by itself
    made.refresh_from_db()
    assert made.stale_at is None
    decided(sheet, K.EXCLUDE, program)
    sheet.refresh_from_db()
    assert sheet.withdrawn_at == LATER
    assert sheet.marks  # every mark stays readable
    assert sheet.sha256 == sheets.digest(sheet)
    made.refresh_from_db()
    assert made.stale_at == LATER
    assert row.number in made.stale_reason
    with pytest.raises(MoveNotAllowed) as refused:
        proposals.start(made, by=officer, now=LATER)
    assert refused.value.code == "run_stale"
    again = scoring.start(program, by=officer, now=LATER, while_open=True)
    scoring.compute(again, now=LATER)
    assert again.previous == made
    breakdown = again.results.get().breakdown
    assert len(breakdown["sheets"]) == 3
    assert [finding["code"] for finding in breakdown["findings"]] == ["sheets_withdrawn"]
    assert made.results.get().breakdown["findings"] == []  # the old run stays as it was


def test_two_people_take_a_sheet_out_after_a_late_tie_and_ask_for_a_new_run(
    program, officer
) -> None:
    late_tie_is_decided_by_two(program, officer)


@pytest.mark.postgres
def test_two_people_take_a_sheet_out_on_postgresql(program, officer) -> None:
    late_tie_is_decided_by_two(program, officer)


STATES = ("decided", "released", "contracted", "closed", "ended")


@pytest.mark.parametrize("state", ["assessing", *STATES, "withdrawn"])
def test_the_history_records_exclusion_and_restoration_in_every_state(program, state) -> None:
    row, judges = judged_by_four(program)
    type(row).objects.filter(pk=row.pk).update(state=state)
    sheet = ScoreSheet.objects.get(application=row, assessor=judges[0])
    decided(sheet, K.EXCLUDE, program)
    if state == "withdrawn":
        with pytest.raises(MoveNotAllowed):
            decided(sheet, K.RESTORE, program)
    else:
        decided(sheet, K.RESTORE, program)
    suffix = "" if state == "assessing" else f"_{state}"
    steps = [f"withdraw_sheet{suffix}", f"restore_sheet{suffix}"] if state != "withdrawn" else []
    moves = [move for move in row.moves.all() if "확인함" in move.note]
    assert [move.move for move in moves] == steps
    assert {(move.source, move.target) for move in moves} == ({(state, state)} if steps else set())


def test_officers_are_told_of_a_late_tie_once(program, officer) -> None:
    row, judges = judged_by_four(program)
    declared(judges[0], row.company.name)
    look()
    look()
    assert Notice.objects.filter(user=officer, key__startswith="sheet-tied:").count() == 1
    assert not News.objects.filter(key__startswith="sheet-ended:").exists()


# What a firm writes about itself after filing: (change, code that is shown to people or None).
def invites_colleagues_on_the_domain(firm, judge) -> None:
    domain = judge.email.rpartition("@")[2]
    MemberFactory(company=firm, user=UserFactory(email=f"boss@{domain}", phone=""))


def takes_the_telephone(firm, judge) -> None:
    firm.phone = judge.phone
    firm.save()


def moves_to_the_address(firm, judge) -> None:
    AssessorProfile.objects.create(user=judge, address="서울특별시 중구 세종대로 110")
    firm.address = "서울특별시 중구 세종대로 110"
    firm.save()


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (invites_colleagues_on_the_domain, None),
        (takes_the_telephone, "same_phone"),
        (moves_to_the_address, "same_address"),
    ],
)
@pytest.mark.parametrize("state", ["assessing", "released"])
def test_what_a_firm_writes_after_filing_voids_nothing_and_bars_nobody(
    program, officer, state, change, shown
) -> None:
    row, judges = judged_by_four(program)
    type(row).objects.filter(pk=row.pk).update(state=state)
    made = None if state == "released" else staff.scored(program, officer)
    look()  # freezes the firms, as filing does
    change(row.company, judges[0])
    fresh = staff.assessors(1)[0]
    look()
    assert ScoreSheet.objects.active().count() == 4
    assert open_ties() == ({shown} if shown else set())
    assert not ConflictOfInterest.objects.filter(late=False).exists()
    assert made is None or not type(made).objects.get(pk=made.pk).stale_at
    assert not {tie.code for tie in conflicts.ties(row, judges[0])}
    change_for_other = {"phone": fresh.phone}
    type(row.company).objects.filter(pk=row.company_id).update(**change_for_other)
    assert conflicts.ties(row, fresh) == []  # still free to be assigned


def test_a_domain_that_the_firm_had_when_it_filed_still_ties(program, judge) -> None:
    row = staff.judged(program, judges=[])
    domain = judge.email.rpartition("@")[2]
    MemberFactory(company=row.company, user=UserFactory(email=f"boss@{domain}", phone=""))
    look()
    Member.objects.all().delete()
    assert {tie.code for tie in conflicts.ties(row, judge)} == {"same_email_domain"}


def test_every_verified_address_of_an_assessor_counts(program, judge) -> None:
    row = staff.judged(program, judges=[])
    MemberFactory(company=row.company, user=UserFactory(email="boss@maker.example", phone=""))
    own = EmailAddress.objects.create(user=judge, email="Me@maker.example")
    assert conflicts.ties(row, judge) == []
    EmailAddress.objects.filter(pk=own.pk).update(verified=True)
    assert {tie.code for tie in conflicts.ties(row, judge)} == {"same_email_domain"}


def test_filing_freezes_the_firms(program) -> None:
    row = staff.judged(program, judges=[])
    conflicts.freeze([row.pk], now=NOW)
    frozen = FrozenParties.objects.get(application=row)
    type(row.company).objects.update(name="새 이름", phone="02-1-1")
    conflicts.freeze([row.pk], now=LATER)  # once
    kept = FrozenParties.objects.get(application=row)
    assert (kept.parties, kept.frozen_at) == (frozen.parties, NOW)
    assert kept.parties[0]["name"] == row.company.name
    with pytest.raises(DatabaseError), transaction.atomic():
        FrozenParties.objects.update(parties=[])


# --- What people decide --------------------------------------------------------------------------


def test_a_wrong_number_that_is_corrected_lets_two_people_restore_the_sheets(
    program, officer
) -> None:
    row, judges = judged_by_four(program)
    staff.scored(program, officer)
    profile = AssessorProfile.objects.create(
        user=judges[0], business_number=row.company.business_number
    )
    assert look()["flagged"] == 1
    sheet = ScoreSheet.objects.get(assessor=judges[0])
    decided(sheet, K.EXCLUDE, program)
    without = scoring.start(program, by=officer, now=LATER, while_open=True)
    scoring.compute(without, now=LATER)
    AssessorProfile.objects.filter(pk=profile.pk).update(business_number="")
    assert look()["cleared"] == 1
    made = exclusions.propose(sheet, kind=K.RESTORE, reason="오기", by=officer, now=LATER)
    sheet.refresh_from_db()
    assert made.two
    assert sheet.withdrawn_at  # nothing before the second person
    with pytest.raises(MoveNotAllowed) as refused:
        exclusions.approve(made, by=officer, now=LATER)
    assert refused.value.code == "same_person"
    exclusions.approve(made, by=staff.manager(), now=LATER)
    sheet.refresh_from_db()
    assert (sheet.withdrawn_at, sheet.end_reason) == (None, "")
    assert sheet.sha256 == sheets.digest(sheet)
    without.refresh_from_db()
    assert without.stale_at  # computed without it
    assert ScoreSheet.objects.counted().count() == 4


def test_a_sheet_that_is_kept_is_not_flagged_again_and_may_be_submitted(
    application, judge, officer, program
) -> None:
    sheet = staff.opened(application, judge, officer)
    look()
    takes_the_telephone(application.company, judge)
    declared(judge, application.company.name)
    assert look()["flagged"] == 1
    made = exclusions.propose(sheet, kind=K.KEEP, reason="동명 기업", by=officer, now=LATER)
    assert (made.two, made.approved_at) == (False, LATER)  # open and not announced: one person
    assert look() == {"found": 0, "cleared": 0, "flagged": 0}
    filled(sheet, judge)
    sheets.lock(sheet, by=judge, now=LATER)
    assert ScoreSheet.objects.counted().count() == 1


def filled(sheet, judge) -> None:
    sheet.refresh_from_db()
    codes = [code for code, _, _ in staff.CRITERIA]
    sheets.save(
        sheet,
        marks=dict.fromkeys(codes, 20),
        reasons=dict.fromkeys(codes, "근거"),
        comment="",
        version=sheet.version,
        by=judge,
        now=LATER,
    )


@pytest.mark.parametrize("kind", list(K))
def test_a_decision_needs_a_reason_a_role_and_a_sheet_that_fits(program, officer, kind) -> None:
    row, judges = judged_by_four(program)
    sheet = ScoreSheet.objects.get(application=row, assessor=judges[0])
    fits = kind == K.EXCLUDE
    for by, reason, error in (
        (officer, " ", BadInput),
        (judges[1], "사유", MoveNotAllowed),
        *(() if fits else ((officer, "사유", MoveNotAllowed),)),
    ):
        with pytest.raises(error):
            exclusions.propose(sheet, kind=kind, reason=reason, by=by, now=LATER)
    assert not SheetDecision.objects.exists()


def test_nobody_decides_about_a_sheet_of_their_own(program, officer) -> None:
    row, judges = judged_by_four(program)
    sheet = ScoreSheet.objects.get(application=row, assessor=judges[0])
    judges[0].groups.add(*officer.groups.all())
    own = type(officer).objects.get(pk=judges[0].pk)
    with pytest.raises(Tied):
        exclusions.propose(sheet, kind=K.EXCLUDE, reason="사유", by=own, now=LATER)


def test_a_proposal_can_be_discarded_and_only_one_is_open(program, officer) -> None:
    row, judges = judged_by_four(program)
    sheet = ScoreSheet.objects.get(application=row, assessor=judges[0])
    made = exclusions.propose(sheet, kind=K.EXCLUDE, reason="기피", by=officer, now=LATER)
    with pytest.raises(MoveNotAllowed) as refused:
        exclusions.propose(sheet, kind=K.EXCLUDE, reason="다시", by=officer, now=LATER)
    assert refused.value.code == "decision_open"
    exclusions.discard(made, note="사실이 아님", by=officer, now=LATER)
    with pytest.raises(MoveNotAllowed):
        exclusions.approve(made, by=staff.manager(), now=LATER)
    sheet.refresh_from_db()
    assert not sheet.ended


def restoration_by_one(program) -> None:
    row, judges = judged_by_four(program)
    sheet = ScoreSheet.objects.get(application=row, assessor=judges[0])
    decided(sheet, K.EXCLUDE, program)
    rows = ScoreSheet.objects.filter(pk=sheet.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(withdrawn_at=None, end_reason="")
    one = staff.officer(program)
    words = {"sheet": sheet, "kind": K.RESTORE, "reason": "x", "proposed_by": one}
    times = {"proposed_at": LATER, "approved_at": LATER}
    for approved_by in (None, one):
        with pytest.raises(DatabaseError), transaction.atomic():
            SheetDecision.objects.create(approved_by=approved_by, **words, **times)
    SheetDecision.objects.create(approved_by=staff.manager(), **words, **times)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(withdrawn_at=None, end_reason="", comment="x")
    assert rows.update(withdrawn_at=None, end_reason="") == 1


def test_the_database_restores_a_sheet_only_after_two_people(program) -> None:
    restoration_by_one(program)


@pytest.mark.postgres
def test_postgresql_restores_a_sheet_only_after_two_people(program) -> None:
    restoration_by_one(program)


def withdrawal_changes_nothing_else(program) -> list[str]:
    """Changes of a locked sheet under the cover of a withdrawal; name what got by."""
    row, judges = judged_by_four(program)
    got_by = []
    covers = {"marks": {"need": 30}, "comment": "x", "locked_at": None, "version": 9}
    for judge, (name, value) in zip(judges, covers.items(), strict=True):
        sheet = ScoreSheet.objects.filter(application=row, assessor=judge)
        try:
            with transaction.atomic():
                sheet.update(withdrawn_at=NOW, end_reason="이해관계", **{name: value})
        except DatabaseError:
            continue
        got_by.append(name)
    first = ScoreSheet.objects.filter(application=row, assessor=judges[0])
    first.update(withdrawn_at=NOW, end_reason="이해관계")  # alone it is allowed
    for undo in ({"withdrawn_at": None, "end_reason": ""}, {"end_reason": "다른 사유"}):
        try:
            with transaction.atomic():
                first.update(**undo)
        except DatabaseError:
            continue
        got_by.append(str(undo))
    return got_by


def test_the_exception_for_a_withdrawal_lets_nothing_else_through(program) -> None:
    assert withdrawal_changes_nothing_else(program) == []


@pytest.mark.postgres
def test_the_exception_lets_nothing_else_through_on_postgresql(program) -> None:
    assert withdrawal_changes_nothing_else(program) == []


# --- What triggers a check -----------------------------------------------------------------------


def waiting_jobs() -> int:
    return Job.objects.filter(kind=conflicts.JOB).count()


def test_each_change_of_the_data_asks_for_another_look(application, judge) -> None:
    owner = member_of(application.company)
    firm = application.company
    changes = [
        lambda: declared(judge, "다른기업"),
        lambda: conflicts.link_firms(
            one=firm.business_number,
            other=CompanyFactory().business_number,
            kind="partner",
            origin="공시",
            by=None,
            now=NOW,
        ),
        lambda: company.update(
            firm, data={"name": "새이름"}, opened=firm.updated_at, by=owner, now=LATER
        ),
        lambda: company.remove(MemberFactory(company=firm), by=owner, now=NOW),
    ]
    for count, change in enumerate(changes, start=1):
        change()
        assert waiting_jobs() == count


def test_a_firm_that_is_not_under_assessment_asks_for_nothing() -> None:
    firm = CompanyFactory()
    company.update(
        firm, data={"name": "새이름"}, opened=firm.updated_at, by=member_of(firm), now=LATER
    )
    assert waiting_jobs() == 0


def test_the_job_flags_and_the_daily_check_is_requested_once(program, officer) -> None:
    row, judges = judged_by_four(program)
    declared(judges[0], row.company.name)
    assert queue.run(Job.objects.get(kind=conflicts.JOB).pk) == "done"
    assert ConflictOfInterest.objects.get().late
    assert ScoreSheet.objects.counted().count() == 4
    assert {conflicts.sweep(NOW).pk for _ in range(3)} == {conflicts.sweep(LATER).pk}


# --- The conflict statement ----------------------------------------------------------------------


def test_no_file_opens_before_the_word_on_conflicts(application, judge, officer) -> None:
    sheet = sheets.assign(application, assessor=judge, by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        sheets.save(sheet, marks={}, reasons={}, comment="", version=1, by=judge, now=NOW)
    assert refused.value.code == "undeclared"
    sheets.declare(sheet, tied=False, words="", by=judge, now=NOW)
    assert ConflictStatement.objects.get().tied is False
    with pytest.raises(MoveNotAllowed):
        sheets.declare(sheet, tied=True, words="생각이 바뀜", by=judge, now=NOW)


def test_a_tie_stated_first_ends_the_sheet_and_is_kept(application, judge, officer) -> None:
    sheet = sheets.assign(application, assessor=judge, by=officer, now=NOW)
    with pytest.raises(BadInput):
        sheets.declare(sheet, tied=True, words=" ", by=judge, now=NOW)
    sheets.declare(sheet, tied=True, words="처남이 다닙니다", by=judge, now=NOW)
    assert sheet.abstained_at == NOW
    assert open_ties() == {"stated"}
    assert look() == {"found": 0, "cleared": 0, "flagged": 0}
    with pytest.raises(RuleBroken):
        sheets.assign(application, assessor=judge, by=officer, now=NOW)
    assert News.objects.filter(user=officer, key__startswith="sheet-ended:").count() == 1


def test_an_assessor_steps_back_until_the_lock_and_never_after(application, officer) -> None:
    one, two = staff.assessors(2)
    sheet = staff.opened(application, one, officer)
    with pytest.raises(BadInput):
        sheets.abstain(sheet, reason="", by=one, now=NOW)
    sheets.abstain(sheet, reason="일정이 겹칩니다", by=one, now=NOW)
    assert sheet.ended
    with pytest.raises(MoveNotAllowed) as refused:
        sheets.save(sheet, marks={}, reasons={}, comment="", version=1, by=one, now=NOW)
    assert refused.value.code == "sheet_ended"
    locked = staff.locked_sheet(application, two, (20, 20, 20))
    with pytest.raises(MoveNotAllowed):
        sheets.abstain(locked, reason="늦음", by=two, now=NOW)


def test_statements_are_never_rewritten(application, judge, officer) -> None:
    staff.opened(application, judge, officer)
    for change in (
        lambda: ConflictStatement.objects.update(tied=True, words="x"),
        lambda: ConflictStatement.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
