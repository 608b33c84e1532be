"""Run the whole portal with the demo's data on this machine."""

import ctypes
import fcntl
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management import CommandError, CommandParser, call_command

from demo import seeding, server
from demo.commands import DemoCommand
from demo.people import PASSWORD, PEOPLE, current_code
from portal.paper import pdf


class Command(DemoCommand):
    """`demo`: prepare the database, serve, and make the data beside the server once."""

    help = "시연 포털을 엽니다. 데이터는 유지되며 --reset으로 처음부터 시작합니다."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--reset", action="store_true")
        parser.add_argument("--prepare-only", action="store_true")
        parser.add_argument("--rest", action="store_true", help="(내부용) 남은 자료를 만듭니다.")

    def handle(self, **options: Any) -> None:
        if options["rest"]:
            end_with_parent()
            self.seed_rest()
            return
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        with (settings.DATA_DIR / "demo.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as busy:
                raise CommandError("이 폴더의 시연 포털이 이미 실행 중입니다.") from busy
            if not options["prepare_only"]:
                self.check_port(options["host"], options["port"])
            recorded = seeding.progress()
            if recorded and not recorded.finished:
                self.stdout.write("== 지난번에 시연 자료를 끝까지 만들지 못해 처음부터 만듭니다")
            if options["reset"] or (recorded and not recorded.finished):
                self.reset()
            self.prepare()
            if options["prepare_only"]:
                self.seed_rest()
            else:
                self.welcome(options["host"], options["port"])
                server.serve(options["host"], options["port"], making=self.start_seeding())
                self.stdout.write("\n포털을 닫았습니다. 데이터는 남아 있습니다.")

    def check_port(self, host: str, port: int) -> None:
        """Refuse before any work when the port is taken."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as taken:
                raise CommandError(
                    f"{port}번 포트를 쓸 수 없습니다. PORT=8001처럼 다른 번호로 실행하세요."
                ) from taken

    def reset(self) -> None:
        for path in Path(settings.DATA_DIR).glob("portal.sqlite3*"):
            path.unlink()
        shutil.rmtree(settings.PRIVATE_ROOT, ignore_errors=True)
        seeding.forget()
        self.stdout.write("== 시연 데이터를 지웠습니다")

    def prepare(self) -> None:
        """Bring the database up to date and make what pages and sign-in need."""
        self.stdout.write("== 데이터베이스를 준비합니다")
        call_command("migrate", interactive=False, verbosity=0)
        for step in seeding.FIRST:
            self.seed(step)

    def seed_rest(self) -> None:
        steps = seeding.steps()
        for done, step in enumerate(steps):
            seeding.record(seeding.Progress(done, len(steps), step.label))
            self.seed(step)
        seeding.record(seeding.Progress(len(steps), len(steps)))
        self.stdout.write("== 시연 자료를 모두 만들었습니다")

    def seed(self, step: seeding.Step) -> None:
        self.stdout.write(f"== {step.label}")
        call_command(step.command, stdout=self.stdout, verbosity=0)

    def start_seeding(self) -> "subprocess.Popen[bytes] | None":
        """Start the process that makes the rest of the data; None when it is all there."""
        recorded = seeding.progress()
        if recorded and recorded.finished:
            return None
        steps = seeding.steps()
        seeding.record(seeding.Progress(0, len(steps), steps[0].label if steps else ""))
        command = [sys.executable, sys.argv[0], "demo", "--rest"]
        # A session of its own: Ctrl-C reaches the server, which then ends this process.
        return subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own command line

    def welcome(self, host: str, port: int) -> None:
        self.stdout.write(self.style.SUCCESS(f"\n포털: http://{host}:{port}/"))
        self.stdout.write(f"담당자 화면: http://{host}:{port}/admin/")
        self.stdout.write(f"시연 메일함: http://{host}:{port}/demo/mailbox/\n")
        self.stdout.write(f"시연 계정 (비밀번호는 모두 {PASSWORD})")
        factors = {
            row.user.email: current_code(row)
            for row in Authenticator.objects.filter(type="totp").select_related("user")
        }
        for person in PEOPLE:
            code = f"인증번호 {factors[person.email]}" if person.email in factors else ""
            self.stdout.write(f"  {person.email:<26} {person.what}  {code}")
        self.stdout.write("인증번호는 30초마다 바뀝니다. 다시 보려면 다른 창에서 make demo-code")
        if not pdf.available():
            self.stdout.write(
                self.style.WARNING(f"PDF를 만들 수 없습니다. 설치 명령: {pdf.INSTALL}")
            )
        self.stdout.write("Ctrl-C를 누르면 닫힙니다.\n")


def end_with_parent() -> None:
    """Have Linux end this process when the server that started it is killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
