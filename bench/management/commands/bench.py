"""Measure the portal against floors taken in the same run on the same machine."""

import json
import signal
import sys
import time
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from bench.environment import Stage, StageError, open_stage
from bench.parts import PARTS
from bench.report import Row, machine, table

FIXTURES = "fixtures"  # what is made in the template database before anything is measured


def part(name: str) -> ModuleType:
    """What measures this: it has `measure`, perhaps `inside`. Imported alone, since it weighs."""
    return import_module(f"bench.parts.{name}")


class Command(BaseCommand):
    """`bench [--only PART] [--quick]`, between servers as `make bench` starts it."""

    help = "같은 기계에서 잰 바닥값에 견주어 포털의 빠르기를 잽니다."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which parts, and how long."""
        parser.add_argument("--only", action="append", choices=sorted(PARTS), metavar="PART")
        parser.add_argument("--quick", action="store_true", help="작게, 1~2분 안에")
        parser.add_argument("--inside", choices=[FIXTURES, *PARTS], metavar="PART", help="(내부용)")
        parser.add_argument("--options", type=json.loads, default={}, help="(내부용)")

    def handle(self, **options: Any) -> None:
        """Measure, print the table, and fail when a goal was missed."""
        if name := options["inside"]:
            json.dump(part(name).inside(**options["options"]), sys.stdout)
            return
        if not settings.POSTGRES or settings.EMBEDDED:
            raise CommandError(
                "PostgreSQL과 Redis가 필요합니다. make bench로 실행하거나 DATABASE_URL과"
                " CELERY_BROKER_URL을 정하세요."
            )
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.began = time.monotonic()
        with open_stage(settings.DATABASE_URL) as stage:
            try:
                rows = self.measure(stage, options["only"] or list(PARTS), options["quick"])
            except StageError as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt as stop:
                raise CommandError("멈추고, 만든 것을 치웠습니다.") from stop
        missed = sum(row.passed is False for row in rows)
        self.stdout.write(f"\n{table(rows)}\n\n{machine()}")
        self.stdout.write(f"{len(rows)} rows, {missed} missed, {self.seconds():.0f} s")

    def measure(self, stage: Stage, wanted: list[str], quick: bool) -> list[Row]:
        """Prepare one database for all parts, then measure one after the other."""
        self.say("an empty portal to copy from")
        template = stage.create("template")
        stage.manage(template, "prepare", "--verbosity=0")
        stage.manage(template, "collectstatic", "--noinput", "--verbosity=0")
        stage.inside(template, FIXTURES)
        rows: list[Row] = []
        for name in wanted:
            self.say(f"{name}:")
            found = part(name).measure(stage, template, quick=quick, say=self.say)
            self.stdout.write(table(found))
            rows += found
        return rows

    def say(self, what: str) -> None:
        """Tell what is going on, with the seconds since the start."""
        self.stdout.write(f"[{self.seconds():5.0f} s] {what}")
        self.stdout.flush()

    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began
