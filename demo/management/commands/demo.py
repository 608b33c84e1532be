"""The whole portal on this machine, with a story in it."""

import fcntl
import shutil
import socket
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command

from demo.people import PASSWORD, PEOPLE, current_code
from portal.jobs import embedded
from portal.paper import pdf


class Command(BaseCommand):
    """Prepare the data, tell the story once, serve."""

    help = "시연 포털을 엽니다. 데이터는 유지되며 --reset으로 처음부터 시작합니다."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to serve, and whether to start over."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--reset", action="store_true")
        parser.add_argument("--prepare-only", action="store_true")

    def handle(self, **options: Any) -> None:
        """Run the steps; each says what it does."""
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        with (settings.DATA_DIR / "demo.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as busy:
                raise CommandError("이 폴더의 시연 포털이 이미 실행 중입니다.") from busy
            if not options["prepare_only"]:
                self.check_port(options["host"], options["port"])
            if options["reset"]:
                self.reset()
            self.prepare()
            if not options["prepare_only"]:
                self.welcome(options["host"], options["port"])
                embedded.serve(options["host"], options["port"])
                self.stdout.write("\n포털을 닫았습니다. 데이터는 남아 있습니다.")

    def check_port(self, host: str, port: int) -> None:
        """Refuse early, before any work, when the port is taken."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as taken:
                raise CommandError(
                    f"{port}번 포트를 쓸 수 없습니다. PORT=8001처럼 다른 번호로 실행하세요."
                ) from taken

    def reset(self) -> None:
        """Throw the demo's data away."""
        for path in Path(settings.DATA_DIR).glob("portal.sqlite3*"):
            path.unlink()
        shutil.rmtree(settings.PRIVATE_ROOT, ignore_errors=True)
        self.stdout.write("== 시연 데이터를 지웠습니다")

    def prepare(self) -> None:
        """Bring the database up to date and tell what is missing of the story."""
        self.stdout.write("== 데이터베이스를 준비합니다")
        call_command("migrate", interactive=False, verbosity=0)
        for seed in settings.DEMO_SEEDS:
            self.stdout.write(f"== {seed}")
            call_command(seed, stdout=self.stdout, verbosity=0)

    def welcome(self, host: str, port: int) -> None:
        """Print the address and the accounts."""
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
