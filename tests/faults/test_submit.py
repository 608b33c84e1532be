"""Filing under fire on real PostgreSQL: crowds, races with editing, killed processes, no broker."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import psycopg2
import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.models import (
    Application,
    ApplicationMove,
    FormVersion,
    FrozenParties,
    IssuedDocument,
    PreparedFiling,
    Submission,
)
from applications.queries.intake import drafting as drafting_queries
from applications.services import documents
from applications.services.intake import drafting, filing, partners, preparing
from applications.states import MemberRole
from bench import servers
from portal.core.clock import now
from portal.core.errors import Closed, MoveNotAllowed, PortalError
from portal.core.moves import Move
from portal.jobs import queue, tasks
from portal.models import Job, Notice, User
from portal.records import bulk, snapshot
from programs.models import ProgramRound, SubProgram
from tests.factories import drafts, programs
from tests.factories.applications import NOW, member_of
from tests.faults.processes import database_url, script
from tests.faults.together import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CROWD = 40


@pytest.fixture
def robot() -> SubProgram:
    programs.load()
    return programs.program("robot")


def fresh(draft: Application) -> Application:
    return Application.objects.get(pk=draft.pk)


def written() -> dict[str, int]:
    """How much of a filing stands in the tables."""
    return {
        "filed": Submission.objects.count(),
        "moves": ApplicationMove.objects.filter(move="submit").count(),
        "papers": IssuedDocument.objects.count(),
        "jobs": Job.objects.filter(kind="applications.paper").count(),
        "letters": Notice.objects.filter(key__startswith="receipt:").count(),
    }


JOBS = (documents.JOB, partners.FILED_JOB)
ONCE = dict.fromkeys(("filed", "moves", "papers", "jobs", "letters"), 1)
NOTHING = dict.fromkeys(ONCE, 0)


def whole(filed: Submission) -> bool:
    """Tell whether the frozen content is that of the draft as it stands, under its hash."""
    read = drafting_queries.load(filed.application)
    return (
        snapshot.sha256(filed.content) == filed.sha256
        and filed.content["version"] == read.version
        and filed.content["answers"] == snapshot.to_plain(read.reviewed.values)
        and filed.content["cost"] == snapshot.to_plain(read.sections["cost"])
        and [row["sha256"] for row in filed.content["attachments"]]
        == [row.sha256 for row in read.attachments]
    )


# --- Crowds --------------------------------------------------------------------------------------


def test_forty_who_press_at_once_get_one_submission_and_the_same_receipt(
    robot: SubProgram,
) -> None:
    draft = drafts.complete(robot)
    people = [draft.created_by, member_of(draft.company, MemberRole.EDITOR)]
    seen = drafts.seen(draft)

    def press(place: int) -> Submission:
        return filing.submit(fresh(draft), by=people[place % 2], now=now_in_round(place), seen=seen)

    answers = at_once(CROWD, press)
    assert {getattr(a, "sha256", a) for a in answers} == {Submission.objects.get().sha256}
    assert {getattr(a, "submitted_at", a) for a in answers} == {
        Submission.objects.get().submitted_at
    }
    assert written() == ONCE
    assert whole(Submission.objects.get())


def now_in_round(place: int) -> datetime:
    """Arrivals a microsecond apart, so that it shows whose filing counts."""
    return NOW + timedelta(microseconds=place)


def test_many_firms_at_once_are_all_filed_each_once(robot: SubProgram) -> None:
    made = [drafts.complete(robot) for _ in range(6)]
    seen = [drafts.seen(draft) for draft in made]

    def press(place: int) -> Submission:
        draft, shown = made[place % len(made)], seen[place % len(made)]
        return filing.submit(fresh(draft), by=draft.created_by, now=NOW, seen=shown)

    answers = at_once(24, press)
    assert [a for a in answers if isinstance(a, Exception)] == []
    assert written() == dict.fromkeys(ONCE, len(made))
    assert len({a.number for a in answers}) == len(made)
    assert FormVersion.objects.count() == 1  # written at the same moment by several


@pytest.fixture
def own_database(robot: SubProgram) -> Iterator[None]:
    """A copy of the test's database that a test may take to pieces."""
    name = connection.settings_dict["NAME"]
    copy, server = f"{name}_pieces", servers._with_path(database_url(), "postgres")
    connection.close()

    def execute(statement: str) -> None:
        with servers.closing(psycopg2.connect(server)) as db:
            db.autocommit = True
            db.cursor().execute(statement)

    execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
    # A session of a thread that has not quite ended would stand in the way of the copy.
    execute(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
    connection.settings_dict["NAME"] = copy
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')


def take_constraints_away() -> None:
    """Drop every unique constraint and index of the tables that filing writes."""
    models = (Submission, FrozenParties, IssuedDocument, Job, Notice, Application)
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint"
            " WHERE contype IN ('u', 'p') AND conrelid::regclass::text = ANY(%s)",
            [tables],
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')


def careless_move(
    thing: Application,
    step: Move,
    *,
    changes: dict[str, object],
    with_rows: Sequence[Model],
    **words: object,
) -> None:
    """Move as one should not: no condition on what was read."""
    fields = {key: changes[key] for key in ("submitted_at", "number", "region", "size")}
    Application.objects.filter(pk=thing.pk).update(state="submitted", **fields)
    row = ApplicationMove(
        thing=thing,
        move=step.name,
        source="draft",
        target="submitted",
        by=words["by"],
        at=words["now"],
    )
    bulk.insert_together([row, *with_rows])


def test_negative_control_without_constraint_and_condition_it_is_filed_many_times(
    own_database: None, robot: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.complete(robot)
    seen = drafts.seen(draft)
    take_constraints_away()
    gate = threading.Barrier(20)

    def together(*given: object, **words: object) -> None:
        gate.wait(30)  # everybody has read the draft
        careless_move(*given, **words)

    monkeypatch.setattr(filing, "move", together)
    at_once(20, lambda place: filing.submit(fresh(draft), by=draft.created_by, now=NOW, seen=seen))
    assert Submission.objects.count() > 1
    assert ApplicationMove.objects.filter(move="submit").count() > 1


@pytest.mark.parametrize("guard", ["constraint", "condition"])
def test_either_guard_alone_still_files_once(
    own_database: None, robot: SubProgram, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    draft = drafts.complete(robot)
    seen = drafts.seen(draft)
    if guard == "constraint":
        monkeypatch.setattr(filing, "move", careless_move)
    else:
        take_constraints_away()
    at_once(20, lambda place: filing.submit(fresh(draft), by=draft.created_by, now=NOW, seen=seen))
    assert Submission.objects.count() == 1
    assert ApplicationMove.objects.filter(move="submit").count() == 1


# --- Races with editing --------------------------------------------------------------------------


def test_editing_while_filing_never_mixes_versions(robot: SubProgram) -> None:
    for _ in range(3):
        draft = drafts.complete(robot)
        by = draft.created_by
        start = {row.name: row.data for row in draft.sections.all()}

        def edit(place: int, draft=draft, by=by, start=start) -> str:
            name = ("plan", "cost", "declarations")[place % 3]
            for turn in range(12):
                section = draft.sections.get(name=name)
                data = dict(section.data)
                if name == "cost":
                    data = dict.fromkeys(start["cost"], 1000000 * (turn + 1))
                try:
                    drafting.save_section(
                        draft, name=name, data=data, version=section.version, by=by, now=NOW
                    )
                except MoveNotAllowed as refused:
                    return refused.code
                except PortalError:
                    continue  # the other editor was first
            return "done"

        def act(place: int, draft=draft, by=by, edit=edit) -> object:
            if place == 0:
                time.sleep(0.05)
                return press_until_filed(draft, by)
            return edit(place)

        answers = at_once(7, act)
        filed = Submission.objects.select_related("application").get(pk=draft.pk)
        assert getattr(answers[0], "pk", answers[0]) == filed.pk
        assert set(answers[1:]) <= {"done", "already_submitted"}
        assert whole(filed)


def press_until_filed(draft: Application, by: User) -> Submission | Exception:
    """Look and press again when told that somebody is editing, as a person would."""
    error: Exception = TimeoutError()
    for _ in range(50):
        try:
            return drafts.file(fresh(draft), by=by)
        except PortalError as refused:
            error = refused
    return error


def edited_meanwhile(draft: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another connection save the cost sheet after filing has read the draft."""
    file = filing._file
    done: list[object] = []

    def elsewhere() -> None:
        section = draft.sections.get(name="cost")
        data = dict.fromkeys(section.data, 9_000_000)
        words = {"version": section.version, "by": draft.created_by, "now": NOW}
        done.append(drafting.save_section(draft, name="cost", data=data, **words))
        connection.close()

    def late_file(*given: object, **words: object) -> Submission:
        if not done:
            other = threading.Thread(target=elsewhere)
            other.start()
            other.join()
        return file(*given, **words)

    monkeypatch.setattr(filing, "_file", late_file)


def test_a_draft_saved_after_it_was_read_is_not_filed_unseen(
    robot: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.complete(robot)
    edited_meanwhile(draft, monkeypatch)
    with pytest.raises(filing.ChangedSinceReview):
        drafts.file(draft)
    assert written() == NOTHING
    filed = drafts.file(draft)
    assert set(filed.content["cost"].values()) == {9_000_000}
    assert whole(Submission.objects.select_related("application").get(pk=filed.pk))


def test_negative_control_without_the_version_an_older_draft_is_frozen(
    robot: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.complete(robot)
    edited_meanwhile(draft, monkeypatch)
    move = filing.move
    monkeypatch.setattr(
        filing, "move", lambda thing, name, where, **words: move(thing, name, **words)
    )
    filed = drafts.file(draft)
    assert set(filed.content["cost"].values()) != {9_000_000}
    assert not whole(Submission.objects.select_related("application").get(pk=filed.pk))


def test_a_file_taken_out_while_filing_is_either_in_the_snapshot_or_in_the_way(
    robot: SubProgram,
) -> None:
    for _ in range(3):
        draft = drafts.complete(robot)
        by, file = draft.created_by, draft.attachments.first()
        seen = drafts.seen(draft)

        def act(place: int, draft=draft, by=by, file=file, seen=seen) -> object:
            if place == 0:
                return drafting.detach(file, by=by, now=NOW)
            return filing.submit(fresh(draft), by=by, now=NOW, seen=seen)

        taken_out, *answers = at_once(4, act)
        filed = Submission.objects.select_related("application").filter(pk=draft.pk).first()
        if filed is None:
            assert taken_out is None
            assert all(isinstance(answer, filing.ChangedSinceReview) for answer in answers)
        else:
            assert isinstance(taken_out, MoveNotAllowed)
            assert whole(filed)


# --- Only what was seen --------------------------------------------------------------------------


def saved_and_filed_at_once(draft: Application, seen: str) -> list[object]:
    """Let one person save another cost sheet while three press submit on what they saw."""
    section = draft.sections.get(name="cost")
    data = dict.fromkeys(section.data, 9_000_000)
    words = {"version": section.version, "by": draft.created_by, "now": NOW}

    def act(place: int) -> object:
        if place == 0:
            return drafting.save_section(draft, name="cost", data=data, **words)
        return filing.submit(fresh(draft), by=draft.created_by, now=NOW, seen=seen)

    return at_once(4, act)


def unseen(draft: Application, seen: str) -> bool:
    """Tell whether something else was filed than what was seen."""
    filed = Submission.objects.filter(pk=draft.pk).first()
    shown = PreparedFiling.objects.get(application=draft, sha256=seen)
    return filed is not None and filed.content["cost"] != shown.content["cost"]


def test_saving_while_filing_never_files_what_nobody_saw(robot: SubProgram) -> None:
    for _ in range(3):
        draft = drafts.complete(robot)
        seen = drafts.seen(draft)
        saved, *answers = saved_and_filed_at_once(draft, seen)
        assert not unseen(draft, seen)
        filed = Submission.objects.filter(pk=draft.pk).first()
        if filed is None:
            assert not isinstance(saved, Exception)
            assert all(isinstance(answer, filing.ChangedSinceReview) for answer in answers)
        else:
            assert isinstance(saved, MoveNotAllowed)
            assert {answer.sha256 for answer in answers} == {filed.sha256}


def blind(application: Application, *, seen: str, now: datetime) -> PreparedFiling:
    """Prepare without comparing, as one should not."""
    return preparing.prepare(application, now=now)


def test_negative_control_without_the_hash_something_unseen_is_filed(
    robot: SubProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.complete(robot)
    seen = drafts.seen(draft)
    section = draft.sections.get(name="cost")
    data = dict.fromkeys(section.data, 9_000_000)
    words = {"version": section.version, "by": draft.created_by, "now": NOW}
    drafting.save_section(draft, name="cost", data=data, **words)
    monkeypatch.setattr(filing, "_prepared_anew", blind)
    filing.submit(fresh(draft), by=draft.created_by, now=NOW, seen=seen)
    assert unseen(draft, seen)


def announce_anew(robot: SubProgram, turn: int) -> None:
    SubProgram.objects.filter(pk=robot.pk).update(
        consents=[{**row, "purpose": f"{turn}번째 목적"} for row in robot.consents]
    )


def test_staff_who_change_the_announcement_while_firms_file_change_nothing_unseen(
    robot: SubProgram,
) -> None:
    made = [drafts.complete(robot) for _ in range(6)]
    seen = [drafts.seen(draft) for draft in made]
    form = PreparedFiling.objects.get(application=made[0], sha256=seen[0]).form_id

    def act(place: int) -> object:
        if place == len(made):
            return announce_anew(robot, place)
        draft = made[place]
        return filing.submit(fresh(draft), by=draft.created_by, now=NOW, seen=seen[place])

    *answers, _ = at_once(len(made) + 1, act)
    for draft, answer in zip(made, answers, strict=True):
        filed = Submission.objects.filter(pk=draft.pk).first()
        if filed is None:
            assert isinstance(answer, filing.ChangedSinceReview)
        else:
            assert filed.form_id == form
    late = drafts.complete(robot)
    shown = drafts.seen(late)
    announce_anew(robot, 99)
    with pytest.raises(filing.ChangedSinceReview):
        filing.submit(late, by=late.created_by, now=NOW, seen=shown)


def test_two_people_who_submit_at_once_get_one_receipt(robot: SubProgram) -> None:
    for _ in range(3):
        draft = drafts.complete(robot)
        people = [draft.created_by, member_of(draft.company, MemberRole.EDITOR)]
        seen = drafts.seen(draft)
        answers = at_once(
            2,
            lambda place, draft=draft, people=people, seen=seen: filing.submit(
                fresh(draft), by=people[place], now=NOW, seen=seen
            ),
        )
        assert len({answer.submitted_by_id for answer in answers}) == 1
        assert len({answer.sha256 for answer in answers}) == 1


def test_a_request_takes_ten_round_trips_and_five_in_its_transaction(
    robot: SubProgram, client: Client
) -> None:
    made = [drafts.complete(robot) for _ in range(2)]
    at = now()
    ProgramRound.objects.update(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=1))
    for draft in made:  # the first one fills what the process keeps
        client.force_login(draft.created_by)
        page = client.get(f"/applications/{draft.pk}/review/").content.decode()
        seen = re.findall(r'name="seen" value="([0-9a-f]{64})"', page)
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(
                f"/applications/{draft.pk}/submit/", {"confirmed": "on", "seen": seen}
            )
        assert answer.status_code == 302
    sent = [row["sql"] for row in asked.captured_queries]
    assert len(sent) <= 10, "\n".join(sent)
    begin, commit = sent.index("BEGIN"), sent.index("COMMIT")
    assert commit - begin + 1 <= 5, "\n".join(sent[begin : commit + 1])
    assert written() == dict.fromkeys(ONCE, 2)


# --- The deadline --------------------------------------------------------------------------------


def test_a_wait_across_the_deadline_is_decided_by_the_arrival(robot: SubProgram) -> None:
    """Somebody holds the row past the closing; who arrived before it is in, who came after is not."""
    draft, late = drafts.complete(robot), drafts.complete(robot)
    closes = now() + timedelta(seconds=1)
    ProgramRound.objects.update(closes_at=closes)
    told: dict[str, object] = {}
    seen = drafts.seen(draft, now=now())

    def in_time() -> None:
        arrival = now()
        try:
            told["in time"] = filing.submit(
                fresh(draft), by=draft.created_by, now=arrival, seen=seen
            )
        except PortalError as error:
            told["in time"] = error
        told["decided"] = now()
        connection.close()

    waits = threading.Thread(target=in_time)
    with transaction.atomic():
        Application.objects.select_for_update().get(pk=draft.pk)
        waits.start()
        while now() <= closes + timedelta(seconds=0.3):
            time.sleep(0.05)
        assert waits.is_alive()  # it hangs on the row while the round closes
    waits.join(30)
    filed = told["in time"]
    assert isinstance(filed, Submission), filed
    assert filed.submitted_at < closes < told["decided"]
    with pytest.raises(Closed):
        drafts.file(fresh(late), now=now())
    assert fresh(late).state == "draft"


def test_around_the_closing_instant_each_is_decided_by_its_own_stamp(robot: SubProgram) -> None:
    made = [drafts.complete(robot) for _ in range(10)]
    closes = ProgramRound.objects.get().closes_at
    seen = [drafts.seen(draft, now=closes - timedelta(seconds=1)) for draft in made]
    stamps = [closes + timedelta(microseconds=n - 5) for n in range(10)]

    def press(place: int) -> Submission:
        draft = made[place]
        return filing.submit(fresh(draft), by=draft.created_by, now=stamps[place], seen=seen[place])

    answers = at_once(10, press)
    for stamp, answer in zip(stamps, answers, strict=True):
        assert isinstance(answer, Submission if stamp < closes else Closed), (stamp, answer)


# --- Killed processes ----------------------------------------------------------------------------

KILLED = """
import django
django.setup()
import json, os, signal, sys
from applications.models import Application
from applications.services import documents
from applications.services.intake import filing, preparing
from portal.records import bulk
from portal.core.clock import KST
from datetime import datetime

def killing(holder, name, after):
    whole = getattr(holder, name)
    def act(*words, **more):
        given = whole(*words, **more) if after else None
        os.kill(os.getpid(), signal.SIGKILL)
        return given
    setattr(holder, name, act)

STEPS = {
    "before the move": (filing, "move", False),
    "before the rows": (bulk, "insert_together", False),
    "after the rows": (bulk, "insert_together", True),
    "after the move": (filing, "move", True),
    "before the job": (documents, "order", False),
    "after the job": (documents, "order", True),
}
now = datetime(2021, 2, 10, 14, 3, 22, tzinfo=KST)
ends = {}
for step, place in STEPS.items():
    child = os.fork()
    if not child:
        draft = Application.objects.get(pk=sys.argv[1])
        seen = preparing.prepare(draft, now=now).sha256
        killing(*place)
        filing.submit(draft, by=draft.created_by, now=now, seen=seen)
        os._exit(0)
    ends[step] = os.waitpid(child, 0)[1]
print(json.dumps(ends))
"""


def test_a_process_killed_at_any_step_leaves_no_half_application(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    done = script(KILLED, draft.pk, CELERY_BROKER_URL="memory://localhost")
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout)
    assert len(ends) == 6
    assert set(ends.values()) == {9}  # each was killed, none got through
    assert written() == NOTHING
    assert fresh(draft).state == "draft"
    filed = drafts.file(draft)  # the row is not locked for ever
    assert written() == ONCE
    assert whole(Submission.objects.select_related("application").get(pk=filed.pk))


# --- No broker -----------------------------------------------------------------------------------

SUBMITS = """
import django
django.setup()
import json, sys, time
from datetime import datetime
from applications.models import Application
from applications.services.intake import filing, preparing
from portal.jobs import broker
from portal.core.clock import KST
now = datetime(2021, 2, 10, 14, 3, 22, tzinfo=KST)
took = []
broker._quiet_until = time.monotonic() + 60  # a web process has long loaded what filing needs
for pk in sys.argv[1:]:
    draft = Application.objects.get(pk=pk)
    seen = preparing.prepare(draft, now=now).sha256
    began = time.monotonic()
    filing.submit(draft, by=draft.created_by, now=now, seen=seen)
    took.append(time.monotonic() - began)
    broker._quiet_until = 0.0
print(json.dumps(took))
"""


@pytest.mark.pdf
@pytest.mark.parametrize(
    "broker",
    ["redis://127.0.0.1:1/0", "redis://192.0.2.1:6379/0"],
    ids=["refuses", "swallows"],  # a closed port; an address from which nothing ever comes back
)
def test_without_a_broker_filing_is_quick_and_the_sweep_does_the_work(
    robot: SubProgram, broker: str, settings, tmp_path
) -> None:
    settings.PRIVATE_ROOT = tmp_path
    made = [drafts.complete(robot) for _ in range(3)]
    done = script(SUBMITS, *[draft.pk for draft in made], CELERY_BROKER_URL=broker)
    assert done.returncode == 0, done.stderr
    took = json.loads(done.stdout)
    assert max(took[1:]) < 2, took
    assert written() == dict.fromkeys(ONCE, 3)
    waiting = Job.objects.filter(pk__in=queue.due(now()))
    assert Counter(waiting.values_list("kind", flat=True)) == dict.fromkeys(JOBS, 3)
    assert tasks.sweep_jobs() == len(JOBS) * 3
    assert set(Job.objects.values_list("state", "error")) == {("done", "")}
    assert IssuedDocument.objects.exclude(issued_at=None).count() == 3
