"""Jobs: every kind does its work, does it once however often it runs, and survives a killed worker."""

import importlib
import inspect
import pkgutil
from datetime import timedelta

import pytest
from django.db import connection

from applications import services, tasks
from applications.models import (
    Application,
    ApplicationMove,
    AssessorProfile,
    ConflictOfInterest,
    Decision,
    IssuedDocument,
    Opinion,
    ScoreResult,
    ScoreRun,
    Selection,
    SelectionMove,
    SetResult,
    Supplement,
)
from applications.services import documents, registries, statistics
from applications.services.assessment import committee, conflicts, opinions, scoring
from applications.services.intake import partners
from applications.services.screening import supplements
from applications.services.selection import proposals
from applications.services.set_acts import running
from applications.states import SetActKind
from portal.core import clock
from portal.jobs import queue
from portal.models import Job, JobState, Notice, RegistryAnswer
from programs.models import LedgerEntry
from programs.queries.ledger import balance
from tests.factories import opinions as opinion_factory
from tests.factories import staff
from tests.factories.applications import (
    ApplicationFactory,
    MemberFactory,
    PartnerFactory,
    SupplementFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
EFFECTS = (
    ScoreResult,
    Decision,
    Notice,
    LedgerEntry,
    ApplicationMove,
    SelectionMove,
    Job,
    ConflictOfInterest,
    RegistryAnswer,
    SetResult,
    Opinion,
)


@pytest.fixture(autouse=True)
def agency(settings) -> None:
    settings.REGISTRIES = {"business_status": {"adapter": "demo.registries.Status"}}


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def boss():
    return staff.manager()


def judged(program) -> None:
    judges = staff.assessors(3)
    for marks in ((28, 36, 28), (24, 32, 24), (10, 20, 10)):
        staff.judged(program, marks, judges=judges)


def to_score(program, officer, boss) -> Job:
    judged(program)
    return scoring.start(program, by=officer, now=clock.now()).job


def to_select(program, officer, boss) -> Job:
    queue.run(to_score(program, officer, boss).pk)
    return proposals.start(ScoreRun.objects.get(), by=officer, now=clock.now()).job


def to_decide(program, officer, boss) -> Job:
    queue.run(to_select(program, officer, boss).pk)
    made = staff.confirmed(Selection.objects.select_related("sub_program").get())
    return proposals.schedule(made, "decide", by=boss, now=clock.now())


def to_undecide(program, officer, boss) -> Job:
    queue.run(to_decide(program, officer, boss).pk)
    made = Selection.objects.select_related("sub_program").get()
    return proposals.schedule(made, "undecide", by=boss, now=clock.now(), note="오류")


def to_release(program, officer, boss) -> Job:
    queue.run(to_select(program, officer, boss).pk)
    made = Selection.objects.select_related("sub_program").get()
    staff.decided(made, by=boss)
    return proposals.schedule_release(made, by=boss, now=clock.now())


def to_gather_opinions(program, officer, boss) -> Job:
    queue.run(to_select(program, officer, boss).pk)
    staff.confirmed(Selection.objects.select_related("sub_program", "run").get())
    return Job.objects.get(kind=opinions.JOB)


def to_tell_of_opinions(program, officer, boss) -> Job:
    selection = opinion_factory.drafts(3)[0].run.selections.get()
    opinion_factory.all_ready(selection)
    opinions.release_all(selection, by=boss, now=clock.now())
    return Job.objects.get(kind=opinions.TELL_JOB)


def to_find_ties(program, officer, boss) -> Job:
    judges = staff.assessors(4)
    row = staff.judged(program, judges=judges)
    return conflicts.declare_tie(
        judges[0], kind="family", firm_name=row.company.name, business_number="", note="",
        by=judges[0], now=clock.now(),
    ) and Job.objects.get(kind=conflicts.JOB)  # fmt: skip


def to_solve(program, officer, boss) -> Job:
    row = staff.judged(program, judges=[])
    tied, *_ = judges = staff.assessors(6)
    for judge in judges:
        AssessorProfile.objects.create(user=judge)
    MemberFactory(company=row.company, user=tied)
    return committee.propose(program, seed=1, by=officer, now=clock.now()).job


def to_act_on_many(program, officer, boss) -> Job:
    for _ in range(3):
        staff.filed(program)
    chosen = Application.objects.all()
    return running.start(
        SetActKind.TAKE_UP, chosen, selection={}, options={},
        confirmed=running.choose(SetActKind.TAKE_UP, chosen).confirmed,
        reason="함께", by=officer, now=clock.now(),
    ).job  # fmt: skip


def consenting():
    application = ApplicationFactory(filed=True, company__representative="김하나")
    company = application.company
    registries.consent(company, by=member_of(company), now=clock.now())
    return application


def to_ask_registries(program, officer, boss) -> Job:
    consenting()
    registries.sweep(now=clock.now())
    return Job.objects.get(kind=registries.ASK_JOB, args__registry="business_status")


def to_check_registries(program, officer, boss) -> Job:
    return registries.start_check(consenting().sub_program, by=boss, now=clock.now()).job


def to_tell_partners(program, officer, boss) -> Job:
    partner = PartnerFactory(application__filed=True, accepted=True)
    partner.application.sub_program.partner_roles = [{"role": partner.role, "label": "공급기업"}]
    (job,) = partners.job_of_filing(partner.application)
    job.save()
    return job


WAYS = [
    (running.JOB, to_act_on_many),
    (scoring.JOB, to_score),
    (proposals.JOB, to_select),
    (proposals.DECIDE_JOB, to_decide),
    (proposals.DECIDE_JOB, to_undecide),
    (proposals.RELEASE_JOB, to_release),
    (opinions.JOB, to_gather_opinions),
    (opinions.TELL_JOB, to_tell_of_opinions),
    (conflicts.JOB, to_find_ties),
    (committee.JOB, to_solve),
    (partners.FILED_JOB, to_tell_partners),
    (registries.ASK_JOB, to_ask_registries),
    (registries.CHECK_JOB, to_check_registries),
]


def test_every_kind_of_job_of_this_app_is_tried_here() -> None:
    kinds = {kind for kind in queue.kinds() if kind.startswith("applications.")}
    assert kinds == {*(kind for kind, _ in WAYS), documents.JOB, statistics.JOB}
    assert tasks.render_document is not None


def counted() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in EFFECTS}


def run_again(job: Job) -> JobState | None:
    """Deliver the message a second time after the work was done, as a broker may."""
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, finished_at=None)
    return queue.run(job.pk)


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_a_job_that_runs_twice_has_one_effect(program, officer, boss, kind, way) -> None:
    job = way(program, officer, boss)
    assert job.kind == kind
    before = counted()
    assert queue.run(job.pk) == JobState.DONE, Job.objects.get(pk=job.pk).error
    after = counted()
    assert after != before
    hashes = list(ScoreRun.objects.values_list("results_sha256", flat=True))
    assert run_again(job) == JobState.DONE
    assert counted() == after
    assert list(ScoreRun.objects.values_list("results_sha256", flat=True)) == hashes


@pytest.mark.pdf
def test_a_paper_printed_twice_is_printed_once(program, officer, boss) -> None:
    queue.run(to_release(program, officer, boss).pk)
    application = Decision.objects.get(rank=1).application
    document = IssuedDocument.objects.create(
        application=application, kind="result", requested_at=clock.now()
    )
    job = Job.objects.create(kind=documents.JOB, key="paper", args={"document": document.pk})
    assert queue.run(job.pk) == JobState.DONE, Job.objects.get(pk=job.pk).error
    document.refresh_from_db()
    assert run_again(job) == JobState.DONE
    assert IssuedDocument.objects.get(pk=document.pk).sha256 == document.sha256 != ""


def test_a_job_tells_how_far_it_is(program, officer, boss) -> None:
    job = to_score(program, officer, boss)
    queue.run(job.pk)
    job.refresh_from_db()
    assert (job.done, job.total) == (3, 3)
    assert job.result["scored"] == 3


def test_a_long_selection_is_decided_and_taken_back_by_jobs(program, officer, boss) -> None:
    queue.run(to_undecide(program, officer, boss).pk)
    made = Selection.objects.select_related("sub_program").get()
    assert (made.state, balance(program.pot).reserved) == ("proposed", 0)
    staff.confirmed(made)
    again = proposals.schedule(made, "decide", by=boss, now=clock.now())
    assert queue.run(again.pk) == JobState.DONE
    assert Selection.objects.get().state == "decided"
    assert balance(program.pot).reserved > 0


def test_a_release_asked_for_before_the_decision_was_taken_back_does_nothing(
    program, officer, boss
) -> None:
    job = to_release(program, officer, boss)
    made = Selection.objects.select_related("sub_program").get()
    proposals.undecide(made, note="오류", by=boss, now=clock.now())
    staff.decided(made, by=boss)
    assert queue.run(job.pk) == JobState.DONE
    assert Job.objects.get(pk=job.pk).result == {"skipped": True}
    assert Selection.objects.get().state == "decided"
    assert not Notice.objects.filter(key__startswith="result:").exists()


def test_a_manager_who_lost_the_role_meanwhile_releases_nothing(program, officer, boss) -> None:
    job = to_release(program, officer, boss)
    boss.groups.clear()
    for _ in range(queue.ATTEMPTS):
        Job.objects.filter(pk=job.pk).update(run_after=None)
        queue.run(job.pk)
    assert Job.objects.get(pk=job.pk).state == JobState.PARKED
    assert Selection.objects.get().state == "decided"
    assert balance(program.pot).reserved > 0


def test_a_worker_killed_in_the_middle_is_followed_by_another(
    program, officer, boss, monkeypatch
) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 1)
    job = to_score(program, officer, boss)
    work = queue._handlers[scoring.JOB]

    def killed(claimed: Job) -> dict[str, object]:
        class Die(SystemExit):
            pass

        def progress(done: int, total: int) -> None:
            raise Die

        monkeypatch.setattr(claimed, "progress", progress)
        return work(claimed)

    with monkeypatch.context() as patch:
        patch.setitem(queue._handlers, scoring.JOB, killed)
        with pytest.raises(SystemExit):
            queue.run(job.pk)
    assert ScoreResult.objects.count() == 1
    assert queue.run(job.pk) is None  # its lease still runs
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    assert job.pk in queue.due(clock.now())
    assert queue.run(job.pk) == JobState.DONE
    assert ScoreRun.objects.get().scored == ScoreResult.objects.count() == 3


def test_the_sweep_closes_what_is_overdue_once(program) -> None:
    overdue = SupplementFactory(due_at=clock.now() - timedelta(minutes=1))
    for _ in range(2):
        tasks.sweep_due_dates()
    assert Supplement.objects.get(pk=overdue.pk).state == "expired"
    assert ApplicationMove.objects.filter(move="overdue").count() == 1


def test_a_sweep_with_nothing_to_do_is_short(program, django_assert_max_num_queries) -> None:
    for _ in range(5):
        ApplicationFactory(sub_program=program)
    tasks.sweep_due_dates()  # the first of a day asks for the daily look at ties
    with django_assert_max_num_queries(12):
        tasks.sweep_due_dates()


@pytest.mark.postgres
def test_the_jobs_run_on_postgresql(program, officer, boss) -> None:
    assert connection.vendor == "postgresql"
    job = to_release(program, officer, boss)
    assert queue.run(job.pk) == JobState.DONE
    assert Notice.objects.filter(key__startswith="result:").count() == 3
    assert supplements.expire(clock.now()) == 0


def test_every_sweep_of_the_services_is_in_the_list() -> None:
    """A sweep takes the time alone: whatever does and writes is called by the minute's task."""
    found = set()
    for module in pkgutil.walk_packages(services.__path__, f"{services.__name__}."):
        for name, function in vars(importlib.import_module(module.name)).items():
            if not inspect.isfunction(function) or function.__module__ != module.name:
                continue
            parameters = list(inspect.signature(function).parameters.values())
            alone = [row.name for row in parameters] == ["now"]
            if alone and parameters[0].kind is not inspect.Parameter.KEYWORD_ONLY:
                found.add(f"{module.name}.{name}")
    listed = {f"{row.__module__}.{row.__qualname__}" for row in tasks.SWEEPS}
    assert listed == found


def test_the_task_runs_every_sweep_once_at_one_instant(monkeypatch) -> None:
    ran = []
    spies = [lambda at, name=row.__name__: ran.append((name, at)) for row in tasks.SWEEPS]
    monkeypatch.setattr(tasks, "SWEEPS", tuple(spies))
    tasks.sweep_due_dates()
    assert [name for name, _ in ran] == [
        "expire", "sweep", "sweep", "drop_orphans", "draft_pending", "remind",
        "sweep", "sweep", "forget", "sweep",
    ]  # fmt: skip
    assert len({at for _, at in ran}) == 1
