"""Measure the portal beside floors taken in the same run on the same machine."""

import json
import signal
import sys
import time
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from bench.environment import Environment, EnvironmentFailed, open_environment
from bench.parts import PARTS
from bench.report import Row, machine, table

FIXTURES = "fixtures"  # prepares the template database before anything is measured


def load_part(name: str) -> ModuleType:
    """Import one part only, since some load heavy libraries. It has `measure` and perhaps `run`."""
    return import_module(f"bench.parts.{name}")


class Command(BaseCommand):
    """`bench [--only PART] [--quick]`, started by `make bench` with servers."""

    help = "같은 기계에서 잰 바닥값에 견주어 포털의 빠르기를 잽니다."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", action="append", choices=sorted(PARTS), metavar="PART")
        parser.add_argument("--quick", action="store_true", help="작게, 1~2분 안에")
        parser.add_argument("--run", choices=[FIXTURES, *PARTS], metavar="PART", help="(내부용)")
        parser.add_argument("--options", type=json.loads, default={}, help="(내부용)")

    def handle(self, **options: Any) -> None:
        if name := options["run"]:
            json.dump(load_part(name).run(**options["options"]), sys.stdout)
            return
        if not settings.POSTGRES or settings.EMBEDDED:
            raise CommandError(
                "PostgreSQL과 Redis가 필요합니다. make bench로 실행하거나 DATABASE_URL과"
                " CELERY_BROKER_URL을 정하세요."
            )
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.started = time.monotonic()
        with open_environment(settings.DATABASE_URL) as environment:
            try:
                rows = self.measure(environment, options["only"] or list(PARTS), options["quick"])
            except EnvironmentFailed as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt as stop:
                raise CommandError("멈추고, 만든 것을 치웠습니다.") from stop
        missed = sum(row.passed is False for row in rows)
        self.stdout.write(f"\n{table(rows)}\n\n{machine()}")
        self.stdout.write(f"{len(rows)} rows, {missed} missed, {self.seconds():.0f} s")

    def measure(self, environment: Environment, names: list[str], quick: bool) -> list[Row]:
        self.log("an empty portal to copy from")
        template = environment.create("template")
        environment.manage(template, "prepare", "--verbosity=0")
        environment.manage(template, "collectstatic", "--noinput", "--verbosity=0")
        environment.run_part(template, FIXTURES)
        rows: list[Row] = []
        for name in names:
            self.log(f"{name}:")
            measured = load_part(name).measure(environment, template, quick=quick, log=self.log)
            self.stdout.write(table(measured))
            rows += measured
        return rows

    def log(self, what: str) -> None:
        self.stdout.write(f"[{self.seconds():5.0f} s] {what}")
        self.stdout.flush()

    def seconds(self) -> float:
        return time.monotonic() - self.started
