"""Opinions: gathered without names, finished by one person, released by another, then final."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from applications.models import Application, Opinion, ScoreSheet, SheetDecision
from applications.queries.assessment import opinions as queries
from applications.services.assessment import opinions, scoring
from applications.services.intake import filing
from portal.core.errors import MoveNotAllowed, PortalError, RuleBroken
from portal.models import Job, Notice, User
from tests.factories import opinions as made
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def two() -> list[Opinion]:
    return made.drafts(2)


@pytest.fixture
def officer(two: list[Opinion]) -> User:
    return staff.officer(two[0].application.sub_program)


@pytest.fixture
def boss() -> User:
    return staff.manager()


def fresh(opinion: Opinion) -> Opinion:
    rows = Opinion.objects.select_related("application__sub_program", "run", "corrects")
    return rows.get(pk=opinion.pk)


def firm_reads(opinion: Opinion) -> Opinion | None:
    return queries.shown(Application.objects.get(pk=opinion.application_id))


def texts(opinion: Opinion, **changed: str) -> dict[str, str]:
    return {row["code"]: row["text"] for row in opinion.text} | changed


def selection_of(opinion: Opinion):
    return opinion.run.selections.get()


def code_of(call) -> set[str]:
    with pytest.raises(PortalError) as refused:
        call()
    return {row.code for row in getattr(refused.value, "findings", [])} or {refused.value.code}


# Gathered


def test_a_confirmed_selection_asks_for_its_opinions(two: list[Opinion]) -> None:
    assert Job.objects.get(kind=opinions.JOB).args == {"run": two[0].run_id}


def test_the_words_are_gathered_by_criterion_without_their_writers(two: list[Opinion]) -> None:
    for row in two:
        parts = {part["code"]: part["texts"] for part in row.original}
        assert list(parts) == ["need", "plan", "team", ""]
        assert sorted(parts["need"]) == sorted(f"{said} [need]" for said in made.REASONS)
        assert sorted(parts[""]) == sorted(f"종합: {said}" for said in made.REASONS)
        stored = str(row.original) + str(row.text)
        for judge in User.objects.filter(sheets__application=row.application):
            assert judge.name not in stored
            assert judge.email not in stored


def test_gathering_again_begins_nothing(two: list[Opinion]) -> None:
    before = list(Opinion.objects.values_list())
    assert opinions.gather(two[0].run, now=LATER) == 0
    assert list(Opinion.objects.values_list()) == before


def test_a_withdrawn_sheet_is_not_gathered_and_edits_elsewhere_are_kept(boss: User) -> None:
    program = staff.program(minimum_sheets=2)
    judges = staff.assessors(3)
    one, other = made.judged(program, judges), made.judged(program, judges)
    first = staff.proposed(program, staff.officer(program))
    opinions.gather(first.run, now=NOW)
    officer = staff.officer(program)
    row = Opinion.objects.get(application=other)
    opinions.save(row, texts=texts(row, need="다듬은 글"), by=officer, now=NOW)
    ScoreSheet.objects.filter(application=one, assessor=judges[0]).update(
        withdrawn_at=NOW, end_reason="친족"
    )
    run = scoring.start(program, by=officer, now=LATER, while_open=True)
    scoring.compute(run, now=LATER)
    assert opinions.gather(run, now=LATER) == 1
    kept = fresh(row)
    assert (kept.run_id, kept.state, kept.text[0]["text"]) == (run.pk, "draft", "다듬은 글")
    old, new = Opinion.objects.filter(application=one).order_by("version")
    assert (old.state, new.state, new.run_id) == ("discarded", "draft", run.pk)
    assert len(new.original[0]["texts"]) == 2
    assert not any(made.REASONS[0] in text for text in new.original[0]["texts"])
    assert old.moves.get().note == opinions.RENEWED


def test_an_older_run_takes_nothing_back(two: list[Opinion]) -> None:
    run = two[0].run
    later = type(run).objects.get(pk=run.pk)
    later.pk, later.number = None, run.number + 1
    later.save(force_insert=True)
    Opinion.objects.update(run=later)
    assert opinions.gather(run, now=LATER) == 0


# Edited


def test_an_edit_is_saved_and_the_original_stays_beside_it(two, officer) -> None:
    row = two[0]
    original = row.original
    opinions.save(row, texts=texts(row, need="  고친 글  "), by=officer, now=LATER)
    stored = fresh(row)
    assert stored.text[0]["text"] == "고친 글"
    assert (stored.original, stored.state, stored.ready_by) == (original, "draft", None)


def test_a_name_or_number_must_be_checked_before_the_end(two, officer) -> None:
    row = two[0]
    judge = ScoreSheet.objects.filter(application=row.application)[0].assessor
    words = texts(row, need=f"{judge.name} 위원의 의견", plan="010-9999-8888로 연락")
    opinions.save(row, texts=words, by=officer, now=NOW)
    assert code_of(lambda: opinions.save(row, texts=words, by=officer, now=NOW, done=True)) == {
        "mention"
    }
    assert fresh(row).state == "draft"
    opinions.save(row, texts=words, by=officer, now=NOW, done=True, checked=True)
    log = row.moves.get(move="finish").note
    assert judge.name in log
    assert "010-9999-8888" in log


def test_an_other_firm_is_pointed_out_and_the_own_one_is_not(two, officer) -> None:
    one, other = two
    own, strange = one.application.company, other.application.company
    type(own).objects.filter(pk=own.pk).update(name="주식회사 한빛정밀공업")
    type(own).objects.filter(pk=strange.pk).update(name="주식회사 달빛정밀공업")
    row = fresh(one)
    parts = [{"code": "need", "label": "필요성", "text": "한빛정밀공업과 달빛정밀공업"}]
    assert [found.words for found in queries.mentions(row, parts)] == ["달빛정밀공업"]


def test_what_is_too_long_empty_or_without_reason_is_refused(two, officer) -> None:
    row = two[0]
    empty = dict.fromkeys(texts(row), "")
    long = texts(row, need="가" * (opinions.TEXT_LENGTH + 1))
    words = {"by": officer, "now": NOW}
    assert code_of(lambda: opinions.save(row, texts=long, **words)) == {"opinion_long"}
    assert code_of(lambda: opinions.save(row, texts=empty, done=True, **words)) == {"opinion_empty"}
    for reason in ("", "  ", "가" * 301):
        assert code_of(lambda reason=reason: opinions.withhold(row, reason=reason, **words)) == {
            "reason"
        }
    assert fresh(row).text == row.text


def test_sheets_withdrawn_since_are_gathered_again_before_the_end(two, officer) -> None:
    row = two[0]
    sheet = row.application.sheets.order_by("pk")[0]
    ScoreSheet.objects.filter(pk=sheet.pk).update(withdrawn_at=LATER, end_reason="친족")
    words = {"by": officer, "now": LATER}
    call = {"texts": texts(row), "done": True, "checked": True, **words}
    assert code_of(lambda: opinions.save(row, **call)) == {"sheets_changed"}
    opinions.begin_again(row, note="평가표 제외", by=officer, now=LATER + timedelta(minutes=1))
    assert len(fresh(row).original[0]["texts"]) == 2
    opinions.save(fresh(row), **{**call, "texts": texts(fresh(row))})
    assert fresh(row).state == "ready"


def test_a_sheet_restored_since_is_gathered_again_too(two, officer) -> None:
    row = two[0]
    sheet = row.application.sheets.order_by("pk")[0]
    SheetDecision.objects.create(
        sheet=sheet, kind="restore", reason="오인", proposed_by=officer, proposed_at=NOW,
        approved_by=staff.manager(), approved_at=LATER,
    )  # fmt: skip
    assert list(queries.sheets_changed(Opinion.objects.all())) == [row]


# Released together


def test_nothing_is_released_while_one_is_a_draft(two, officer, boss) -> None:
    made.ready(two[0], by=officer)
    selection = selection_of(two[0])
    with pytest.raises(RuleBroken) as refused:
        opinions.release_all(selection, by=boss, now=LATER)
    finding = refused.value.findings[0]
    assert finding.code == "drafts"
    assert "1건" in finding.message
    assert str(two[1].application.number) in finding.message
    assert firm_reads(two[0]) is None


def test_nothing_is_released_while_one_was_never_gathered(two, officer, boss) -> None:
    made.all_ready(selection_of(two[0]), by=officer)
    selection = selection_of(two[0])
    late = made.judged(selection.sub_program, staff.assessors(3))
    Application.objects.filter(pk=late.pk).update(state="released")
    selection.decisions.create(application=late, outcome="rejected", reason="x", reason_code="x")
    assert code_of(lambda: opinions.release_all(selection, by=boss, now=LATER)) == {"missing"}
    assert queries.counts(selection).missing == 1


def test_one_act_releases_all_and_each_firm_is_told_once(two, officer, boss) -> None:
    made.ready(two[0], by=officer)
    opinions.withhold(two[1], reason="적은 의견이 없음", by=officer, now=NOW)
    selection = selection_of(two[0])
    assert queries.counts(selection) == queries.Counts(0, 0, ready=1, withheld=1, released=0)
    assert opinions.release_all(selection, by=boss, now=LATER) == 2
    rows = [fresh(row) for row in two]
    assert {(row.state, row.released_by_id, row.released_at) for row in rows} == {
        ("released", boss.pk, LATER)
    }
    assert [firm_reads(row) for row in two] == rows
    assert rows[1].withheld == "적은 의견이 없음"
    for _ in range(2):
        opinions.tell(selection, now=LATER)
    sent = Notice.objects.filter(key__startswith="opinion:")
    assert sent.count() == sum(
        row.application.company.members.filter(role__in=["owner", "editor"]).count() for row in rows
    )
    assert all("result/" in notice.body for notice in sent)
    assert code_of(lambda: opinions.release_all(selection, by=boss, now=LATER)) == {"nothing_ready"}


def test_who_finished_one_does_not_release_it(two, officer) -> None:
    both = staff.staff("manager")
    both.groups.add(*officer.groups.all())
    both.sub_programs.set(officer.sub_programs.all())
    made.ready(two[0], by=both)
    made.ready(two[1], by=officer)
    selection = selection_of(two[0])
    assert code_of(lambda: opinions.release_all(selection, by=both, now=LATER)) == {"same_person"}
    with pytest.raises(DatabaseError), transaction.atomic():
        Opinion.objects.filter(pk=two[0].pk).update(
            state="released", released_by=both, released_at=LATER
        )


@pytest.mark.parametrize("who", ["officer", "auditor", "operator"])
def test_only_a_manager_releases_and_only_an_officer_edits(two, officer, boss, who: str) -> None:
    made.all_ready(selection_of(two[0]), by=officer)
    other = staff.staff(who, two[0].application.sub_program)
    with pytest.raises(MoveNotAllowed):
        opinions.release_all(selection_of(two[0]), by=other, now=LATER)
    opinions.reopen(fresh(two[0]), note="다시", by=boss, now=LATER)
    if who != "officer":
        with pytest.raises(MoveNotAllowed):
            opinions.save(fresh(two[0]), texts={}, by=other, now=LATER)


def test_nothing_is_released_before_the_results(officer, boss) -> None:
    program = staff.program()
    made.judged(program, staff.assessors(3))
    selection = staff.decided(staff.proposed(program, staff.officer(program)), by=boss)
    opinions.gather(selection.run, now=NOW)
    row = Opinion.objects.get(run=selection.run)
    made.ready(row)
    assert code_of(lambda: opinions.release_all(selection, by=boss, now=LATER)) == {"not_released"}
    assert code_of(lambda: opinions.release(fresh(row), by=boss, now=LATER)) == {"not_released"}
    assert firm_reads(row) is None


def test_one_of_a_set_is_not_released_alone(two, officer, boss) -> None:
    made.ready(two[0], by=officer)
    assert code_of(lambda: opinions.release(fresh(two[0]), by=boss, now=LATER)) == {"together"}


def test_a_withdrawn_application_holds_nothing_up(boss) -> None:
    program = staff.program()
    judges = staff.assessors(3)
    stays, leaves = made.judged(program, judges), made.judged(program, judges)
    selection = staff.decided(staff.proposed(program, staff.officer(program)), by=boss)
    opinions.gather(selection.run, now=NOW)
    gone = Application.objects.get(pk=leaves.pk)
    filing.withdraw(gone, note="사정", by=gone.created_by, now=NOW)
    staff.proposals.release(selection, by=boss, now=NOW)
    made.ready(Opinion.objects.get(application=stays))
    assert opinions.release_all(selection, by=boss, now=LATER) == 1


# Afterwards


def test_what_is_released_is_final_in_the_database(two, officer, boss) -> None:
    row = made.published(two[0])
    for changed in ({"text": []}, {"original": []}, {"state": "draft"}, {"withheld": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Opinion.objects.filter(pk=row.pk).update(**changed)
    with pytest.raises(DatabaseError), transaction.atomic():
        Opinion.objects.filter(pk=row.pk).delete()
    assert fresh(row).text == row.text


def test_a_draft_is_neither_deleted_nor_moved_to_another_application(two) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Opinion.objects.filter(pk=two[0].pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Opinion.objects.filter(pk=two[0].pk).update(version=9)


def test_a_correction_goes_by_two_people_and_the_first_stays_on_record(two, officer, boss) -> None:
    first = made.published(two[0])
    second = opinions.correct(first, reason="이름이 남아 있었음", by=officer, now=LATER)
    assert firm_reads(first) == first
    assert code_of(lambda: opinions.correct(first, reason="또", by=officer, now=LATER)) == {
        "opinion_open"
    }
    words = texts(second, need="바로잡은 글")
    opinions.save(second, texts=words, by=officer, now=LATER, done=True, checked=True)
    assert code_of(lambda: opinions.release(fresh(second), by=officer, now=LATER)) >= {
        "same_person"
    }
    opinions.release(fresh(second), by=boss, now=LATER)
    assert firm_reads(first) == second
    assert fresh(first).text[0]["text"] != "바로잡은 글"
    assert code_of(lambda: opinions.correct(first, reason="또", by=officer, now=LATER)) == {
        "not_current"
    }
    assert Notice.objects.filter(key__startswith=f"opinion:{second.pk}:").exists()


def test_a_correction_may_be_given_up_and_begun_again(two, officer) -> None:
    first = made.published(two[0])
    given_up = opinions.correct(first, reason="오타", by=officer, now=LATER)
    opinions.discard(given_up, note="오타가 아니었음", by=officer, now=LATER)
    again = opinions.correct(first, reason="다른 오타", by=officer, now=LATER)
    assert (again.version, firm_reads(first)) == (3, first)
    assert code_of(lambda: opinions.discard(first, note="x", by=officer, now=LATER)) == {
        "no_correction"
    }


def test_a_case_assessed_anew_has_an_opinion_of_its_own(boss) -> None:
    rows = made.drafts(2)
    refused = made.published(rows[1])
    assert firm_reads(refused) == refused
    staff.won_objection(
        Application.objects.get(pk=refused.application_id), anew=((28, 36, 28),) * 3
    )
    assert firm_reads(refused) is None
    run = Application.objects.get(pk=refused.application_id).objection.run
    assert Job.objects.filter(kind=opinions.JOB, args={"run": run.pk}).exists()
    assert opinions.gather(run, now=LATER) == 1
    anew = Opinion.objects.get(run=run)
    assert anew.corrects is None
    made.ready(anew, now=LATER + timedelta(days=2))
    opinions.release(fresh(anew), by=boss, now=LATER + timedelta(days=2))
    assert firm_reads(refused) == anew


def test_a_bonus_granted_later_leaves_the_opinion_in_place() -> None:
    refused = made.published(made.drafts(2)[1])
    staff.won_objection(Application.objects.get(pk=refused.application_id))
    assert firm_reads(refused) == refused
