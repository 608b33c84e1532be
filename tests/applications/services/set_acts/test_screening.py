"""Screening of many: each row as a single act would judge it, with a constant number of statements."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import (
    Application,
    ApplicationMove,
    BonusClaim,
    Check,
    Member,
    ScoreSheet,
    SetAct,
    SetResult,
    Supplement,
)
from applications.rules import screening as rules
from applications.services.screening import checks, supplements
from applications.services.set_acts import running
from applications.services.set_acts.batches import Confirmed
from applications.states import CheckDecision, MemberRole, SetActKind
from portal.core.errors import BadInput, JobCancelled, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import Notice, User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, SupplementFactory, member_of

pytestmark = pytest.mark.django_db
K = SetActKind
FACTS = {"company_size": "small", "tax_debt": False, "built_on": "2020-02-10", "visited": True}
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def program() -> SubProgram:
    return staff.program()


@pytest.fixture
def officer(program: SubProgram) -> User:
    return staff.officer(program)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "clock_now", lambda: LATER)


def begin(kind: SetActKind, by: User, *rows: Application, **options: Any) -> SetAct:
    chosen = Application.objects.filter(pk__in=[row.pk for row in rows])
    return running.start(
        kind,
        chosen,
        confirmed=running.choose(kind, chosen).confirmed,
        selection={},
        options=options,
        reason="한꺼번에",
        by=by,
        now=NOW,
    )


def act(kind: SetActKind, by: User, *rows: Application, **options: Any) -> SetAct:
    return running.run(begin(kind, by, *rows, **options))


def computed(*codes: str) -> list[dict[str, Any]]:
    """Return the conditions of these tests, those of these codes computed by the portal itself."""
    return [{**row, "basis": "record"} if row["code"] in codes else row for row in staff.CONDITIONS]


def take_back(made: SetAct, by: User) -> SetAct:
    return running.run(running.undo(made, reason="잘못 골랐습니다", by=by, now=LATER))


def codes(made: SetAct) -> dict[int, str]:
    return dict(made.results.values_list("application", "code"))


def state(application: Application) -> str:
    return Application.objects.get(pk=application.pk).state


def clean(program: SubProgram, officer: User, **fields: Any) -> Application:
    """Make an application in screening with every check confirmed as met."""
    made = staff.filed(program, facts=FACTS, **fields)
    checks.take_up(made, by=officer, now=NOW)
    checks.confirm_met(made, by=officer, now=NOW)
    return made


# Taking up


def test_many_are_taken_up_with_the_same_checks_as_one(program, officer) -> None:
    facts = [FACTS, {"company_size": "mid"}, {}]
    one = [staff.filed(program, facts=row) for row in facts]
    many = [staff.filed(program, facts=row) for row in facts]
    for row in one:
        checks.take_up(row, by=officer, now=LATER)
    made = act(K.TAKE_UP, officer, *many)
    assert (made.state, made.done, made.skipped) == ("done", 3, 0)
    columns = (
        "code", "message", "basis", "met", "standing", "evidence__0__says", "decision", "reason",
    )  # fmt: skip
    for alone, among in zip(one, many, strict=True):
        assert state(among) == state(alone) == "screening"
        assert [*among.checks.order_by("pk").values_list(*columns)] == [
            *alone.checks.order_by("pk").values_list(*columns)
        ]
        assert among.moves.get().note == f"{made}: 한꺼번에"


def test_what_is_in_another_state_is_skipped_and_says_so(program, officer) -> None:
    fresh, begun = staff.filed(program), clean(program, officer)
    made = act(K.TAKE_UP, officer, fresh, begun)
    assert codes(made) == {fresh.pk: "", begun.pk: "move_not_allowed"}
    words = made.results.get(application=begun).message
    assert words == "‘요건검토’ 상태여서 ‘요건검토 시작’ 처리를 할 수 없습니다."


def test_facts_that_cannot_be_read_stop_their_application_alone(program, officer) -> None:
    good, bad = staff.filed(program), staff.filed(program, facts={"built_on": "어제"})
    made = act(K.TAKE_UP, officer, good, bad)
    assert codes(made) == {good.pk: "", bad.pk: "fact"}
    assert (state(bad), bad.checks.count()) == ("submitted", 0)


# Confirming


def test_only_what_the_portal_itself_proves_is_confirmed(program, officer) -> None:
    facts = {**FACTS, "built_on": "2021-02-01"}
    proven = staff.filed(program, facts=facts, conditions=computed("small", "built"))
    rows = [proven, staff.filed(program, facts=facts)]
    for row in rows:
        checks.take_up(row, by=officer, now=NOW)
    made = act(K.CONFIRM, officer, *rows)
    assert codes(made) == {rows[0].pk: "", rows[1].pk: "none_to_confirm"}
    confirmed = Check.objects.filter(decision=CheckDecision.CONFIRMED)
    assert [(row.application_id, row.code) for row in confirmed] == [(rows[0].pk, "small")]
    assert rows[0].moves.last().note.endswith("출처에서 확인된 요건 1건 확인.")
    back = take_back(made, officer)
    assert (back.done, back.skipped) == (1, 0)
    assert not confirmed.all().exists()


def test_what_somebody_decided_meanwhile_is_not_confirmed(program, officer, monkeypatch) -> None:
    row = staff.filed(program, facts=FACTS)
    checks.take_up(row, by=officer, now=NOW)
    row.checks.filter(code="small").update(basis="record")
    provable = rules.provable

    def overruled_meanwhile(basis: str) -> bool:
        row.checks.filter(code="small").update(decision=CheckDecision.OVERRULED, reason="서류")
        return provable(basis)

    monkeypatch.setattr(rules, "provable", overruled_meanwhile)
    act(K.CONFIRM, officer, row)
    assert row.checks.get(code="small").decision == CheckDecision.OVERRULED


# Qualifying: alike over a table of cases

DECIDED = [
    (True, "pending"), (True, "confirmed"), (True, "overruled"),
    (False, "confirmed"), (False, "overruled"), (None, "confirmed"), (None, "overruled"),
]  # fmt: skip
STATES = ["submitted", "screening", "assessing", "ineligible", "withdrawn"]


def cases() -> Iterator[tuple[str, tuple[bool | None, str], str, bool]]:
    yield from product(["screening"], DECIDED, ["", "claimed", "granted"], [False, True])
    yield from product(STATES, [(True, "confirmed")], [""], [False])


def build(
    program: SubProgram, name: str, check: tuple[bool | None, str], bonus: str, waits: bool
) -> Application:
    made = staff.filed(program, facts=FACTS)
    Application.objects.filter(pk=made.pk).update(state=name)
    met, decision = check
    Check.objects.create(
        application=made, code="small", message="소기업", met=met, decision=decision, reason="봄"
    )
    if bonus:
        BonusClaim.objects.create(
            application=made, code="a", label="가", claim="나", points=5, state=bonus, reason="봄"
        )
    if waits:
        SupplementFactory(application=made)
    return Application.objects.get(pk=made.pk)


def alone(application: Application, by: User) -> str:
    """Return the first code with which the single act refuses, "" when it qualifies."""
    try:
        checks.qualify(application, by=by, now=LATER)
    except (RuleBroken, MoveNotAllowed) as refused:
        return refused.findings[0].code
    return ""


def test_a_set_qualifies_what_a_single_act_qualifies_and_refuses_the_rest_alike(
    program, officer
) -> None:
    table = list(cases())
    one = [build(program, *case) for case in table]
    many = [build(program, *case) for case in table]
    expected = [alone(row, officer) for row in one]
    found = codes(act(K.QUALIFY, officer, *many))
    differing = {
        case: (before, found[row.pk])
        for case, before, row in zip(table, expected, many, strict=True)
        # The single act reads what is open before the state; both refuse.
        if (before == "") != (found[row.pk] == "")
        or (case[0] == "screening" and before != found[row.pk])
    }
    assert differing == {}
    assert "" in expected
    assert len(set(expected)) > 3
    assert [state(row) for row in many] == [state(row) for row in one]


def test_an_advised_check_found_unmet_is_left_to_a_person(program, officer) -> None:
    made = clean(program, officer)
    advice = made.checks.get(code="advice")
    checks.overrule(advice, reason="가지 않음", by=officer, now=NOW)
    assert list(codes(act(K.QUALIFY, officer, made)).values()) == ["check_advised"]
    checks.qualify(made, by=officer, now=LATER)


# Asking and reminding


def ask(officer: User, *rows: Application, **options: Any) -> SetAct:
    words = {"message": "견적서를 다시 내 주세요.", "requirements": ["quote"], "days": None}
    return act(K.ASK, officer, *rows, **{**words, **options})


def test_the_same_supplement_is_asked_as_a_single_act_asks_it(program, officer) -> None:
    rows = [clean(program, officer) for _ in range(3)]
    member_of(rows[1].company, MemberRole.EDITOR)
    other = staff.filed(program, facts=FACTS)
    checks.take_up(other, by=officer, now=NOW)
    SupplementFactory(application=rows[2])
    single = supplements.request(
        other,
        message="견적서를 다시 내 주세요.",
        requirements=["quote"],
        by=officer,
        now=LATER,
    )
    made = ask(officer, *rows)
    assert codes(made) == {rows[0].pk: "", rows[1].pk: "", rows[2].pk: "supplement_open"}
    asked = Supplement.objects.get(application=rows[0])
    columns = ("message", "requirements", "due_at", "state", "requested_by_id", "requested_at")
    assert [getattr(asked, name) for name in columns] == [getattr(single, name) for name in columns]
    told = Notice.objects.filter(key__startswith=f"supplement:{asked.pk}:").get()
    before = Notice.objects.filter(key__startswith=f"supplement:{single.pk}:").get()
    assert (told.subject, told.body) == (
        before.subject.replace(other.number, rows[0].number),
        before.body.replace(other.number, rows[0].number)
        .replace(other.company.name, rows[0].company.name)
        .replace(f"/{other.pk}/", f"/{rows[0].pk}/")
        .replace(before.user.name, told.user.name),
    )
    second = Supplement.objects.get(application=rows[1])
    assert Notice.objects.filter(key__startswith=f"supplement:{second.pk}:").count() == 2
    assert Application.objects.get(pk=rows[0].pk).supplement_state == "open"


def test_a_document_that_the_form_does_not_know_is_asked_of_nobody(program, officer) -> None:
    made = ask(officer, clean(program, officer), requirements=["nothing"])
    assert list(codes(made).values()) == ["requirement"]
    assert not Supplement.objects.exists()


@pytest.mark.parametrize(("name", "value"), [("message", " "), ("days", 10_000)])
def test_a_request_that_nobody_could_be_sent_starts_nothing(program, officer, name, value) -> None:
    row = clean(program, officer)
    with pytest.raises(BadInput) as refused:
        ask(officer, row, **{name: value})
    assert (refused.value.code, SetAct.objects.count()) == (name, 0)


def test_a_reminder_goes_once_a_day_to_those_who_still_have_to_answer(program, officer) -> None:
    rows = [clean(program, officer) for _ in range(3)]
    SupplementFactory(application=rows[0], due_at=NOW + timedelta(days=3))
    SupplementFactory(application=rows[1], due_at=NOW)
    made = act(K.REMIND, officer, *rows)
    assert codes(made) == {
        rows[0].pk: "",
        rows[1].pk: "supplement_expired",
        rows[2].pk: "no_supplement",
    }
    letter = Notice.objects.get(key__startswith="supplement-reminder:")
    assert "보완 기한" in letter.body
    assert rows[0].number in letter.subject
    assert codes(act(K.REMIND, officer, rows[0])) == {rows[0].pk: "reminded"}
    assert Notice.objects.filter(key__startswith="supplement-reminder:").count() == 1


# Who acts


def test_an_application_of_an_own_firm_is_skipped_and_the_others_are_not(program, officer) -> None:
    own, other = staff.filed(program), staff.filed(program)
    Member.objects.create(company=own.company, user=officer, role=MemberRole.VIEWER, since=NOW)
    made = act(K.TAKE_UP, officer, own, other)
    assert codes(made) == {own.pk: "tied", other.pk: ""}
    assert state(own) == "submitted"


def test_an_application_of_another_sub_programme_is_skipped(program, officer) -> None:
    mine, foreign = staff.filed(program), staff.filed(staff.program())
    made = act(K.TAKE_UP, officer, mine, foreign)
    assert codes(made) == {mine.pk: "", foreign.pk: "not_visible"}


def test_who_loses_the_role_before_the_job_runs_acts_on_nothing(program, officer) -> None:
    row = staff.filed(program)
    made = begin(K.TAKE_UP, officer, row)
    officer.groups.clear()
    assert codes(running.run(SetAct.objects.get(pk=made.pk))) == {row.pk: "not_visible"}
    assert state(row) == "submitted"


@pytest.mark.parametrize("kind", list(K))
def test_an_auditor_starts_none_of_them(program, kind) -> None:
    with pytest.raises(MoveNotAllowed) as refused:
        begin(kind, staff.auditor(), staff.filed(program))
    assert refused.value.code == "role"


# What was confirmed


def test_another_number_than_the_confirmed_one_starts_nothing(program, officer) -> None:
    staff.filed(program)
    with pytest.raises(StaleVersion) as refused:
        running.start(
            K.TAKE_UP, Application.objects.all(), confirmed=Confirmed(2, ""), selection={}, options={},
            reason="함께", by=officer, now=NOW,
        )  # fmt: skip
    assert refused.value.code == "count_changed"
    assert refused.value.message == ("확인하신 2건이 지금은 1건입니다. 건수를 다시 확인해 주세요.")


@pytest.mark.parametrize(("reason", "rows", "code"), [(" ", 1, "reason"), ("함께", 0, "none")])
def test_a_reason_and_at_least_one_application_are_needed(
    program, officer, reason, rows, code
) -> None:
    for _ in range(rows):
        staff.filed(program)
    chosen = Application.objects.all()
    with pytest.raises(BadInput) as refused:
        running.start(
            K.TAKE_UP, chosen, confirmed=running.choose(K.TAKE_UP, chosen).confirmed, selection={}, options={},
            reason=reason, by=officer, now=NOW,
        )  # fmt: skip
    assert refused.value.code == code


def test_more_than_one_act_may_hold_are_refused(program, officer, monkeypatch) -> None:
    monkeypatch.setattr(running, "MOST", 1)
    with pytest.raises(BadInput) as refused:
        begin(K.TAKE_UP, officer, staff.filed(program), staff.filed(program))
    assert refused.value.code == "too_many"


def test_what_comes_into_the_list_after_the_confirmation_is_not_acted_on(program, officer) -> None:
    row = staff.filed(program)
    made = begin(K.TAKE_UP, officer, row)
    late = staff.filed(program)
    running.run(made)
    assert (state(row), state(late)) == ("screening", "submitted")


# Running, cancelling, going on


def in_chunks_of(monkeypatch: pytest.MonkeyPatch, kind: SetActKind, size: int) -> None:
    spec = running.ACTS[kind]
    monkeypatch.setattr(
        running, "ACTS", {**running.ACTS, kind: type(spec)(**{**vars(spec), "chunk": size})}
    )


def test_a_cancelled_act_stops_before_its_next_chunk(program, officer, monkeypatch) -> None:
    in_chunks_of(monkeypatch, K.TAKE_UP, 2)
    rows = [staff.filed(program) for _ in range(5)]
    made = begin(K.TAKE_UP, officer, *rows)

    def stop(done: int, total: int, stage: str = "") -> None:
        if done == 2:
            running.cancel(SetAct.objects.get(pk=made.pk), by=officer, now=LATER)

    running.run(made, progress=stop)
    assert (made.state, made.done, made.left, made.ended_by) == ("cancelled", 2, 3, officer)
    assert [state(row) for row in rows] == ["screening"] * 2 + ["submitted"] * 3
    with pytest.raises(MoveNotAllowed):
        running.cancel(made, by=officer, now=LATER)


def test_a_job_cancelled_by_its_operator_ends_the_act(program, officer, monkeypatch) -> None:
    in_chunks_of(monkeypatch, K.TAKE_UP, 1)
    made = begin(K.TAKE_UP, officer, staff.filed(program), staff.filed(program))

    def cancelled(done: int, total: int, stage: str = "") -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        running.run(made, progress=cancelled)
    made.refresh_from_db()
    assert (made.state, made.done) == ("cancelled", 1)


def test_a_long_act_hands_over_to_a_next_job(program, officer, monkeypatch) -> None:
    in_chunks_of(monkeypatch, K.TAKE_UP, 1)
    monkeypatch.setattr(running, "RUN_SECONDS", -1)
    made = begin(K.TAKE_UP, officer, *(staff.filed(program) for _ in range(2)))
    first = made.job
    running.run(made)
    assert (made.done, made.state) == (1, "running")
    assert made.job != first
    assert (made.job.kind, made.job.done, made.job.total) == (running.JOB, 1, 2)
    running.run(made)
    running.run(made)
    assert (made.state, made.done) == ("done", 2)


def test_a_chunk_that_fails_leaves_nothing_and_is_done_once_afterwards(
    program, officer, monkeypatch
) -> None:
    in_chunks_of(monkeypatch, K.TAKE_UP, 2)
    rows = [staff.filed(program) for _ in range(4)]
    made = begin(K.TAKE_UP, officer, *rows)
    whole = running.bulk.insert

    def failing(model: type, *given: Any) -> None:
        whole(model, *given)
        if model is SetResult and SetResult.objects.count() == 4:
            raise OSError("the process ends here")

    monkeypatch.setattr(running.bulk, "insert", failing)
    with pytest.raises(OSError, match="ends here"):
        running.run(made)
    assert [state(row) for row in rows] == ["screening"] * 2 + ["submitted"] * 2
    assert SetResult.objects.count() == 2
    monkeypatch.setattr(running.bulk, "insert", whole)
    for _ in range(2):
        running.run(made)
    assert (made.state, made.done, made.skipped) == ("done", 4, 0)
    assert ApplicationMove.objects.filter(move="take_up").count() == 4
    assert Check.objects.filter(application=rows[0]).count() == 4


# Taking back


def test_taking_up_is_taken_back_where_nothing_has_followed(program, officer) -> None:
    rows = [staff.filed(program, facts=FACTS) for _ in range(3)]
    made = act(K.TAKE_UP, officer, *rows)
    checks.confirm_met(Application.objects.get(pk=rows[1].pk), by=officer, now=LATER)
    back = take_back(made, officer)
    assert codes(back) == {rows[0].pk: "", rows[1].pk: "followed", rows[2].pk: ""}
    assert [state(row) for row in rows] == ["submitted", "screening", "submitted"]
    assert rows[0].checks.count() == 0
    made.refresh_from_db()
    assert made.state == "undone"
    assert act(K.TAKE_UP, officer, rows[0]).done == 1


def test_qualifying_is_taken_back_while_no_assessor_is_assigned(program, officer) -> None:
    rows = [clean(program, officer) for _ in range(2)]
    made = act(K.QUALIFY, officer, *rows)
    ScoreSheet.objects.create(
        application=rows[1], assessor=staff.assessors(1)[0], assigned_at=LATER
    )
    back = take_back(made, officer)
    assert codes(back) == {rows[0].pk: "", rows[1].pk: "assigned"}
    assert [state(row) for row in rows] == ["screening", "assessing"]
    assert rows[0].moves.last().note == f"{back}: 잘못 골랐습니다"


def test_an_act_is_taken_back_once_and_only_after_its_end(program, officer) -> None:
    made = begin(K.TAKE_UP, officer, staff.filed(program))
    with pytest.raises(MoveNotAllowed) as refused:
        running.undo(made, reason="잘못", by=officer, now=LATER)
    assert refused.value.code == "not_undoable"
    running.run(made)
    running.undo(made, reason="잘못", by=officer, now=LATER)
    with pytest.raises(MoveNotAllowed) as refused:
        running.undo(made, reason="잘못", by=officer, now=LATER)
    assert refused.value.code == "undone"


def test_a_supplement_is_not_taken_back(program, officer) -> None:
    made = ask(officer, clean(program, officer))
    with pytest.raises(MoveNotAllowed):
        running.undo(made, reason="잘못", by=officer, now=LATER)


# Statements


@pytest.mark.parametrize("kind", [K.TAKE_UP, K.CONFIRM, K.QUALIFY, K.ASK, K.REMIND])
def test_a_chunk_takes_as_many_statements_however_many_rows_it_has(program, officer, kind) -> None:
    def prepared() -> Application:
        if kind == K.TAKE_UP:
            return staff.filed(program, facts=FACTS)
        made = clean(program, officer, conditions=computed("small"))
        if kind == K.REMIND:
            SupplementFactory(application=made, due_at=NOW + timedelta(days=3))
        if kind == K.CONFIRM:
            made.checks.update(decision="pending")
        return made

    options = {"message": "다시", "requirements": ["quote"], "days": None} if kind == K.ASK else {}
    counts = []
    for size in (2, 12):
        made = begin(kind, officer, *(prepared() for _ in range(size)), **options)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            running.run(made)
        assert made.done == size
        counts.append(len(caught))
    assert counts[0] == counts[1], counts
    assert counts[0] < 45


def test_a_taking_back_takes_as_many_statements_however_many_rows_it_has(program, officer) -> None:
    counts = []
    for size in (2, 12):
        made = act(K.TAKE_UP, officer, *(staff.filed(program) for _ in range(size)))
        back = running.undo(made, reason="잘못", by=officer, now=LATER)
        with CaptureQueriesContext(connection) as caught:
            running.run(back)
        assert back.done == size
        counts.append(len(caught))
    assert counts[0] == counts[1], counts
