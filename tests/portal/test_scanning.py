"""Uploads and the scanner: a real clamd with a base of signatures that knows EICAR."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from applications.models import Application, Attachment
from applications.services.intake import drafting
from applications.services.screening import supplements
from applications.states import MemberRole
from bench.scanner import Scanner, scanner
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed, Unavailable
from portal.jobs import queue
from portal.models import Job, JobState, Notice, ScannedFile, User, Verdict
from portal.records import scanning as service
from portal.uploads import address, clamd, files, scanning
from programs.models import RequiredDocument
from tests.factories import drafts, programs, staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    AttachmentFactory,
    RoundFactory,
    SubProgramFactory,
    SupplementFactory,
    member_of,
)
from tests.portal import corpus

pytestmark = pytest.mark.xdist_group("stores")
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = "Test.Eicar.UNOFFICIAL"
XML = b'<?xml version="1.0" encoding="UTF-8"?>'
FORMATS = ["pdf", "hwpx", "docx", "zip"]
CLEAN = {
    "pdf": corpus.pdf(),
    "hwpx": corpus.hwpx(),
    "docx": corpus.docx(),
    "zip": corpus.zipped({"plan.pdf": corpus.pdf()}),
}
INFECTED = {
    "pdf": corpus.pdf(b"<< /Mark (%s) >>" % EICAR),
    "hwpx": corpus.hwpx(Contents__section0_dot_xml=XML + b"<sec>" + EICAR + b"</sec>"),
    "docx": corpus.docx(word__note_dot_xml=XML + b"<note>" + EICAR + b"</note>"),
    "zip": corpus.zipped({"plan.pdf": corpus.pdf(b"<< /Mark (%s) >>" % EICAR)}),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Scanner]:
    with scanner({"Test.Eicar": EICAR}) as made:
        yield made


@pytest.fixture
def clam(running: Scanner, settings, tmp_path: Path) -> Scanner:
    """Let the portal ask clamd; keep files in a folder of this test."""
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.SCANNER = address.read_scanner(running.url)
    if not running.running:
        running.start()
    return running


@pytest.fixture
def draft(db: None) -> Application:
    at = now()
    RoundFactory(opens_at=at - timedelta(days=9), closes_at=at + timedelta(days=9))
    scheme = SubProgramFactory()
    RequiredDocument.objects.create(
        sub_program=scheme, code="quote", label="견적서", formats=FORMATS, max_files=9, origin="x"
    )
    made: Application = ApplicationFactory(sub_program=scheme)
    return made


def attach(draft: Application, data: bytes, ending: str = "pdf") -> Attachment:
    upload = ContentFile(data, f"계획서.{ending}")
    return drafting.attach(
        draft, requirement="quote", upload=upload, by=draft.created_by, now=now()
    )


def scan(kept: Attachment) -> ScannedFile:
    """Run the job of a file as a worker does; return what is known of the file."""
    queue.run(Job.objects.get(key=scanning.job_key(kept.file)).pk)
    return ScannedFile.objects.get(name=kept.file)


def status(kept: Attachment, reader: User) -> int:
    client = Client()
    client.force_login(reader)
    answer = client.get(f"/attachments/{kept.pk}/")
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


def page(user: User, path: str) -> str:
    client = Client()
    client.force_login(user)
    return client.get(path).content.decode()


# --- The way of a file ---------------------------------------------------------------------------


@pytest.mark.parametrize("ending", FORMATS)
def test_a_clean_file_waits_and_passes(clam, draft: Application, ending: str) -> None:
    kept = attach(draft, CLEAN[ending], ending)
    waiting = ScannedFile.objects.get()
    assert (waiting.name, waiting.verdict, waiting.checked_at) == (kept.file, "waiting", None)
    assert (waiting.sha256, waiting.size) == (kept.sha256, kept.size)
    colleague = member_of(draft.company, MemberRole.EDITOR)
    assert (status(kept, draft.created_by), status(kept, colleague)) == (200, 409)
    passed = scan(kept)
    assert (passed.verdict, passed.signature) == ("passed", "")
    assert passed.database.startswith("ClamAV ")
    assert passed.checked_at is not None
    assert (status(kept, draft.created_by), status(kept, colleague)) == (200, 200)


@pytest.mark.parametrize("ending", FORMATS)
def test_an_infected_file_is_quarantined_and_opens_for_nobody(
    clam, draft: Application, ending: str
) -> None:
    kept = attach(draft, INFECTED[ending], ending)
    found = scan(kept)
    assert (found.verdict, found.signature) == ("quarantined", FOUND)
    for reader in (draft.created_by, member_of(draft.company, MemberRole.EDITOR)):
        assert status(kept, reader) == 409
    for opening in (files.open_kept, files.on_disk):
        with pytest.raises(MoveNotAllowed), opening(kept.file):
            pass


def test_the_signatures_decide(settings, tmp_path: Path, draft: Application) -> None:
    """A scanner that does not know EICAR passes it: nothing else finds it."""
    settings.PRIVATE_ROOT = tmp_path
    with scanner({}) as ignorant:
        settings.SCANNER = address.read_scanner(ignorant.url)
        assert scan(attach(draft, INFECTED["pdf"])).verdict == "passed"


def test_without_a_scanner_nothing_waits(settings, tmp_path: Path, draft: Application) -> None:
    settings.PRIVATE_ROOT = tmp_path
    assert settings.SCANNER is None
    kept = attach(draft, CLEAN["pdf"])
    assert not ScannedFile.objects.exists()
    assert not Job.objects.filter(kind=scanning.JOB).exists()
    assert status(kept, member_of(draft.company, MemberRole.EDITOR)) == 200


def test_the_verdict_is_awaited_in_the_transaction_of_the_row(clam, draft: Application) -> None:
    with transaction.atomic():
        attach(draft, CLEAN["pdf"])
        assert ScannedFile.objects.count() == Job.objects.filter(kind=scanning.JOB).count() == 1
        transaction.set_rollback(True)
    assert not ScannedFile.objects.exists()
    assert not Job.objects.filter(kind=scanning.JOB).exists()


def test_what_the_portal_made_waits_for_nothing(clam, db: None) -> None:
    files.store_bytes(b"%PDF-1.7 receipt")
    assert not ScannedFile.objects.exists()


def test_a_file_taken_out_while_it_waited_is_forgotten(clam, draft: Application) -> None:
    kept = attach(draft, CLEAN["pdf"])
    files.discard(kept.file)
    assert service.judge(kept.file) == ""
    assert not ScannedFile.objects.exists()


def test_its_uploader_opens_a_waiting_file_for_a_day_only(clam, draft: Application) -> None:
    kept = attach(draft, CLEAN["pdf"])
    assert status(kept, draft.created_by) == 200
    ScannedFile.objects.update(stored_at=now() - timedelta(hours=25))
    assert status(kept, draft.created_by) == 409


# --- People are told -----------------------------------------------------------------------------


def test_the_firm_is_told_by_mail_and_beside_the_file(clam, draft: Application) -> None:
    path = f"/applications/{draft.pk}/edit/documents/"
    kept = attach(draft, INFECTED["pdf"])
    shown = page(draft.created_by, path)
    assert "검사 중" in shown
    assert "마칠 때까지 올린 사람만 열 수 있습니다" in shown
    scan(kept)
    shown = page(draft.created_by, path)
    assert "격리" in shown
    assert "새 파일로 바꿔 주세요" in shown
    notice = Notice.objects.get(key__startswith="quarantine:")
    assert notice.to_email == draft.created_by.email
    assert "계획서.pdf" in notice.body
    assert FOUND in notice.body
    assert "새 파일로 바꿔 주세요" in page(draft.created_by, f"/attachments/{kept.pk}/")
    service.record(ScannedFile.objects.get(), clamd.Scan(FOUND, "x"), at=now())
    assert Notice.objects.filter(key__startswith="quarantine:").count() == 1


def test_another_file_takes_its_place(clam, draft: Application) -> None:
    infected = attach(draft, INFECTED["pdf"])
    scan(infected)
    drafting.detach(infected, by=draft.created_by, now=now())
    assert scan(attach(draft, CLEAN["pdf"])).verdict == "passed"
    shown = page(draft.created_by, f"/applications/{draft.pk}/edit/documents/")
    assert "격리" not in shown
    assert "검사 통과" in shown


def test_an_answer_to_a_supplement_takes_its_place(clam, draft: Application) -> None:
    infected = attach(draft, INFECTED["pdf"])
    scan(infected)
    asked = SupplementFactory(application=draft, requirements=["quote"])
    upload = ContentFile(CLEAN["pdf"], "견적서.pdf")
    sent = supplements.attach(
        asked, requirement="quote", upload=upload, by=draft.created_by, now=NOW
    )
    assert scan(sent).verdict == "passed"
    colleague = member_of(draft.company, MemberRole.EDITOR)
    assert (status(sent, colleague), status(infected, colleague)) == (200, 409)


def test_staff_see_the_verdict_beside_the_paper_and_in_a_list(clam, db: None) -> None:
    program = staff.program()
    filed = staff.filed(program)
    name = files.store(ContentFile(INFECTED["pdf"], "견적서.pdf"), by=filed.created_by)
    AttachmentFactory(application=filed, file=name, name="견적서.pdf")
    service.judge(name)
    officer = staff.officer(program)
    desk = staff.enter(Client(), officer)
    paper = filed.attachments.get()
    assert desk.get(f"/attachments/{paper.pk}/").status_code == 409
    shown_at = reverse("admin:applications_application_change", args=[filed.pk])
    shown = desk.get(shown_at, {"tab": "papers"}, follow=True).content.decode()
    assert "아무도 열 수 없습니다" in shown
    assert FOUND in shown
    listed = reverse("admin:portal_scannedfile_changelist")
    operator = staff.enter(Client(), staff.operator())
    for verdict in ("quarantined", "passed"):
        answer = operator.get(listed, {"verdict__exact": verdict})
        assert answer.status_code == 200
        assert ("견적서.pdf" in answer.content.decode()) is (verdict == "quarantined")


# --- The scanner is away -------------------------------------------------------------------------


def test_away_it_is_waited_for_and_filing_goes_on(clam, db: None) -> None:
    programs.load()
    ready = drafts.complete(programs.program("robot"))
    name = files.store(ContentFile(CLEAN["pdf"], "a.pdf"), by=ready.created_by)
    paper = ready.attachments.first()
    Attachment.objects.filter(pk=paper.pk).update(file=name)
    paper.file = name
    clam.kill()
    assert scan(paper).verdict == "waiting"
    job = Job.objects.get(key=scanning.job_key(name))
    assert (job.state, job.postponements) == (JobState.QUEUED, 1)
    assert service.sweep(now()) == 0
    assert status(paper, member_of(ready.company, MemberRole.EDITOR)) == 409
    assert drafts.file(ready).number
    assert ScannedFile.objects.get().verdict == "waiting"  # on record, filed or not
    clam.start()
    assert service.sweep(now()) == 1
    assert job.pk in queue.due(now())
    assert scan(paper).verdict == "passed"
    assert service.sweep(now()) == 0


def test_a_job_that_was_given_up_is_taken_up_again(clam, draft: Application) -> None:
    kept = attach(draft, CLEAN["pdf"])
    Job.objects.filter(kind=scanning.JOB).update(state=JobState.PARKED, finished_at=now())
    assert service.sweep(now()) == 1
    assert scan(kept).verdict == "passed"


def test_a_policy_may_let_filing_wait(clam, db: None, monkeypatch) -> None:
    programs.load()
    ready = drafts.complete(programs.program("robot"))
    name = files.store(ContentFile(CLEAN["pdf"], "a.pdf"), by=ready.created_by)
    Attachment.objects.filter(pk=ready.attachments.first().pk).update(file=name)
    asked = scanning.policy
    monkeypatch.setattr(
        scanning, "policy", lambda key: False if key == "files_while_waiting" else asked(key)
    )
    with pytest.raises(MoveNotAllowed, match="검사를 마친 뒤 제출해 주세요"):
        drafts.file(ready)
    service.judge(name)
    assert drafts.file(ready).number


@pytest.mark.parametrize("answer", [b"", b"stream: O", b"stream: whatever ERROR\0"])
def test_what_it_does_not_say_plainly_is_no_verdict(settings, answer: bytes) -> None:
    with answering(answer) as port:
        settings.SCANNER = ("127.0.0.1", port)
        with pytest.raises(Unavailable):
            clamd.scan(io.BytesIO(bytes(100_000)))


def test_a_socket_in_the_file_system_is_asked_too(running, settings, tmp_path: Path) -> None:
    path = str(tmp_path / "clamd.ctl")
    with scanner({"Test.Eicar": EICAR}, LocalSocket=path):
        settings.SCANNER = address.read_scanner(f"unix://{path}")
        assert clamd.answers()
        assert clamd.scan(io.BytesIO(EICAR)).signature == FOUND


def test_what_is_too_large_for_it_goes_on_waiting(settings, tmp_path, draft: Application) -> None:
    settings.PRIVATE_ROOT = tmp_path
    with scanner({}, StreamMaxLength="1M") as small:
        settings.SCANNER = address.read_scanner(small.url)
        name = files.store(ContentFile(bytes(2_000_000), "film.mp4"), by=draft.created_by)
        with pytest.raises(BadInput):
            service.judge(name)
    row = ScannedFile.objects.get()
    assert (row.verdict, bool(row.problem)) == ("waiting", True)
    assert service.sweep(now()) == 0  # it would be refused again


def test_readiness_names_a_scanner_that_is_away(clam, client: Client, draft) -> None:
    assert client.get("/readyz/").json()["scanner"] is True
    attach(draft, CLEAN["pdf"])
    ScannedFile.objects.update(stored_at=now() - timedelta(hours=1))
    clam.kill()
    answer = client.get("/readyz/")
    assert (answer.json()["scanner"], answer.json()["files_late"]) == (False, 1)
    assert answer.status_code == 200


# --- Files from before ---------------------------------------------------------------------------


def scan_all(*options: str) -> str:
    out = io.StringIO()
    try:
        call_command("scan_files", *options, stdout=out)
    except CommandError as failed:
        return f"{out.getvalue()}{failed} [{failed.returncode}]"
    return out.getvalue()


def test_files_from_before_are_scanned_by_a_command(clam, draft, settings) -> None:
    scanned_by, settings.SCANNER = settings.SCANNER, None
    old, infected = attach(draft, CLEAN["pdf"]), attach(draft, INFECTED["pdf"])
    settings.SCANNER = scanned_by
    colleague = member_of(draft.company, MemberRole.EDITOR)
    assert status(old, colleague) == 200  # as before, until it is known
    assert scan_all().endswith("파일 2개를 검사했습니다. 격리한 것이 1개 있습니다. [1]")
    assert (status(old, colleague), status(infected, colleague)) == (200, 409)
    assert "파일 0개를 검사했습니다." in scan_all()


def test_new_signatures_judge_again_what_has_passed(settings, tmp_path, draft) -> None:
    settings.PRIVATE_ROOT = tmp_path
    with scanner({}) as learning:
        settings.SCANNER = address.read_scanner(learning.url)
        kept = attach(draft, INFECTED["pdf"])
        assert scan(kept).verdict == "passed"
        learning.kill()
        learning.know({"Test.Eicar": EICAR})
        learning.start()
        assert "파일 0개를 검사했습니다." in scan_all()
        assert f"{kept.file}: {FOUND}" in scan_all("--again")
    assert ScannedFile.objects.get().verdict == Verdict.QUARANTINED


def test_the_command_says_when_there_is_no_scanner_or_it_is_away(clam, draft, settings) -> None:
    AttachmentFactory(file=files.store_bytes(b"1"))
    clam.kill()
    assert scan_all().endswith("[2]")
    settings.SCANNER = None
    assert "PORTAL_CLAMAV_URL" in scan_all()


# --- The address ---------------------------------------------------------------------------------


def test_an_shown_atis_read() -> None:
    assert address.read_scanner("tcp://scanner:3310") == ("scanner", 3310)
    assert address.read_scanner("unix:///run/clamav/clamd.ctl") == "/run/clamav/clamd.ctl"
    assert address.read_scanner("") is None


@pytest.mark.parametrize("url", ["scanner:3310", "tcp://scanner", "unix://host/x", "tcp://h:0x1"])
def test_a_wrong_shown_atis_refused(url: str) -> None:
    with pytest.raises(ValueError, match="tcp://"):
        address.read_scanner(url)


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Run a scanner that knows its version and answers a stream so; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    known = line.recv(9).startswith(b"zVERSION")
                    line.sendall(b"ClamAV 1\0" if known else answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
